"""How far a long command is, for people who watch it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from accounts.archive.exporting import Progress


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Gives what is told how far each kind of rows is, and shows it on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name.replace("_", " "), total=total)
            shown.update(tasks[name], completed=done, total=total)

        yield report
