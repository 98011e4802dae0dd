"""How far a long command is, on a terminal; in a pipe or a log nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Report = Callable[[int, int], None]


@contextmanager
def progress_of(what: str, total: int | None) -> Iterator[Report]:
    """A bar on standard error. What it gives is told how much of ``total`` is done, and how many rows that was."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, rows: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total, rows=0)
        yield lambda done, rows: bar.update(task, completed=done, rows=rows)
