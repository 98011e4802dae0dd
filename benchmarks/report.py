"""What a run prints, and writes to ``var/bench.md``: tables, and each goal with what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings; the first column is to the left, figures are to the right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Goal:
    """What was to be reached, what was reached, and whether that is enough; None when it could not be measured."""

    text: str
    measured: str
    passed: bool | None


@dataclass
class Report:
    """Everything a run found out."""

    title: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def text(self) -> str:
        """For a terminal."""
        parts = [self.title, *(_framed(table, "  ", "") for table in self._all())]
        return "\n\n".join(parts)

    def markdown(self) -> str:
        parts = [f"# {self.title}", *(_framed(table, " | ", "| ") for table in self._all())]
        return "\n\n".join(parts) + "\n"

    def _all(self) -> list[Table]:
        verdicts = {True: "pass", False: "FAIL", None: "-"}
        rows = [(goal.text, goal.measured, verdicts[goal.passed]) for goal in self.goals]
        return [*self.tables, Table("Goals", ("goal", "measured", ""), rows)] if rows else self.tables


def _framed(table: Table, between: str, edge: str) -> str:
    widths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    lines = [_line(row, widths, between, edge) for row in (table.headings, *table.rows)]
    rule = _line(["-" * width for width in widths], widths, between, edge)
    heading = f"## {table.title}\n" if edge else table.title
    return "\n".join([heading, lines[0], rule, *lines[1:], *([f"\n{table.note}"] if table.note else [])])


def _line(row: Sequence[str], widths: Sequence[int], between: str, edge: str) -> str:
    cells = [
        text.ljust(width) if place == 0 else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"{edge}{between.join(cells)}{edge[::-1]}".rstrip()
