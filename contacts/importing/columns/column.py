"""What the readers of cells share: a column, what reading one means, and how a cell is found at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from contacts.importing.context import Context
from contacts.importing.records import LONGEST_VALUE_SHOWN, RowFault

# Puts what the cells of a row say among a draft's values, and what is wrong with them among the faults.
Step: TypeAlias = Callable[[Sequence[str], dict[str, Any], list[RowFault]], None]

# What programs and people write where there is nothing to say. None of them could be an address, a number or a date.
NOTHING: Final = frozenset({"-", "--", "—", "?", "n/a", "na", "#n/a", "none", "null", "nil", "unknown", "\\n"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is used: where it stands in a row, its heading, and what it becomes with which parameter."""

    index: int
    heading: str
    identifier: str
    parameter: str = ""


class Reading(NamedTuple):
    """How some columns are read: texts that are copied as they are, by position and field, and steps for the rest."""

    texts: Sequence[tuple[int, str]] = ()
    steps: Sequence[Step] = ()


# Makes the reading of all columns of one kind, once for a file.
Reader: TypeAlias = Callable[[Sequence[Column], Context], Reading]


class BadCell(ValueError):
    """What stands in a cell cannot be what its column says; the message is a sentence for who corrects it."""

    def __init__(self, message: str, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.code = code


def fault(heading: str, text: str, error: BadCell) -> RowFault:
    """The fault of a cell."""
    return RowFault(heading, text[:LONGEST_VALUE_SHOWN], error.code, str(error))


@dataclass(frozen=True, slots=True)
class Single:
    """One column, one field, one function of the text; which raises ``BadCell``, or gives None where nothing is said."""

    column: Column
    field: str
    read: Callable[[str], Any]

    def __call__(self, cells: Sequence[str], values: dict[str, Any], faults: list[RowFault]) -> None:
        text = cells[self.column.index].strip()
        if not text:
            return
        try:
            value = self.read(text)
        except BadCell as error:
            faults.append(fault(self.column.heading, text, error))
            return
        if value is not None:
            values[self.field] = value


def texts(columns: Sequence[Column], context: Context) -> Reading:
    """Columns that are copied to the field of their own name."""
    return Reading(texts=[(column.index, column.identifier) for column in columns])
