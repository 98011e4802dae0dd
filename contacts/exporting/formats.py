"""What a file of contacts is: how it begins, what each slice of contacts adds, how it ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from django.conf import settings
from django.utils.module_loading import import_string

FORMATS: Final[tuple[str, ...]] = tuple(settings.EXPORT_FORMATS)


class Writer(ABC):
    """Makes one file. ``begin`` and ``add`` are called in a unit of work of the organization, each in its own."""

    # How names of such files end.
    suffix: ClassVar[str]
    content_type: ClassVar[str]
    # Whether a terminal may show it.
    is_text: ClassVar[bool] = True
    # In which order contacts come where nobody asks for one: fields for ``order_by``.
    order: ClassVar[tuple[str, ...]] = ("pk",)
    # How many contacts are read at once: neither memory nor a unit of work grows with the export.
    slice_size: ClassVar[int] = 500
    # How many contacts a file can hold, None for any number.
    most: ClassVar[int | None] = None

    def __init__(self, total: int) -> None:
        # How many contacts were chosen; fewer are written where some are deleted meanwhile.
        self.total = total
        self.contacts = 0
        self.warnings: list[str] = []

    def begin(self) -> bytes:
        """What stands before the first contact."""
        return b""

    @abstractmethod
    def add(self, keys: Sequence[int]) -> bytes:
        """The contacts with these primary keys that are still there, in this order; counts them in ``contacts``."""

    def end(self) -> Iterator[bytes]:
        """What stands behind the last one, in pieces; asks no database."""
        return iter(())

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what the writer holds open, at the end or before."""


def writer_of(name: str) -> type[Writer]:
    """The writer of one of ``FORMATS``."""
    found: type[Writer] = import_string(settings.EXPORT_FORMATS[name])
    return found
