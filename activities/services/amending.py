"""What becomes of a message after it was sent: edited by its sender, delivered, read."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.identifiers import uuid7
from accounts.roles import Right
from activities.models import Activity, Communication, Delivery
from activities.querysets import COMMUNICATION
from activities.rules import EDIT_NUMBER, LONGEST_BODY, summary_of
from activities.search import search_text
from activities.services.communicating import facts_of, hold_communication
from contacts.models import ChangeVerb
from contacts.services.changes import Change, record

# Keys of a communication's metadata.
EDITED_AT: Final = "editedAt"
ORIGINAL: Final = "originalText"
LONGEST_ORIGINAL: Final = 10_000


def edit_communication(
    communication: Communication, text: str, *, edited_at: datetime, number: int = 0, actor: Actor
) -> bool:
    """Give a message the text its sender gave it later; returns whether it had not been edited later than that already.

    ``number`` orders edits of one moment. What it said first stays in its metadata. The activity that tells of it follows.
    Raises ``CommunicationNotFound`` and ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    with transaction.atomic():
        hold_communication(communication, actor)
        communication.refresh_from_db(fields=["subject", "body", "metadata"])
        moment = edited_at.isoformat()
        if (communication.metadata.get(EDITED_AT, ""), communication.metadata.get(EDIT_NUMBER, 0)) > (moment, number):
            return False
        original = communication.metadata.get(ORIGINAL, communication.body[:LONGEST_ORIGINAL])
        body = text[:LONGEST_BODY]
        Communication.objects.filter(pk=communication.pk).update(
            body=body,
            search_text=search_text(communication.subject, body),
            metadata={**communication.metadata, EDITED_AT: moment, EDIT_NUMBER: number, ORIGINAL: original},
        )
        _retell(communication, body)
        edited = Change(
            contact_id=communication.contact_id,
            before={},
            after={COMMUNICATION: {**facts_of(communication), "edited": True}},
        )
        record(uuid7(), ChangeVerb.UPDATED, [edited], actor=actor, now=timezone.now())
    return True


def _retell(communication: Communication, body: str) -> None:
    """Give the new words to the activity that tells of the message and nothing else; found among its contact's."""
    told = Activity.objects.filter(contact_id=communication.contact_id, communication=communication)
    told.update(description=summary_of(communication.subject, body))


def report_delivery(communication: Communication, status: str, *, actor: Actor) -> None:
    """Say how far a message got (a value of ``Delivery``); never back: reports come in any order. Raises ``Forbidden``."""
    actor.require(Right.WRITE_CONTACTS)
    ranks = Delivery.values
    lower = ["", *ranks[: ranks.index(status)]]
    Communication.objects.filter(pk=communication.pk, delivery__in=lower).update(delivery=status)
