"""Writing down that people do not want to hear from us, where all that is known is that they said so elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from django.utils import timezone

from accounts.actor import Actor
from contacts.consent_of_many import contactable_among
from contacts.models import Medium
from contacts.services.consenting import Statement, record_consents

SAID_ELSEWHERE: Final = "Said elsewhere; imported"
# Contacts looked up at once.
_LOOKED_UP: Final = 5_000

# Media (values of ``Medium``) by the primary key of a contact.
Media = Mapping[int, Collection[str]]


def open_media(wanted: Media) -> dict[int, list[str]]:
    """Of the media wanted closed, those by which a contact may still be spoken to; contacts without any are left out.

    The status ``DO_NOT_CONTACT`` closes all of them, as an objection does (``contacts.consent``).
    """
    still_open: dict[int, list[str]] = {}
    for medium in Medium.values:
        for contact_id in _contactable([key for key, media in wanted.items() if medium in media], medium):
            still_open.setdefault(contact_id, []).append(medium)
    return still_open


def _contactable(contact_ids: Sequence[int], medium: str) -> Iterator[int]:
    for start in range(0, len(contact_ids), _LOOKED_UP):
        yield from contactable_among(contact_ids[start : start + _LOOKED_UP], medium)


def record_objections(wanted: Media, *, actor: Actor) -> dict[int, list[str]]:
    """Record an objection for each medium that is still open, and return those; what is closed already stays as it is.

    Call it after the write that the objections came with, in its transaction: the status it set counts. An agreement that
    was given here before is taken back, for nobody knows which was said later. Raises ``Forbidden``.
    """
    objected = open_media(wanted) if wanted else {}
    now = timezone.now()
    statements = [
        Statement(contact_id=contact_id, medium=medium, is_given=False, words=SAID_ELSEWHERE, stated_at=now)
        for contact_id, media in objected.items()
        for medium in media
    ]
    if statements:
        record_consents(statements, actor=actor)
    return objected
