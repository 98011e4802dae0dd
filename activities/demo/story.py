"""What happened between the team and everybody in the demo's address book, made up from a seed.

The same seed and count give the same people and the same shapes; moments hang on ``now``, so that a demo loaded today
looks alive today. Everything is said in drafts, as any other door would say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

from activities.demo import messages
from activities.demo.business import plan_deal
from activities.demo.people import Registry
from activities.demo.personas import Outcome, weighted
from activities.demo.places import Market
from activities.demo.plot import MINUTE, Agent, Plot, plan, working_moment
from activities.demo.profile import describe
from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft
from activities.models import ActivityType
from activities.rules import contacted_at
from contacts.drafts import UNSET, ContactDraft

SEED = "latchkey"
# How many messages and deeds a story has, at least and at most, by how far things have come.
_TURNS = {Outcome.FRESH: (0, 2), Outcome.TALKING: (2, 5), Outcome.QUIET: (1, 3), Outcome.LOST: (2, 5)}
_DEEDS = {Outcome.FRESH: (0, 1), Outcome.TALKING: (1, 3), Outcome.QUIET: (0, 2), Outcome.STEADY: (0, 3)}


@dataclass(frozen=True, kw_only=True)
class Story:
    """One contact and everything that happened with it."""

    created_at: datetime
    contact: ContactDraft
    communications: tuple[CommunicationDraft, ...]
    activities: tuple[ActivityDraft, ...]
    deals: tuple[DealDraft, ...]


def stories(count: int, *, now: datetime, agents: Sequence[Agent], market: Market, seed: str = SEED) -> list[Story]:
    """So many stories, the oldest contact first. ``agents`` take turns."""
    registry = Registry()
    turns = cycle(agents)
    # Each story has a generator of its own: a larger demo has the people of the smaller one, and more.
    plots = (
        plan(Random(f"{seed}:{number}"), registry, next(turns), market, now)  # noqa: S311 - a story, not a secret
        for number in range(count)
    )
    # By what was drawn and not by the moment it comes to, which hangs on the hour: a contact's number is the same every day.
    return [_story(plot) for plot in sorted(plots, key=lambda plot: plot.ago, reverse=True)]


def _story(plot: Plot) -> Story:
    communications = tuple(_communications(plot))
    activities = tuple(_activities(plot))
    deal = plan_deal(plot)
    spoken = [draft.occurred_at for draft in communications if draft.occurred_at is not UNSET]
    for draft in activities:
        if draft.created_at is not UNSET and (moment := contacted_at(draft, draft.created_at, plot.now)):
            spoken.append(moment)
    return Story(
        created_at=plot.created_at,
        contact=describe(plot, max(spoken, default=None)),
        communications=communications,
        activities=activities,
        deals=(deal,) if deal else (),
    )


def _communications(plot: Plot) -> Iterator[CommunicationDraft]:
    thread = plot.rng.choice(plot.persona.threads)
    low, high = _TURNS.get(plot.outcome, (3, 7))
    turns = thread[: plot.rng.randint(low, high)]
    for message, moment in zip(turns, plot.exchange(len(turns)), strict=True):
        yield CommunicationDraft(
            kind=message.kind,
            direction=message.direction,
            subject=plot.text(message.subject),
            body=plot.text(message.body),
            occurred_at=moment,
            member=plot.agent.member_id,
        )


def _activities(plot: Plot) -> Iterator[ActivityDraft]:
    low, high = _DEEDS.get(plot.outcome, (2, 6))
    for moment in plot.moments(plot.rng.randint(low, high)):
        yield _deed(plot, moment)
    if plot.outcome is Outcome.ACTIVE and plot.rng.random() < 0.6:
        yield _appointment(plot)


def _deed(plot: Plot, moment: datetime) -> ActivityDraft:
    rng = plot.rng
    kinds = {ActivityType.NOTE: 30, ActivityType.PHONE_CALL: 34, ActivityType.MEETING: 12, ActivityType.TASK: 8}
    if plot.persona.looks_for_home:
        kinds[ActivityType.SHOWING] = 20
    kind = weighted(rng, kinds)
    metadata: dict[str, Any] = {}
    if kind is ActivityType.PHONE_CALL:
        description, metadata = rng.choice(messages.CALLS), {"duration": rng.randint(45, 1_500)}
    elif kind is ActivityType.MEETING:
        description, metadata = (
            rng.choice(messages.MEETINGS),
            {"location": rng.choice(("Office", "Café", plot.address))},
        )
    elif kind is ActivityType.SHOWING:
        description, metadata = f"Showed {plot.address}, {plot.town}", {"address": plot.address}
    else:
        description = rng.choice(messages.TASKS if kind is ActivityType.TASK else messages.ACTIVITY_NOTES)
    return _activity(plot, kind, description, metadata, moment)


def _appointment(plot: Plot) -> ActivityDraft:
    """Something that is still to come."""
    when = working_moment(plot.rng, plot.now + timedelta(days=plot.rng.randint(3, 16)))
    kind = ActivityType.SHOWING if plot.persona.looks_for_home else ActivityType.MEETING
    description = f"Visit of {plot.address}" if kind is ActivityType.SHOWING else plot.rng.choice(messages.MEETINGS)
    arranged = max(plot.created_at + 15 * MINUTE, plot.now - timedelta(hours=plot.rng.randint(1, 96)))
    metadata = {"location": f"{plot.address}, {plot.town}"}
    return _activity(plot, kind, description, metadata, min(arranged, plot.now), max(when, plot.now + MINUTE))


def _activity(
    plot: Plot,
    kind: ActivityType,
    description: str,
    metadata: dict[str, Any],
    moment: datetime,
    scheduled_at: datetime | None = None,
) -> ActivityDraft:
    return ActivityDraft(
        type=kind.value,
        description=plot.text(description),
        metadata=metadata,
        scheduled_at=scheduled_at,
        created_at=moment,
        member=plot.agent.member_id,
    )
