"""Writing down whether people want to hear from us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Right
from contacts.models import Consent

LONGEST_WORDS = 200


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What somebody said about one medium (a value of ``Medium``), in which words, when, and in which communication."""

    contact_id: int
    medium: str
    is_given: bool
    words: str
    stated_at: datetime
    communication: UUID | None = None


def record_consents(statements: Iterable[Statement], *, actor: Actor) -> list[Consent]:
    """Write statements down; for each contact and medium the newest counts from now on (``contacts.consent``).

    The rows are the record themselves: who said so, when, and in which words. Nothing a wire shows changes. Raises
    ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    return Consent.objects.bulk_create(
        [
            Consent(
                contact_id=statement.contact_id,
                medium=statement.medium,
                is_given=statement.is_given,
                words=statement.words[:LONGEST_WORDS],
                communication=statement.communication,
                actor_label=actor.label[:320],
                stated_at=statement.stated_at,
                created_at=now,
            )
            for statement in statements
        ]
    )


def carry_consents(moves: Iterable[tuple[int, int, str]], *, actor: Actor) -> list[Consent]:
    """Write down for one contact what another last said: (from, to, medium), as it was said then. Raises ``Forbidden``."""
    actor.require(Right.WRITE_CONTACTS)
    now = timezone.now()
    wanted = sorted(set(moves))
    said = Consent.objects.filter(contact__in={former for former, _, _ in wanted}).order_by("stated_at", "id")
    newest = {(consent.contact_id, consent.medium): consent for consent in said}
    return Consent.objects.bulk_create(
        [
            Consent(
                contact_id=contact_id,
                medium=medium,
                is_given=consent.is_given,
                words=consent.words,
                communication=consent.communication,
                actor_label=consent.actor_label,
                stated_at=consent.stated_at,
                created_at=now,
            )
            for former, contact_id, medium in wanted
            if (consent := newest.get((former, medium)))
        ]
    )
