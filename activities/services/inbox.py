"""Taking messages in: each to its sender's contact, who may have to be made, and into its conversation and timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils import timezone

from accounts.actor import Actor, ActorKind, Door
from activities.arrivals import InboundEvent, Sender
from activities.drafts import ActivityDraft, CommunicationDraft
from activities.models import (
    ActivityType,
    ChannelKind,
    Communication,
    Direction,
    InboundChannel,
    Receipt,
)
from activities.rules import CHANNEL, LONGEST_BODY, LONGEST_PROVIDER_ID, LONGEST_SUBJECT, summary_of
from activities.services.communicating import record_communications
from activities.services.limits import Allowance
from activities.services.outcomes import Outcome
from activities.services.recording import record_activities
from activities.services.senders import Directory, Place
from activities.services.stating import follow, take_statements
from activities.services.subjects import lock_contacts
from contacts.drafts import UNSET, ContactDraft
from contacts.models import Contact, MergeReason
from contacts.normalise import is_email
from contacts.rules import LONGEST
from contacts.services import create_contacts, update_contact
from contacts.services.rescoring import rescore
from contacts.services.suggesting import suggest_merges

ACTIVITY_OF: Final = {
    ChannelKind.EMAIL: ActivityType.EMAIL_RECEIVED,
    ChannelKind.SMS: ActivityType.SMS_RECEIVED,
    ChannelKind.WHATSAPP: ActivityType.WHATSAPP_RECEIVED,
    ChannelKind.TELEGRAM: ActivityType.TELEGRAM_RECEIVED,
}
LONGEST_NAME: Final = 200


class Letter(NamedTuple):
    """A receipt, what was read from it, and the place of its sender's contact."""

    receipt: Receipt
    event: InboundEvent
    place: Place


def take_in(events: Sequence[tuple[Receipt, InboundEvent]]) -> dict[int, Outcome]:
    """Take messages in, in their order; returns what became of each receipt, by its primary key.

    All or nothing, apart from those that a limit keeps out, which are quarantined. The caller holds the organization's
    inbound lock. Raises what the services raise: somebody may take an address or delete a contact at the same time.
    """
    now = timezone.now()
    directory = Directory([event.sender for _, event in events if event.sender])
    letters = [Letter(receipt, event, directory.place_of(event.sender)) for receipt, event in events if event.sender]
    kept_out = _make_contacts(letters, now)
    outcomes = {
        letter.receipt.pk: Outcome.quarantined(kept_out[letter.place]) for letter in letters if letter.place in kept_out
    }
    welcome = [letter for letter in letters if letter.place not in kept_out]
    if welcome:
        # All of them now, in the order of their keys: channel by channel, two who lock several could wait for each other.
        lock_contacts({letter.place.owner for letter in welcome}, actor_of(welcome[0].receipt.channel))
    _remember_senders(welcome, directory, now)
    for of_channel in _by_channel(welcome).values():
        outcomes |= _write_down(of_channel, now)
    return outcomes


def actor_of(channel: InboundChannel) -> Actor:
    """Latchkey, on behalf of whoever writes through a channel."""
    return Actor(kind=ActorKind.SYSTEM, door=Door.INBOUND, label=channel.name)


def _by_channel(letters: Iterable[Letter]) -> dict[int, list[Letter]]:
    found: dict[int, list[Letter]] = defaultdict(list)
    for letter in letters:
        found[letter.receipt.channel_id].append(letter)
    return found


def _make_contacts(letters: Sequence[Letter], now: datetime) -> dict[Place, str]:
    """Make the contacts that are missing, each on the channel of its first message; returns those kept out, and why."""
    allowance = Allowance(now)
    # Known from the start, it costs no second write of the contact, nor another score.
    spoken = {letter.place: _said_at(letter, now) for letter in sorted(letters, key=lambda each: each.receipt.sent_at)}
    kept_out: dict[Place, str] = {}
    wanted: dict[Place, Letter] = {}
    for letter in letters:
        if not letter.place.is_new or letter.place in wanted or letter.place in kept_out:
            continue
        if reason := allowance.refusal(letter.receipt.channel, letter.place.sender):
            kept_out[letter.place] = reason
        else:
            wanted[letter.place] = letter
    for first_letters in _by_channel(wanted.values()).values():
        channel = first_letters[0].receipt.channel
        drafts = [_draft(letter.place, channel, spoken[letter.place]) for letter in first_letters]
        made = (contact for chunk in create_contacts(drafts, actor=actor_of(channel)) for contact in chunk)
        for letter, contact in zip(first_letters, made, strict=True):
            letter.place.contact_id = contact.pk
    return kept_out


def _draft(place: Place, channel: InboundChannel, spoken: datetime) -> ContactDraft:
    """Somebody new: what the provider says of them, ``source`` the kind of channel (DESIGN section 4, decision 6)."""
    sender = place.sender
    # The address stays with whoever has it; two contacts cannot share a primary one.
    email = sender.email if not place.has_shared_email and is_email(sender.email) else ""
    return ContactDraft(
        full_name=_name_of(sender, channel),
        email=email,
        phone=sender.phone[: LONGEST["phone"]],
        source=channel.kind,
        language=sender.language[: LONGEST["language"]] or UNSET,
        last_contacted_at=spoken,
    )


def _name_of(sender: Sender, channel: InboundChannel) -> str:
    return (sender.name or sender.phone or sender.email).strip()[:LONGEST_NAME] or f"{channel.get_kind_display()} user"


def _remember_senders(letters: Sequence[Letter], directory: Directory, now: datetime) -> None:
    """Keep by which names a contact is known, and point at others who may be the same person."""
    channels = {letter.place: letter.receipt.channel for letter in reversed(letters)}
    for place, channel in channels.items():
        point_at_same_people(place, actor_of(channel))
    if renamings := directory.remember(channels, now):
        follow(renamings, actor_of(letters[0].receipt.channel))


def point_at_same_people(place: Place, actor: Actor) -> None:
    """Suggest that a sender's contact and others who have the same address, or another of its names, are one person."""
    found = place.same_people()
    for reason in sorted(set(found.values())):
        pairs = [(place.owner, other) for other, why in found.items() if why == reason]
        suggest_merges(pairs, MergeReason(reason), actor=actor)


def _write_down(letters: Sequence[Letter], now: datetime) -> dict[int, Outcome]:
    """The messages of one channel: as communications and activities, with what they say about consent."""
    channel = letters[0].receipt.channel
    actor = actor_of(channel)
    drafts = [(letter.place.owner, _communication(letter, now)) for letter in letters]
    said = [row for chunk in record_communications(drafts, actor=actor) for row in chunk]
    told = [(row.contact_id, _activity(row, channel)) for row in said]
    for _ in record_activities(told, actor=actor):
        pass
    take_statements([(letter.event, row) for letter, row in zip(letters, said, strict=True)], actor)
    _take_phones(letters, actor)
    rescore({row.contact_id for row in said}, actor=actor)
    return {
        letter.receipt.pk: Outcome.applied(contact_id=row.contact_id, communication_id=row.pk)
        for letter, row in zip(letters, said, strict=True)
    }


def _communication(letter: Letter, now: datetime) -> CommunicationDraft:
    event = letter.event
    body, metadata = event.text, {**event.metadata, CHANNEL: letter.receipt.channel.public_id}
    if len(body) > LONGEST_BODY:
        # All of it is in the receipt.
        body, metadata["isCut"] = body[:LONGEST_BODY], True
    return CommunicationDraft(
        kind=letter.receipt.channel.kind,
        direction=Direction.INBOUND,
        subject=event.subject[:LONGEST_SUBJECT],
        body=body,
        occurred_at=_said_at(letter, now),
        provider_message_id=event.message_id[:LONGEST_PROVIDER_ID],
        metadata=metadata,
    )


def _said_at(letter: Letter, now: datetime) -> datetime:
    """A provider's clock may be ahead of ours; nothing was said in the future."""
    return min(letter.receipt.sent_at, now)


def _activity(row: Communication, channel: InboundChannel) -> ActivityDraft:
    """The same message where programs look for what happened: Winnerr's activities (CONTRACTS W-S19)."""
    return ActivityDraft(
        type=ACTIVITY_OF[ChannelKind(channel.kind)],
        description=summary_of(row.subject, row.body),
        metadata={"communicationId": row.winnerr_id, "channel": channel.name},
        created_at=row.occurred_at,
        communication=row.pk,
    )


def _take_phones(letters: Sequence[Letter], actor: Actor) -> None:
    """A telephone that senders have shown to be theirs goes to their contact, unless it has one."""
    proven: dict[int, str] = {}
    for letter in letters:
        if letter.event.sender and letter.event.sender.proven_phone:
            proven.setdefault(letter.place.owner, letter.event.sender.proven_phone)
    for contact in Contact.objects.active().filter(pk__in=proven, phone="") if proven else ():
        update_contact(contact, ContactDraft(phone=proven[contact.pk][: LONGEST["phone"]]), actor=actor)
