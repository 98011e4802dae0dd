"""The plans an organization can be on, and what Rentalot's vendor sells with each (CONTRACTS 2.1).

``unlimited`` is the default (DESIGN section 4, decision 10). The others limit the Rentalot wire alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final

from django.db import models


class Plan(models.TextChoices):
    """``unlimited`` is the default; the others are Rentalot's own, kept as data."""

    UNLIMITED = "unlimited", "Unlimited"
    FREE_TRIAL = "free_trial", "Free trial"
    STARTER = "starter", "Starter"
    PRO = "pro", "Pro"
    SCALE = "scale", "Scale"


class Window(StrEnum):
    """How long counting goes on before it begins anew, the shortest first."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


class Access(Enum):
    """What the API may be used for."""

    NONE = "none"
    READ = "read"
    FULL = "full"


@dataclass(frozen=True)
class WriteQuota:
    """How many rows of one resource may be made and deleted."""

    per_minute: int
    per_day: int
    per_month: int

    @property
    def by_window(self) -> Mapping[Window, int]:
        return {Window.MINUTE: self.per_minute, Window.DAY: self.per_day, Window.MONTH: self.per_month}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a plan allows. None where nothing shared is counted; a resource without a quota is not limited."""

    access: Access
    largest_page: int
    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    writes: Mapping[str, WriteQuota] = field(default_factory=dict)

    @property
    def requests(self) -> Mapping[Window, int]:
        """How many requests are answered, empty where nothing shared is counted."""
        counted = {Window.MINUTE: self.requests_per_minute, Window.DAY: self.requests_per_day}
        return {window: limit for window, limit in counted.items() if limit is not None}


LIMITS: Final[Mapping[Plan, Limits]] = {
    Plan.UNLIMITED: Limits(access=Access.FULL, largest_page=200),
    Plan.FREE_TRIAL: Limits(access=Access.NONE, largest_page=0, requests_per_minute=0, requests_per_day=0),
    Plan.STARTER: Limits(access=Access.READ, largest_page=50, requests_per_minute=30, requests_per_day=5_000),
    Plan.PRO: Limits(
        access=Access.FULL,
        largest_page=100,
        requests_per_minute=120,
        requests_per_day=50_000,
        writes={"contacts": WriteQuota(15, 150, 3_000)},
    ),
    Plan.SCALE: Limits(
        access=Access.FULL,
        largest_page=200,
        requests_per_minute=600,
        requests_per_day=500_000,
        writes={"contacts": WriteQuota(40, 500, 10_000)},
    ),
}


def limits_of(plan: str) -> Limits:
    """The limits of a plan by its stored name."""
    return LIMITS[Plan(plan)]
