"""Cells that hold postal addresses, in parts or whole, and several of them for a contact that has one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from contacts.importing.columns.column import Column, Reading, texts
from contacts.importing.context import Context
from contacts.importing.records import RowFault

PARTS: Final = ("street", "city", "state", "zip_code", "country")
# Whose address it is nobody knows: that of what somebody asked about.
ELSEWHERE: Final = frozenset({"Property"})
_BETWEEN_LINES: Final = re.compile(r"\n|\t|, |  ")
# Longer than any address, and not taken apart.
_LONGEST: Final = 500
_STATE_AND_ZIP: Final = re.compile(
    r"(?:(?P<city>[^\d,]+?)\s+)?(?P<state>[A-Z]{2})\s+(?P<zip>\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)\Z"
)
_ZIP_AND_CITY: Final = re.compile(r"(?P<zip>(?:[A-Z]{1,2}-)?\d{4,5}|\d{2}-\d{3}|\d{3} \d{2})\s+(?P<city>[^\d,]+)\Z")
_ZIP: Final = re.compile(r"(?:\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)\Z")
_STATE: Final = re.compile(r"[A-Z]{2}\Z")


def address_parts(text: str) -> dict[str, str]:
    """A whole address by its parts, as far as they are certain; whatever is not is the street, so that no word is lost."""
    if len(text) > _LONGEST:
        return {"street": text}
    lines = [stripped for line in _BETWEEN_LINES.split(text) if (stripped := line.strip(" ,\r"))]
    country = lines.pop() if len(lines) > 2 and not any(map(str.isdigit, lines[-1])) else ""
    if _STATE.match(country) and len(lines) == 2:
        lines, country = [*lines, country], ""
    found = _place(lines)
    if not found:
        lines = [*lines, country] if country else lines
        return {"street": ", ".join(lines)}
    found |= {"street": ", ".join(lines), "country": country}
    return {part: found[part] for part in PARTS if found.get(part)}


def _place(lines: list[str]) -> dict[str, str]:
    """City, state and postal code from the last lines, which are taken away; nothing where they are not certain."""
    if len(lines) > 3 and _ZIP.match(lines[-1]) and _STATE.match(lines[-2]):
        zip_code, state, city = lines.pop(), lines.pop(), lines.pop()
        return {"city": city, "state": state, "zip_code": zip_code}
    if len(lines) < 2:
        return {}
    match = _STATE_AND_ZIP.match(lines[-1])
    if match and (match["city"] or len(lines) > 2):
        lines.pop()
        return {"city": match["city"] or lines.pop(), "state": match["state"], "zip_code": match["zip"]}
    if match := _ZIP_AND_CITY.match(lines[-1]):
        lines.pop()
        return {"city": match["city"], "zip_code": match["zip"]}
    return {}


class _Place:
    """The columns of one address."""

    def __init__(self, label: str, columns: Sequence[Column]) -> None:
        self.label = label
        self._parts = [
            (part, positions)
            for part in PARTS
            if (positions := [column.index for column in columns if column.identifier == part])
        ]
        self._whole = [column.index for column in columns if column.identifier == "address"]

    def read(self, cells: Sequence[str]) -> dict[str, str]:
        """The parts that are said. What is written whole counts only where none of them is."""
        found = {part: text for part, positions in self._parts if (text := _joined(positions, cells, ", "))}
        if found or not self._whole:
            return found
        whole = _joined(self._whole, cells, "\n")
        return address_parts(whole) if whole else {}


def _joined(positions: Sequence[int], cells: Sequence[str], separator: str) -> str:
    return separator.join(dict.fromkeys(text for position in positions if (text := cells[position].strip())))


class Places:
    """The first address of a row that says anything is the contact's; the others are lines of the notes."""

    def __init__(self, columns: Sequence[Column]) -> None:
        groups: dict[str, list[Column]] = {}
        for column in sorted(columns, key=lambda column: column.parameter != ""):
            groups.setdefault(column.parameter, []).append(column)
        self._places = [_Place(label, group) for label, group in groups.items()]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        is_open = True
        for place in self._places:
            found = place.read(cells)
            if found and is_open and place.label not in ELSEWHERE:
                values.update(found)
                is_open = False
            elif found and not found.items() <= values.items():
                line = f"{place.label} address: {', '.join(found.values())}".strip()
                values["notes"] = f"{values['notes']}\n{line}" if "notes" in values else line


def read_places(columns: Sequence[Column], context: Context) -> Reading:
    """``street``, ``city``, ``state``, ``zip_code``, ``country`` and the whole ``address``, with its label as parameter."""
    names = [column.identifier for column in columns]
    if len({column.parameter for column in columns}) == 1 and len(set(names)) == len(names) and "address" not in names:
        return texts(columns, context)
    return Reading(steps=[Places(columns)])
