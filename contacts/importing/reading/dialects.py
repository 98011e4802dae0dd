"""How a table is written: what stands between its cells, and whether its first row names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from contacts.importing.records import Unreadable
from contacts.normalise import fold

MOST_COLUMNS: Final = 1_000
# The column of a file of failed rows that says why, and which is no part of the table when it comes back.
ERROR_COLUMN: Final = "Import error"

# Commas stand in texts more often than the others do, so they lose where all else is equal.
DELIMITERS: Final = ("\t", ";", "|", ",")
_ROWS_COMPARED: Final = 100
_SAID: Final = re.compile(r'"?sep=([,;\t|])"?[ \t]*\Z', re.IGNORECASE)

_EMAIL: Final = re.compile(r"<?[^@\s<>]+@[^@\s<>]+\.\w+>?")
_PHONE: Final = re.compile(r"[+(]*[0-9][0-9 ().\-/]{5,}")
_WORD: Final = re.compile(r"[^\W\d_]+")
# Words that headings of addresses are made of, folded, in the languages that other programs write them in.
_WORDS: Final = (
    "name names email mail e phone telephone tel mobile cell fax first last full given family surname company "
    "organization organisation address street city zip postcode country notes tags labels source status type column "
    "contact title import error vorname nachname telefon handy firma strasse ort plz land nombre apellido apellidos "
    "correo telefono movil empresa direccion prenom nom courriel portable societe adresse ville cognome azienda "
    "indirizzo cellulare nome sobrenome apelido telefone celular endereco naam voornaam achternaam telefoon bedrijf "
    "adres onoma ονομα επωνυμο τηλεφωνο κινητο εταιρεια imie nazwisko firma имя фамилия телефон почта компания ad "
    "soyad adi soyadi eposta posta telefonu sirket"
)
_HEADING_WORDS: Final = frozenset(_WORDS.split())


def said_delimiter(line: str) -> str | None:
    """The delimiter of a first line ``sep=;``, as Excel writes and reads it; None where the line is an ordinary one."""
    found = _SAID.match(line.rstrip("\r\n"))
    return found[1] if found else None


def delimiter_of(lines: Sequence[str]) -> str:
    """The delimiter by which the first rows have most often the same number of cells, more than one; a comma if none."""
    return max(DELIMITERS, key=lambda delimiter: _consistency(lines, delimiter)) if lines else ","


def _consistency(lines: Iterable[str], delimiter: str) -> tuple[float, int, int]:
    widths = _widths(lines, delimiter)
    width, count = Counter(widths).most_common(1)[0] if widths else (0, 0)
    if width < 2:
        return (0, 0, DELIMITERS.index(delimiter))
    return (count / len(widths), width, -DELIMITERS.index(delimiter))


def _widths(lines: Iterable[str], delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for row in islice(csv.reader(lines, delimiter=delimiter), _ROWS_COMPARED):
            if row:
                widths.append(len(row))
    except csv.Error:
        # A cell of no sensible size: what came before it is all there is to go by.
        pass
    return widths


def is_heading_row(cells: Sequence[str]) -> bool:
    """Whether a first row names columns: it does, unless it holds somebody's address or number and no known heading."""
    return any(map(_is_heading, cells)) or not any(map(_is_contact, cells))


def _is_heading(cell: str) -> bool:
    words = _WORD.findall(fold(cell))
    return bool(words) and _HEADING_WORDS.issuperset(words)


def _is_contact(cell: str) -> bool:
    text = cell.strip()
    return bool(_EMAIL.fullmatch(text) or _PHONE.fullmatch(text))


def headings(cells: Sequence[str]) -> list[str]:
    """A name for every column, no two alike: ``Column 3`` where there is none, ``Email (2)`` for the second ``Email``.

    Raises ``Unreadable`` for more columns than any address book has.
    """
    written = [" ".join(cell.split()) for cell in cells]
    if len(written) > MOST_COLUMNS:
        # A spreadsheet may have been written to its right end.
        written = written[: max((place for place, cell in enumerate(written, start=1) if cell), default=0)]
    if len(written) > MOST_COLUMNS:
        raise Unreadable(f"The table has {len(cells):,} columns; at most {MOST_COLUMNS:,} can be imported.")
    taken: set[str] = set()
    names: list[str] = []
    given = set(written)
    for place, cell in enumerate(written, start=1):
        name = cell or f"Column {place}"
        names.append(_free(name, taken, given))
        taken.add(names[-1])
    return names


def _free(name: str, taken: set[str], given: set[str]) -> str:
    if name not in taken:
        return name
    # Not the name that a later column has of itself.
    number = 2
    while (free := f"{name} ({number})") in taken or free in given:
        number += 1
    return free
