"""Members of the organization in scope, by primary key and by number: an archive names them by number everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from accounts.archive.values import BadValue
from accounts.models import Member


class MemberNumbers:
    """All members, in memory: there are few, and most rows name some."""

    def __init__(self, rows: Iterable[tuple[int, int]] = ()) -> None:
        self._numbers = dict(rows)
        self._keys = {number: key for key, number in self._numbers.items()}

    @classmethod
    def read(cls) -> Self:
        """The members there are now."""
        return cls(Member.objects.values_list("pk", "number"))

    def number_of(self, key: Any) -> Any:
        """The number for a primary key; None for a key nobody has, and what is no key as it is."""
        return self._numbers.get(key) if _is_number(key) else key

    def key_of(self, number: Any) -> Any:
        """The primary key for a number, and what is no number as it is. Raises ``BadValue`` for a number nobody has."""
        if not _is_number(number):
            return number
        if number not in self._keys:
            raise BadValue(f"names the member with the number {number}, whom there is not")
        return self._keys[number]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
