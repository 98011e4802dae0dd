"""What became of every row, as files: the report of all, and the failed rows to be corrected and imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import orjson

from contacts.importing.outcomes import Fate, Outcome
from contacts.importing.records import Record, RowFault, Source
from contacts.spreadsheets import safe_cell
from contacts.whole_files import whole_file

_HEADINGS: Final = ("Line", "Fate", "Contact", "Reason", "Errors", "Changes")


def write_report(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write every row's fate, in the order of the file: a table where the name ends in ``.csv``, else a JSON object a line.

    As ``whole_file`` has it: nobody but its owner may read it. Raises ``OSError``.
    """
    with whole_file(path) as stream:
        if path.suffix.lower() == ".csv":
            _write_table(stream, outcomes)
        else:
            stream.writelines(orjson.dumps(outcome.for_report()) + b"\n" for outcome in outcomes)


def _write_table(stream: IO[bytes], outcomes: Iterable[Outcome]) -> None:
    # What spreadsheets need to take the file for UTF-8.
    stream.write(b"\xef\xbb\xbf")
    lines = csv.writer(_Encoded(stream))
    lines.writerow(_HEADINGS)
    lines.writerows([safe_cell(cell) for cell in _cells(outcome)] for outcome in outcomes)


class _Encoded:
    """A place for text that ends up as bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text.encode())


def _cells(outcome: Outcome) -> list[str]:
    errors = "; ".join(worded(fault) for fault in outcome.faults)
    changes = "; ".join(f"{name}: {_text(old)} → {_text(new)}" for name, (old, new) in outcome.changes.items())
    number = "" if outcome.number is None else str(outcome.number)
    reason = "; ".join([*([outcome.reason] if outcome.reason else []), *outcome.notes])
    return [str(outcome.line), outcome.fate.value, number, reason, errors, changes]


def worded(fault: RowFault) -> str:
    """A fault in one line: where, why, and what stands there."""
    what = f"{fault.column}: {fault.message}" if fault.column else fault.message
    return f"{what} ({fault.value})" if fault.value else what


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def write_failed(stream: IO[bytes], source: Source, outcomes: Iterable[Outcome]) -> int:
    """Write the failed rows as a file of the source's own format; returns how many there are."""
    return source.write_failed(stream, _failed(source, outcomes))


def _failed(source: Source, outcomes: Iterable[Outcome]) -> Iterator[tuple[Record, Sequence[RowFault]]]:
    """The records that failed: both are in the order of the file."""
    failures = (outcome for outcome in outcomes if outcome.fate is Fate.FAIL)
    failure = next(failures, None)
    if failure is None:
        return
    for record in source.records():
        if record.line == failure.line and record.position == failure.position:
            yield record, failure.faults
            failure = next(failures, None)
            if failure is None:
                return
