"""What a statement costs PostgreSQL, as the application role: time, planning and buffers of several warm runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from django.db import OperationalError, connection, transaction

from benchmarks.product import Statement

RUNS: Final = 7
# A statement this slow is measured once more and no oftener.
SLOW: Final = 200.0
# Clocks inside the plan would be part of what they measure; the whole is timed all the same.
PREFIX: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "


@dataclass(frozen=True)
class Cost:
    """Milliseconds of execution and of planning, and shared buffers touched. ``cancelled``: the role gave it up."""

    execution: float = 0.0
    planning: float = 0.0
    buffers: int = 0
    cancelled: bool = False

    @property
    def sql(self) -> float:
        return self.execution + self.planning

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.execution + other.execution,
            self.planning + other.planning,
            self.buffers + other.buffers,
            self.cancelled or other.cancelled,
        )


def average(costs: Sequence[Cost]) -> Cost:
    """What one of them costs."""
    whole, count = sum(costs, Cost()), len(costs)
    return Cost(whole.execution / count, whole.planning / count, whole.buffers // count, whole.cancelled)


def cost_of(statements: Sequence[Statement], organization_id: int) -> Cost:
    """All of them together."""
    return sum((_median(statement, organization_id) for statement in statements), Cost())


def _median(statement: Statement, organization_id: int) -> Cost:
    # The first run reads what later ones find in memory.
    first = _explained(statement, organization_id)
    runs = 1 if first.sql > SLOW or first.cancelled else RUNS
    costs = [_explained(statement, organization_id) for _ in range(runs)]
    return Cost(
        median(cost.execution for cost in costs),
        median(cost.planning for cost in costs),
        int(median(cost.buffers for cost in costs)),
        any(cost.cancelled for cost in costs),
    )


def _explained(statement: Statement, organization_id: int) -> Cost:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.organization', %s, true)", [str(organization_id)])
            cursor.execute(PREFIX + statement.sql, statement.parameters)
            (found,) = cursor.fetchone()
    except OperationalError:
        return Cost(cancelled=True)
    return _read(found)


def _read(found: Any) -> Cost:
    (plan,) = json.loads(found) if isinstance(found, str) else found
    touched = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return Cost(plan["Execution Time"], plan["Planning Time"], touched)
