"""The first page: how the team stands, and what came in last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.actor import Actor
from accounts.roles import Right
from accounts.services.jobs import longest_wait
from activities.models import DealStatus
from activities.querysets import live_deals, shown_activities
from activities.traffic import quarantined_count
from contacts.models import Contact, ContactStatus, ContactType

# Counting further would take longer than the number is worth.
MOST_COUNTED = 10_000
NEWEST = 8
QUIET = timedelta(days=14)
WEEK = timedelta(days=7)
# A worker looks for work several times a second.
STUCK = timedelta(minutes=2)


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The index page's context with the numbers and lists of the organization in scope."""
    actor = getattr(request, "actor", None)
    if not isinstance(actor, Actor) or not actor.allows(Right.READ_CONTACTS):
        return context
    contacts = Contact.objects.active().visible_to(actor)
    activities = shown_activities().filter(contact__in=contacts).select_related("contact", "member")
    return {
        **context,
        "figures": _figures(contacts, actor),
        "newest_contacts": contacts.select_related("assigned_to").order_by("-created_at", "-id")[:NEWEST],
        "newest_activities": activities.order_by("-created_at", "-id")[:NEWEST],
        "may_add": actor.allows(Right.WRITE_CONTACTS),
        "intake": _intake() if actor.allows(Right.MANAGE_CREDENTIALS) else None,
    }


def _intake() -> dict[str, Any]:
    """How long messages and jobs have been waiting, of all organizations: one worker serves them all."""
    wait = longest_wait()
    return {
        "waited": _in_words(wait) if wait is not None else "",
        "is_stuck": wait is not None and wait >= STUCK,
        "quarantined": quarantined_count(),
        "quarantine_address": f"{reverse('admin:activities_receipt_changelist')}?state=quarantined",
    }


def _in_words(wait: timedelta) -> str:
    now = timezone.now()
    return timesince(now - wait, now) if wait >= timedelta(minutes=1) else f"{wait.seconds} s"


def _figures(contacts: QuerySet[Contact], actor: Actor) -> list[dict[str, str]]:
    now = timezone.now()
    quiet = Q(last_contacted_at=None) | Q(last_contacted_at__lt=now - QUIET)
    leads = contacts.filter(type=ContactType.LEAD, status=ContactStatus.ACTIVE)
    listed = reverse("admin:contacts_contact_changelist")
    open_deals = live_deals(actor).filter(status__in=(DealStatus.ACTIVE, DealStatus.ON_HOLD))
    return [
        _figure("Contacts", contacts, "everyone the team knows", listed, "contacts"),
        _figure(
            "New this week", contacts.filter(created_at__gte=now - WEEK), "in the last 7 days", listed, "person_add"
        ),
        _figure(
            "Leads to follow up",
            leads.filter(quiet),
            "active leads not spoken to for 14 days",
            f"{listed}?type=LEAD&status=ACTIVE",
            "notifications_active",
        ),
        _figure("Open deals", open_deals, "active or on hold", "", "handshake"),
    ]


def _figure(title: str, rows: QuerySet[Any], note: str, address: str, icon: str) -> dict[str, str]:
    found = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
    number = f"{found:,}" if found <= MOST_COUNTED else f"{MOST_COUNTED:,}+"
    return {"title": title, "number": number, "note": note, "address": address, "icon": icon}
