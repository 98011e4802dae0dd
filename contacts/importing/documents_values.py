"""Values of JSON documents, taken for what they must be: a wrong type is a fault in words, never an exception."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from contacts.drafts import UNSET, Unset
from contacts.field_types.base import as_integer
from contacts.importing.records import LONGEST_VALUE_SHOWN, RowFault

# Greater than any amount or id there is, and still a number to every function of numbers.
LARGEST_NUMBER: Final = 10**18
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?\Z", re.ASCII
)

_UUID: Final = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


def shown(value: Any) -> str:
    """As much of a value as it takes to recognise it, as text that every database and terminal takes."""
    text = value[: LONGEST_VALUE_SHOWN + 1] if isinstance(value, str) else _as_json(value)
    if len(text) > LONGEST_VALUE_SHOWN:
        text = text[: LONGEST_VALUE_SHOWN - 1] + "…"
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _as_json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:
        # Deeper, or of greater numbers, than anybody recognises anything by.
        return type(value).__name__


class Part:
    """An object of a document, and where it stands in it. What is wrong with it goes to ``faults``.

    Every reader gives ``UNSET`` for a key that is not there, and for one at fault. What is there and empty (``null``,
    ``""``, ``[]``) says nothing either, unless ``says_empty``: then it says that there is nothing.
    """

    __slots__ = ("faults", "path", "says_empty", "values")

    def __init__(
        self, values: Mapping[str, Any], faults: list[RowFault], *, path: str = "", says_empty: bool = False
    ) -> None:
        self.values = values
        self.faults = faults
        self.path = path
        self.says_empty = says_empty

    def fault(self, key: str, code: str, message: str) -> Unset:
        """Remember that the value of a key is wrong."""
        self.faults.append(RowFault(self.path + key, shown(self.values.get(key, "")), code, message))
        return UNSET

    def text(self, key: str) -> str | Unset:
        """Text; without blanks around it where empty text says nothing."""
        value = self.values.get(key)
        if isinstance(value, str):
            return value if self.says_empty else value.strip() or UNSET
        if value is None:
            return "" if self.is_emptied(key) else UNSET
        return self.fault(key, "invalid_type", "must be text")

    def is_emptied(self, key: str) -> bool:
        """Whether the key is there to say that there is nothing."""
        return self.says_empty and key in self.values and self.values[key] in (None, "", [], {})

    def choice(self, key: str) -> str | Unset:
        """A word of a closed list, which is never empty: the rules of drafts know the lists."""
        return self.text(key) or UNSET

    def flag(self, key: str) -> bool | Unset:
        """True or false."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return UNSET if value is None else value
        return self.fault(key, "invalid_type", "must be true or false")

    def whole(self, key: str) -> int | Unset:
        """A whole number, or its digits."""
        value = as_integer(self.values.get(key))
        if value is None or value == "":
            return UNSET
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
            return self.fault(key, "invalid_type", "must be a whole number")
        return value

    def amount(self, key: str) -> int | float | Unset | None:
        """A number; None where it is said that there is none."""
        value = self.values.get(key)
        if value is None:
            return None if self.is_emptied(key) else UNSET
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return self.fault(key, "invalid_type", "must be a number")
        if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            return self.fault(key, "out_of_range", "must be a smaller number")
        return _plain_number(value)

    def moment(self, key: str, zone: tzinfo = UTC) -> datetime | Unset:
        """A moment in ISO 8601, in ``zone`` where it names none; comes back in UTC."""
        value = self.values.get(key)
        if value is None or value == "":
            return UNSET
        moment = moment_of(value, zone) if isinstance(value, str) else None
        return moment or self.fault(key, "invalid_value", "must be a date and time like 2026-02-10T14:30:00Z")

    def uuid(self, key: str) -> UUID | Unset:
        """A UUID."""
        text = self.text(key)
        if not text:
            return UNSET
        return uuid_of(text) or self.fault(key, "invalid_value", "must be a UUID")

    def texts(self, key: str) -> tuple[str, ...] | Unset:
        """An array of texts."""
        values = self._array(key)
        if values is UNSET:
            return UNSET
        wrong = [index for index, value in enumerate(values) if not isinstance(value, str)]
        for index in wrong:
            self._fault_inside(key, index, values[index], "must be text")
        return UNSET if wrong else tuple(values)

    def parts(self, key: str) -> Iterator[Part] | Unset:
        """An array of objects, each as a part. One that is no object is at fault and left out."""
        values = self._array(key)
        return UNSET if values is UNSET else self._parts(key, values)

    def _parts(self, key: str, values: list[Any]) -> Iterator[Part]:
        for index, value in enumerate(values):
            if isinstance(value, Mapping):
                yield Part(value, self.faults, path=f"{self.path}{key}.{index}.", says_empty=self.says_empty)
            else:
                self._fault_inside(key, index, value, "must be an object")

    def part(self, key: str) -> Part | Unset:
        """An object as a part."""
        value = self.values.get(key)
        if value is None or value == "":
            return UNSET
        if not isinstance(value, Mapping):
            return self.fault(key, "invalid_type", "must be an object")
        return Part(value, self.faults, path=f"{self.path}{key}.", says_empty=self.says_empty)

    def array(self, key: str) -> list[Any]:
        """What stands in an array, nothing where there is none."""
        return self._array(key) or []

    def _array(self, key: str) -> list[Any] | Unset:
        value = self.values.get(key)
        if value is None or value == []:
            return [] if self.is_emptied(key) else UNSET
        return value if isinstance(value, list) else self.fault(key, "invalid_type", "must be an array")

    def _fault_inside(self, key: str, index: int, value: Any, message: str) -> None:
        self.faults.append(RowFault(f"{self.path}{key}.{index}", shown(value), "invalid_type", message))

    def drafts(self, key: str, draft_of: Callable[[Part], Any]) -> Any:
        """An array of objects as a tuple of what ``draft_of`` makes of each; None of them is left out."""
        parts = self.parts(key)
        return UNSET if parts is UNSET else tuple(draft for part in parts if (draft := draft_of(part)) is not None)


def _plain_number(value: float | Decimal) -> int | float:
    """The number as an integer where it is one, without the digits a program would lose anyway."""
    if isinstance(value, int):
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < LARGEST_NUMBER else number


def moment_of(text: str, zone: tzinfo) -> datetime | None:
    """The moment in UTC, None for a text that is none."""
    if not _MOMENT.match(text.strip()):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def uuid_of(text: str) -> UUID | None:
    """The UUID, with or without ``urn:uuid:`` and in either case; None for a text that is none."""
    match = _UUID.match(text.strip().lower())
    return UUID(match[1]) if match else None


def plain_json(value: Any) -> Any:
    """The value as every database stores it, without numbers of the reader's own. Raises ``TypeError`` where it cannot."""
    return orjson.loads(orjson.dumps(value, default=_as_number))


def _as_number(value: Any) -> Any:
    number = _plain_number(value) if isinstance(value, Decimal) else math.inf
    if not math.isfinite(number):
        # Written as null, it would say something else.
        raise TypeError
    return number
