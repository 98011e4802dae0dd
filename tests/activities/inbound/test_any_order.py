"""However a provider delivers: what is there in the end is what would be there had it delivered in order and once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.arrivals import Arrival, EventType, Identity, InboundEvent, Sender
from activities.drafts import CommunicationDraft
from activities.models import Communication, InboundChannel, SenderIdentity
from activities.services import record_communication
from activities.services.applying import apply_due_receipts
from activities.services.receiving import keep
from contacts.models import Consent, Contact
from tests.inbound import channel_of
from tests.updates import FIRST, drain
from tests.worlds import World

SENDERS = 3
WORDS = ("Is it still free?", "STOP", "START", "See you at five", "")
REPORTS = ("sent", "delivered", "read", "played", "failed")
_examples = count(1)


@dataclass(frozen=True)
class Fact:
    """One thing that happened, before anybody delivered it. ``message`` is the number of the message it is about."""

    type: EventType
    message: int
    sender: int = 0
    words: str = ""
    # Seconds; several things may happen in one.
    at: int = 0


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """What some people wrote, changed and took back, and how far messages of ours got, in the order in which it happened."""
    facts: list[Fact] = []
    at = 0
    for message in range(draw(st.integers(1, 5))):
        at += draw(st.integers(0, 2))
        sender = draw(st.integers(1, SENDERS))
        facts.append(Fact(EventType.MESSAGE, message, sender, draw(st.sampled_from(WORDS)), at))
        for number in range(draw(st.integers(0, 2))):
            at += draw(st.integers(0, 1))
            facts.append(Fact(EventType.EDIT, message, sender, f"Edit {number} of {message}", at))
        if draw(st.integers(0, 4)) == 0:
            facts.append(Fact(EventType.REVOCATION, message, sender, at=at + 1))
    reports = draw(st.lists(st.sampled_from(REPORTS), max_size=4))
    return [*facts, *(Fact(EventType.STATUS, 0, words=report, at=at) for report in reports)]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Fact], list[int], set[int]]:
    """A history; the places of its facts as they are delivered, some twice; and after which of them a worker comes by."""
    facts = draw(histories())
    places = list(range(len(facts)))
    again = draw(st.lists(st.sampled_from(places), max_size=len(facts)))
    order = draw(st.permutations([*places, *again]))
    return facts, order, draw(st.sets(st.integers(0, len(order))))


def arrival(example: int, place: int, fact: Fact) -> Arrival:
    """A fact as a provider tells it. Its numbers rise with what happens."""
    sender = Sender(
        identities=(Identity("whatsapp", f"US.{example}.{fact.sender}"),),
        name=f"Robin {fact.sender} of {example}",
        proven_phone=f"+1312555{fact.sender:04d}" if fact.words == "STOP" else "",
    )
    outbound = fact.type is EventType.STATUS
    event = InboundEvent(
        type=fact.type,
        message_id=f"{'out' if outbound else 'in'}:{example}:{fact.message}",
        sender=None if outbound else sender,
        text="" if outbound else fact.words,
        status=fact.words if outbound else "",
    )
    sent_at = FIRST + timedelta(seconds=fact.at)
    return Arrival(key=f"update:{example * 1_000 + place}", payload=repr(fact).encode(), event=event, sent_at=sent_at)


def bring(world: World, channel: InboundChannel, arrivals: Sequence[Arrival], pauses: set[int]) -> None:
    for place, each in enumerate(arrivals):
        with world.scope():
            keep(channel, [each])
        if place in pauses:
            apply_due_receipts()
    drain(world)


def outcome(world: World, channel: InboundChannel, example: int) -> dict[str, Any]:
    """Everything that is there of an example, without what says when it came here and in which order."""
    with world.scope():
        messages = Communication.objects.filter(provider_message_id__regex=f"^(in|out):{example}:")
        people = Contact.objects.filter(full_name__endswith=f" of {example}")
        return {
            "receipts": set(channel.receipts.exclude(state="ignored").values_list("state", "reason")),
            "messages": sorted(
                (
                    m.provider_message_id,
                    "" if m.deleted_at else m.body,
                    m.occurred_at,
                    m.delivery,
                    m.deleted_at is None,
                    m.contact.full_name,
                )
                for m in messages.select_related("contact")
                if m.direction == "inbound"
            ),
            "reported": sorted(messages.filter(direction="outbound").values_list("provider_message_id", "delivery")),
            "people": sorted(
                people.values_list("full_name", "phone", "email", "source", "lead_score", "last_contacted_at")
            ),
            "conversations": sorted(
                people.filter(conversations__isnull=False).values_list(
                    "full_name", "conversations__message_count", "conversations__is_hidden"
                )
            ),
            "identities": sorted(
                SenderIdentity.objects.filter(contact__in=people).values_list("value", "contact__full_name")
            ),
            "consents": sorted(
                Consent.objects.filter(contact__in=people).values_list("contact__full_name", "is_given", "stated_at")
            ),
        }


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivered=deliveries())
def test_any_order_with_any_repetition_comes_to_the_same(
    north: World, south: World, delivered: tuple[list[Fact], list[int], set[int]]
):
    facts, order, pauses = delivered
    example = next(_examples)
    arrivals = [arrival(example, place, fact) for place, fact in enumerate(facts)]
    lines = {world.organization.slug: channel_of(world, "whatsapp") for world in (north, south)}
    for world in (north, south):
        sent = CommunicationDraft(
            kind="whatsapp", direction="outbound", body="Ours", provider_message_id=f"out:{example}:0"
        )
        with world.scope():
            record_communication(world.contacts[1], replace(sent), actor=world.actor())
    bring(north, lines["north"], arrivals, set(range(len(arrivals))))
    bring(south, lines["south"], [arrivals[place] for place in order], pauses)
    assert outcome(south, lines["south"], example) == outcome(north, lines["north"], example)
