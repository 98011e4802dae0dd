"""Cells that hold one value of a closed kind: choices, yes or no, members, ids, languages, days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models import TextChoices

from contacts.importing.columns.column import NOTHING, BadCell, Column, Reading, Single, fault
from contacts.importing.columns.moments import read_moment
from contacts.importing.context import Context
from contacts.importing.records import RowFault
from contacts.models import ContactRole, ContactStage, ContactStatus, ContactType
from contacts.normalise import fold

_CHOICES: Final[dict[str, type[TextChoices]]] = {
    "type": ContactType,
    "status": ContactStatus,
    "stage": ContactStage,
    "role": ContactRole,
}
# What other systems call the team's types (HubSpot's lifecycle stages and Follow Up Boss's stages among them).
_OTHER_WORDS: Final[dict[str, dict[str, str]]] = {
    "type": {
        **dict.fromkeys(
            ("prospect", "hot prospect", "new lead", "subscriber", "marketing qualified lead", "sales qualified lead"),
            "LEAD",
        ),
        **dict.fromkeys(("opportunity", "interessent", "prospecto", "prospetto"), "LEAD"),
        **dict.fromkeys(
            ("customer", "active client", "active customer", "kunde", "cliente", "klant", "klient"), "CLIENT"
        ),
        **dict.fromkeys(("former client", "past customer", "former customer", "closed client"), "PAST_CLIENT"),
        **dict.fromkeys(("referrer", "referral partner"), "REFERRAL"),
        **dict.fromkeys(("supplier", "lieferant", "proveedor", "fornitore"), "VENDOR"),
    },
    "status": {"do not call": "DO_NOT_CONTACT", "dnc": "DO_NOT_CONTACT", "aktiv": "ACTIVE", "inaktiv": "INACTIVE"},
    "stage": {"tenant": "renter", "archive": "archived"},
    "role": {"renter": "tenant", "owner": "landlord", "mieter": "tenant", "vermieter": "landlord"},
}
_YES: Final = "true|1|yes|y|t|on|x|✓|ja|si|sim|oui|ναι|tak|да|evet|wahr|vrai|verdadero|vero"
_NO: Final = "false|0|no|n|f|off|nein|nao|non|nee|οχι|nie|нет|hayir|falsch|faux|falso"
_SAYS_YES: Final = dict.fromkeys(map(fold, _YES.split("|")), True) | dict.fromkeys(map(fold, _NO.split("|")), False)
_LANGUAGES: Final = {
    name: code
    for code, names in {
        "en": "english englisch ingles inglese anglais engels",
        "de": "german deutsch aleman tedesco allemand duits",
        "es": "spanish spanisch espanol spagnolo espagnol spaans",
        "fr": "french franzosisch frances francese francais frans",
        "it": "italian italienisch italiano italien italiaans",
        "pt": "portuguese portugiesisch portugues portoghese portugais",
        "nl": "dutch niederlandisch nederlands olandese neerlandais",
        "el": "greek griechisch ελληνικα greco grec",
        "pl": "polish polnisch polski polacco polonais",
        "ru": "russian russisch русскии russo russe",
        "tr": "turkish turkisch turkce turco turc",
        "zh": "chinese chinesisch chino cinese chinois",
    }.items()
    for name in names.split()
}
_ADDRESS: Final = re.compile(r"[<(\s]([^<>()\s@]+@[^<>()\s@]+)[>)]\s*\Z")
_LARGEST_NUMBER_WRITTEN: Final = 19


def words_of(identifier: str) -> dict[str, str]:
    """The values of a closed list by every word for them, folded."""
    known = dict(_OTHER_WORDS[identifier])
    for choice in _CHOICES[identifier]:
        known |= {fold(choice.value): choice.value, fold(str(choice.label)): choice.value}
        known[fold(choice.value.replace("_", " "))] = choice.value
    return {word.replace("-", " "): value for word, value in known.items()}


def read_choices(columns: Sequence[Column], context: Context) -> Reading:
    """``type``, ``status``, ``stage`` and ``role``: by value or label, in capitals or not."""
    return Reading(
        steps=[
            Single(
                column, column.identifier, partial(_choice, words_of(column.identifier), _CHOICES[column.identifier])
            )
            for column in columns
        ]
    )


def _choice(words: dict[str, str], choices: type[TextChoices], text: str) -> str:
    folded = fold(text)
    value = words.get(folded) or words.get(folded.replace("_", " ").replace("-", " "))
    if value is None:
        raise BadCell(f"Must be one of: {', '.join(choices.values)}.")
    return value


def yes_or_no(text: str) -> bool | None:
    """What a word for yes or no says, in several languages; None where it says nothing. Raises ``BadCell``."""
    folded = fold(text)
    if folded in _SAYS_YES:
        return _SAYS_YES[folded]
    if folded in NOTHING:
        return None
    raise BadCell("Must be yes or no.")


def read_is_company(columns: Sequence[Column], context: Context) -> Reading:
    """``is_company``; other programs say ``person`` or ``company`` in such a column."""
    return Reading(steps=[Single(column, "is_company", _is_company) for column in columns])


def _is_company(text: str) -> bool | None:
    folded = fold(text)
    if folded in {"company", "organization", "organisation", "person", "contact", "individual"}:
        return folded not in {"person", "contact", "individual"}
    return yes_or_no(text)


def read_languages(columns: Sequence[Column], context: Context) -> Reading:
    """``language``: a code as it is, the code of a language that is named."""
    return Reading(
        steps=[Single(column, "language", lambda text: _LANGUAGES.get(fold(text), text)) for column in columns]
    )


def read_moments(columns: Sequence[Column], context: Context) -> Reading:
    """``created_at`` and ``last_contacted_at``, with the order of days and months as parameter."""
    return Reading(
        steps=[
            Single(column, column.identifier, partial(read_moment, zone=context.time_zone, order=column.parameter))
            for column in columns
        ]
    )


def member_named(text: str, context: Context) -> int | None:
    """The primary key of the member with an e-mail address or full name, or both (``Ann Lee <ann@north.example>``)."""
    folded = text.strip().casefold()
    found = context.members.get(folded)
    if found is None and (address := _ADDRESS.search(folded)):
        found = context.members.get(address[1])
    return found


def read_members(columns: Sequence[Column], context: Context) -> Reading:
    """``assigned_to``."""

    def read(text: str) -> int | None:
        if text.lower() in NOTHING:
            return None
        member = member_named(text, context)
        if member is None:
            raise BadCell("No active member of the team has this e-mail address or name.", "not_found")
        return member

    return Reading(steps=[Single(column, "assigned_to", read) for column in columns])


class Identifiers:
    """Ids a contact had elsewhere. Winnerr's is the UUID where it is made of one, as on our own wire."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._read = {"uuid": self._uuid, "number": self._number, "winnerr_key": self._winnerr_key}[column.identifier]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        text = cells[self._column.index].strip()
        if text:
            try:
                field, value = self._read(text)
                values[field] = value
            except BadCell as error:
                faults.append(fault(self._column.heading, text, error))

    def _uuid(self, text: str) -> tuple[str, Any]:
        try:
            return "uuid", UUID(text)
        except ValueError:
            raise BadCell("Not a UUID, like 018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f.") from None

    def _number(self, text: str) -> tuple[str, Any]:
        if not (text.isascii() and text.isdecimal() and len(text) <= _LARGEST_NUMBER_WRITTEN):
            raise BadCell("Must be a whole number.")
        return "number", int(text)

    def _winnerr_key(self, text: str) -> tuple[str, Any]:
        _, _, tail = text.partition("contact_")
        try:
            uuid = UUID(tail)
        except ValueError:
            return "winnerr_key", text
        return ("uuid", uuid) if text == f"contact_{uuid}" else ("winnerr_key", text)


def read_identifiers(columns: Sequence[Column], context: Context) -> Reading:
    """``uuid``, ``number`` and ``winnerr_key``."""
    return Reading(steps=[Identifiers(column) for column in columns])
