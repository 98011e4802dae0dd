"""Invented people and companies: ordinary first names before surnames that belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from contacts.normalise import fold


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
Abena Adelheid Agnieszka Aisha Alasdair Alejandra Amélie Anders Anjali Anselm Asha Aurélie Beatriz Benedikt Bettina
Björn Branwen Caio Camila Catarina Cédric Chiara Clémence Dagny Dalia Delphine Dimitra Dorothea Eamon Edda Eilidh Elif
Eloise Emeka Enzo Esi Esperanza Fatou Felicity Fergus Fiammetta Florian Freya Gareth Genoveva Giulia Gwendolyn Hanako
Hassan Hedda Helga Ignacio Ines Ingrid Ioana Isolde Ivo Jasmin Joaquín Jory Jürgen Kaito Kalinda Katarzyna Kenji
Kerensa Khadija Kofi Lars Leilani Leonor Liesel Lorcan Lucía Ludmila Maarten Magnus Mairead Marisol Mateo Mehmet
Mireille Mirjam Nadia Naoko Niamh Nils Noor Odalys Olufemi Oona Orla Osvaldo Padma Paloma Perpetua Piotr Quentin
Rafaela Ragnhild Renée Rosalind Rui Sabine Saoirse Selma Siobhán Sören Stellan Sunita Tadeusz Tamsin Thandi Thérèse
Tobias Umut Ursula Valentina Vikram Wiebke Wilhelmina Xiomara Yasmin Yusuf Zofia Zuberi
"""
)
LAST_NAMES = _words(
    """
Abernook Adeyonka Alderbrandt Almqvarn Ashgrove-Pell Baskerton Belacourt Bjornvik Brackenmoor Bramblethwaite
Brightwater Calderwyn Candlewick Carrasqueda Castellorno Chakraveda Chandlermere Cobblestone Copperfeld Crossweather
Dąbrowek Dandelyon Delacroyne Drostenberg Dunhaverly Eisenbrück Elderflower Emberley Espinarosa Fairweather-Tench
Farrowgate Fennimarsh Ferreirinha Fioravanta Foxcombe Gallowmere Garanovic Glasswright Goldhawke Greyfeather Grünhalde
Gwynmarrow Haddonfield Hargrave-Pinn Hartswell Havstrøm Hollingbrook Honeychurch-Vale Iversgaard Jankowiec Juniperell
Kamalendra Kestrelton Kingscliffe-Noor Kobaynagi Kowalewitz Lambertine Lanternby Larkspurre Lindqvarn Löwenhain
Mandragora-Reyes Marrowby Mbekandi Meadowcroft-Ito Merriweather-Sand Mistlethrop Monteclaro Moorcastle Murasakino
Nakatori Nettlefold-Ray Nightjar Njorvald O'Brannigar Oakhampstead Okafuchi Oldershawe Orchardson-Bey Oyelandu
Papadimos-Field Partridgeon Pemberlake Penhallowick Pettigrain Quillfeather Quinterossa Rahmadiva Ravenscar Rosenquarz
Rowanhurst Saltonbury Sanghavira Santacruzeña Satterthorn Schattenfels Šimkovar Silverlode Skovgaarden Snowdrop-Hale
Sørenhavn Stillwater-Kim Strandberga Summerisle Tanakawara Tellurian Thistlewood Thornquist Tidewell Tremblanque
Underhaye Valdemoro Vanderlinde-Moss Velarossa Waterhouse-Nkem Wexcombe Whistlecroft Wickermane Windermoor Yamadori
Yarrowby Zelenkova Zuñigaro
"""
)
_COMPANY_WORDS = _words(
    """
Anchor Bluestone Brightwork Causeway Cinder Compass Copperline Driftwood Fathom Foghorn Gable Greenlight Keystone
Lantern Lighthouse Millstone Mooring Northgate Plumbline Quayside Ridgeline Sextant Slipway Threshold Tidemark
"""
)
TRADES = (
    "Home Inspections",
    "Title & Escrow",
    "Mortgage Partners",
    "Plumbing",
    "Electric",
    "Roofing",
    "Landscaping",
    "Movers",
    "Staging",
    "Property Photography",
    "Locksmiths",
    "Insurance Brokers",
)
HOLDINGS = ("Property Group", "Holdings", "Capital", "Estates", "Residential", "Land Company")
_DOMAINS = ("example.com", "example.com", "example.net", "example.org")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who a contact is; ``company`` names a company, alone or beside a person."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""

    @property
    def greeting(self) -> str:
        return self.first_name or "team"


class Registry:
    """Makes people up, never two with one e-mail address."""

    def __init__(self) -> None:
        self._addresses: dict[str, int] = {}

    def person(self, rng: Random) -> Person:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        bare_first, bare_last = _bare(first), _bare(last)
        local = rng.choice((f"{bare_first}.{bare_last}", f"{bare_first[0]}{bare_last}", f"{bare_first}_{bare_last}"))
        return Person(first_name=first, last_name=last, email=self._free(local, rng.choice(_DOMAINS)))

    def company(self, rng: Random, kinds: tuple[str, ...]) -> Person:
        word, kind = rng.choice(_COMPANY_WORDS), rng.choice(kinds)
        domain = f"{_bare(word)}-{_bare(kind.split()[0])}.example.com"
        return Person(company=f"{word} {kind}", email=self._free(rng.choice(("office", "hello", "info")), domain))

    def _free(self, local: str, domain: str) -> str:
        taken = self._addresses.get(f"{local}@{domain}", 0) + 1
        self._addresses[f"{local}@{domain}"] = taken
        return f"{local}@{domain}" if taken == 1 else f"{local}{taken}@{domain}"


def _bare(text: str) -> str:
    return "".join(character for character in fold(text) if character.isascii() and character.isalnum())
