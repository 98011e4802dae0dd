"""What providers tell about messages they brought before: edits, revocations, delivery; and about senders."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from activities.arrivals import EventType, InboundEvent
from activities.exceptions import CommunicationNotFound
from activities.models import Communication, Receipt, SenderIdentity
from activities.rules import CHANNEL, LONGEST_PROVIDER_ID
from activities.services.amending import edit_communication, report_delivery
from activities.services.communicating import delete_communication
from activities.services.inbox import actor_of, point_at_same_people
from activities.services.outcomes import Outcome
from activities.services.senders import Directory
from activities.services.stating import follow

UNKNOWN_MESSAGE = "speaks of a message that is not here"


def correct(receipt: Receipt, event: InboundEvent) -> Outcome:
    """Apply one event that is no message; returns what became of its receipt.

    Providers deliver in any order: what speaks of a message that is not here yet is put off. The caller holds the
    organization's inbound lock.
    """
    if event.type is EventType.IDENTITY:
        return _learn_names(receipt, event)
    communication = _spoken_of(receipt, event)
    if communication is None:
        # Also of one that never comes: whoever answers by other means than Latchkey makes such reports.
        return Outcome.waiting(UNKNOWN_MESSAGE)
    actor = actor_of(receipt.channel)
    applied = Outcome.applied(contact_id=communication.contact_id, communication_id=communication.pk)
    if event.type is EventType.STATUS:
        report_delivery(communication, event.status, actor=actor)
        return applied
    if not _may_change(communication, event):
        return Outcome.ignored("somebody else's message")
    if communication.deleted_at is not None:
        return Outcome.ignored("the message was taken away before")
    try:
        if event.type is EventType.REVOCATION:
            delete_communication(communication, actor=actor)
        elif not edit_communication(
            communication, event.text, edited_at=receipt.sent_at, number=receipt.provider_number, actor=actor
        ):
            return Outcome.ignored("the message was edited later than this")
    except CommunicationNotFound:
        return Outcome.ignored("the contact of the message is deleted")
    return applied


def _may_change(communication: Communication, event: InboundEvent) -> bool:
    """Whether whoever edits or revokes a message is not known to be somebody else than who wrote it."""
    identities = event.sender.identities if event.sender else ()
    known = Q(pk=None)
    for kind, value in identities:
        known |= Q(kind=kind, value=value)
    owners = set(SenderIdentity.objects.filter(known).values_list("contact_id", flat=True))
    return not owners or communication.contact_id in owners


def _spoken_of(receipt: Receipt, event: InboundEvent) -> Communication | None:
    """The message by its provider's id: one that came through this channel, or that this program did not bring in.

    Providers number messages per account: those of another channel may have the same id.
    """
    if not event.message_id:
        return None
    name = event.message_id[:LONGEST_PROVIDER_ID]
    named = Communication.objects.filter(provider_message_id=name, kind=receipt.channel.kind).order_by("-id")
    by_channel = {row.metadata.get(CHANNEL): row for row in reversed(named)}
    return by_channel.get(receipt.channel.public_id) or by_channel.get(None)


def _learn_names(receipt: Receipt, event: InboundEvent) -> Outcome:
    """Further names of somebody who wrote before; of a stranger there is nothing to keep."""
    if event.sender is None:
        return Outcome.ignored("names nobody")
    directory = Directory([event.sender])
    place = directory.place_of(event.sender)
    if place.contact_id is None:
        return Outcome.ignored("names somebody who never wrote")
    # A new name may be known already, as somebody who wrote before this was told.
    point_at_same_people(place, actor_of(receipt.channel))
    follow(directory.remember({place: receipt.channel}, timezone.now()), actor_of(receipt.channel))
    return Outcome.applied(contact_id=place.contact_id)
