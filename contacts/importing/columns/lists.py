"""Cells that hold several texts: tags, places, kinds of property."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, Final

from contacts.field_types import BadFieldValue
from contacts.field_types.base import split
from contacts.importing.columns.column import NOTHING, BadCell, Column, Reading, fault
from contacts.importing.context import Context
from contacts.importing.records import RowFault
from contacts.models import Medium
from contacts.normalise import fold

# Google's between the values of a cell.
SEVERAL: Final = " ::: "
# In the order they are looked for: one that stands in a cell is what separates it, and commas are what is left.
_SEPARATORS: Final = (SEVERAL, ";", "|", "\n", ",")
# Google and Outlook put everybody into these.
_EVERYBODY: Final = frozenset({"mycontacts", "my contacts", "mycontact"})
_UNSUBSCRIBED: Final = "unsubscribed"
_MEDIA: Final = {fold(name): medium.value for medium in Medium for name in (medium.value, medium.label)}


def parts(text: str, separator: str = "") -> list[str]:
    """The texts of a cell, none twice, between ``separator`` or whatever seems to separate them; quoted ones keep theirs.

    Between semicolons a cell is read as exports write it (``contacts.field_types.base.joined``). Raises ``BadCell``.
    """
    if separator == ";":
        try:
            return list(dict.fromkeys(split(text)))
        except BadFieldValue as error:
            raise BadCell(f"The cell {error}.") from None
    if '"' in text:
        return _quoted(text, separator)
    found = text.split(separator or _separator_in(text))
    return list(dict.fromkeys([stripped for part in found if (stripped := part.strip())]))


def _separator_in(text: str) -> str:
    for separator in _SEPARATORS:
        if separator in text:
            return separator
    return ","


def _quoted(text: str, separator: str) -> list[str]:
    """Mailchimp's ``"VIP","Blog, weekly"``."""
    bare = "".join(text.split('"')[::2])
    separator = separator or _separator_in(bare)
    if len(separator) > 1:
        text, separator = text.replace(separator, "\n"), "\n"
    lines = [text] if separator != "\n" else text.splitlines()
    delimiter = separator if separator != "\n" else ","
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        raise BadCell("The quotation marks of the cell do not belong together.") from None
    return list(dict.fromkeys(stripped for row in rows for part in row if (stripped := part.strip())))


def tag_names(text: str, separator: str = "") -> list[str]:
    """The tags of a cell; of Google's groups (``* myContacts ::: Friends``) those that say something."""
    found = parts(text, separator)
    if separator == ";" or ("*" not in text and "ontacts" not in text):
        return found
    named = [name.removeprefix("* ").strip() for name in found]
    return [name for name in dict.fromkeys(named) if name and fold(name) not in _EVERYBODY]


class Tags:
    """All columns that become tags, mailing status among them."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(column.index, column.heading, column.parameter) for column in columns]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        tags: list[str] = []
        for index, heading, separator in self._columns:
            if text := cells[index].strip():
                try:
                    tags += tag_names(text, separator)
                except BadCell as error:
                    faults.append(fault(heading, text, error))
        if tags:
            values["tags"] = tuple(tags if len(self._columns) == 1 else dict.fromkeys(tags))


class MailingStatus:
    """Whether somebody takes a newsletter, as a tag: the import makes nobody agree to anything, and forgets no refusal.

    Who unsubscribed objects to e-mail besides.
    """

    _TAGS: Final = {
        "unsubscribed": _UNSUBSCRIBED,
        "unsubscribe": _UNSUBSCRIBED,
        "opted out": _UNSUBSCRIBED,
        "opt out": _UNSUBSCRIBED,
        "cleaned": "cleaned",
        "bounced": "cleaned",
        "non subscribed": "",
        "nonsubscribed": "",
        "non-subscribed": "",
        "subscribed": "",
        "opted in": "",
        "opt in": "",
        "no": "",
        "false": "",
        "0": "",
        "pending": "",
        "archived": "",
    }

    def __init__(self, column: Column) -> None:
        self._index, self._otherwise = column.index, column.parameter or _UNSUBSCRIBED

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        text = cells[self._index].strip()
        # A moment or a reason stands only where it happened.
        tag = self._TAGS.get(fold(text), self._otherwise) if text else ""
        if tag and tag not in (tags := values.get("tags", ())):
            values["tags"] = (*tags, tag)
        if tag == _UNSUBSCRIBED:
            _close(values, [Medium.EMAIL.value])


class Media:
    """The media by which somebody is not to be contacted; the rules of drafts refuse what is none."""

    def __init__(self, column: Column) -> None:
        self._column = column

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        text = cells[self._column.index].strip()
        try:
            named = parts(text) if text.lower() not in NOTHING else []
        except BadCell as error:
            faults.append(fault(self._column.heading, text, error))
            return
        if named:
            _close(values, [_MEDIA.get(fold(name), name) for name in named])


def _close(values: dict[str, Any], media: Sequence[str]) -> None:
    values["do_not_contact_by"] = tuple(dict.fromkeys((*values.get("do_not_contact_by", ()), *media)))


def read_media(columns: Sequence[Column], context: Context) -> Reading:
    """``do_not_contact_by``, between any separator."""
    return Reading(steps=[Media(column) for column in columns])


def read_tags(columns: Sequence[Column], context: Context) -> Reading:
    """``tags``, with the separator as parameter, and ``mailing_status``, with the tag for what is no known word."""
    tags = [column for column in columns if column.identifier == "tags"]
    statuses = [MailingStatus(column) for column in columns if column.identifier == "mailing_status"]
    return Reading(steps=[*([Tags(tags)] if tags else []), *statuses])
