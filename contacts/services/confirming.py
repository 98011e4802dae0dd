"""Scores that were worked out again and stayed what they were."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Subquery

from contacts.models import Contact, ContactChange
from contacts.services.changes import Change
from contacts.services.scoring_facts import SCORED_FIELDS


def confirmations(contacts: Collection[Contact]) -> list[Change]:
    """For each contact whose facts changed since its score was recorded: that the same score was recorded again.

    Without it, what changed since the last score (``contacts.scores``) would go on from an older one. The others are
    left out: their record still holds. One statement.
    """
    if not contacts:
        return []
    own = ContactChange.objects.filter(contact=OuterRef("pk"))
    scored = own.filter(after__has_key="lead_score").order_by("-id").values("id")[:1]
    later = own.filter(id__gt=OuterRef("scored_by"), before__has_any_keys=SCORED_FIELDS)
    rows = Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).annotate(scored_by=Subquery(scored))
    moved = set(rows.filter(Exists(later)).values_list("pk", flat=True))
    return [_confirmation(contact) for contact in contacts if contact.pk in moved]


def _confirmation(contact: Contact) -> Change:
    facts = {"lead_score": contact.lead_score}
    return Change(contact_id=contact.pk, before=facts, after=facts)
