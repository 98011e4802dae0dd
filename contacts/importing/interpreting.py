"""Which interpreter understands which file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from contacts.importing.cards import CardInterpreter
from contacts.importing.columns import TableInterpreter, guess
from contacts.importing.context import Context
from contacts.importing.documents import document_interpreter
from contacts.importing.records import LONGEST_VALUE_SHOWN, Interpreter, Record, Source, Unreadable, UsedColumn

TABLES: Final = frozenset({"csv", "xlsx"})
# As many rows as it takes to see what a column holds.
SAMPLE: Final = 50
_MOST_EXAMPLES: Final = 3


def interpreter_for(source: Source, mapping: Mapping[str, Any] | None, context: Context) -> Interpreter:
    """The interpreter of an open file. ``mapping`` is for tables alone.

    Raises ``Unreadable`` for a mapping that does not fit the file, or for one to a file that has no columns.
    """
    if source.format in TABLES:
        return table_interpreter(source, mapping, context)
    if mapping:
        raise Unreadable("Only tables have columns to map; this file says itself what is what.")
    return CardInterpreter(context) if source.format == "vcard" else document_interpreter(source.format, context)


def table_interpreter(source: Source, mapping: Mapping[str, Any] | None, context: Context) -> TableInterpreter:
    """That of a table, with the mapping it was given or, where that says nothing, what its headings are taken for."""
    headers = source.headers or ()
    rows = [record.raw for record in islice(source.records(), SAMPLE) if record.fault is None]
    guessed = guess(headers, rows, context)
    return TableInterpreter(guessed.overridden(mapping, context) if mapping else guessed, headers, context)


def examined(interpreter: Interpreter, records: Iterable[Record]) -> list[UsedColumn]:
    """What would be imported, with examples out of the records; ``interpreter.ignored()`` then names what they have beside.

    A table knows its columns and their examples already.
    """
    if isinstance(interpreter, TableInterpreter):
        return interpreter.used()
    examples: dict[str, dict[str, None]] = {}
    for record in records:
        if record.fault is None:
            interpreter.interpret(record)
            for column, said in interpreter.said_in(record).items():
                examples.setdefault(column, {})[said[:LONGEST_VALUE_SHOWN]] = None
    return [
        replace(used, examples=tuple(examples.get(used.column, ()))[:_MOST_EXAMPLES]) for used in interpreter.used()
    ]
