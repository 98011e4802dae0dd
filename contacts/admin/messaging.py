"""What a contact's page says about messages: whether they are wanted, who sends them, and who may be the same person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from accounts.actor import Actor
from activities.models import Communication, SenderIdentity
from config.dashboard.options import TenantModelAdmin, actor_of
from contacts.consent import Standing, standings_of
from contacts.models import Contact, ContactStatus, Medium, MergeSuggestion
from contacts.services.consenting import LONGEST_WORDS, Statement, record_consents
from contacts.services.suggesting import dismiss_merge

MOST_NAMES: Final = 50
MOST_SUGGESTIONS: Final = 50
LONGEST_QUOTE: Final = 500
OBJECTION: Final = "objection"
CONSENT: Final = "consent"


class MessagingMixin(TenantModelAdmin):
    """The part of the contact's page about messages. Who may change the contact may write here as well."""

    def get_urls(self) -> list[URLPattern]:
        def address(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(require_POST(view)), name=f"contacts_contact_{name}")

        return [
            address("<path:object_id>/consent/", self.consent_view, "consent"),
            address("<path:object_id>/dismiss/<int:suggestion_id>/", self.dismiss_view, "dismiss"),
            *super().get_urls(),
        ]

    def consent_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """``statement`` is ``<medium>:objection`` or ``<medium>:consent``, ``words`` what was said, if anybody knows."""
        contact = self._writable(request, object_id)
        medium, _, said = request.POST.get("statement", "").partition(":")
        if medium not in Medium.values or said not in (OBJECTION, CONSENT):
            self.message_user(request, "Choose a way to write and what was said about it.", messages.ERROR)
        else:
            words = " ".join(request.POST.get("words", "").replace("\x00", "").split())[:LONGEST_WORDS]
            statement = Statement(
                contact_id=contact.pk,
                medium=medium,
                is_given=said == CONSENT,
                words=words,
                stated_at=timezone.now(),
            )
            record_consents([statement], actor=actor_of(request))
            self.message_user(request, f"Recorded: {said} to {Medium(medium).label}.", messages.SUCCESS)
        return redirect(self.address_of("change", contact.pk))

    def dismiss_view(self, request: HttpRequest, object_id: str, suggestion_id: int) -> HttpResponse:
        """These are two people."""
        contact = self._writable(request, object_id)
        found = {suggestion.pk: suggestion for suggestion, _ in suggestions_of(contact, actor_of(request))}
        if suggestion_id not in found:
            raise Http404
        dismiss_merge(found[suggestion_id], actor=actor_of(request))
        self.message_user(request, "Dismissed. It will not be suggested again.", messages.SUCCESS)
        return redirect(self.address_of("change", contact.pk))

    def _writable(self, request: HttpRequest, object_id: str) -> Contact:
        contact = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if contact is None:
            raise Http404
        if not self.has_change_permission(request, contact):
            raise PermissionDenied
        return contact

    def messaging_shown(self, request: HttpRequest, contact: Contact, on_page: Iterable[UUID]) -> dict[str, Any]:
        """For the page; ``on_page`` are the communications that the timeline shows, to be led to."""
        actor = actor_of(request)
        names = SenderIdentity.objects.filter(contact=contact).select_related("channel")
        may_write = self.has_change_permission(request, contact)
        return {
            "is_closed": contact.status == ContactStatus.DO_NOT_CONTACT,
            "consents": consents_shown(contact, set(on_page)),
            "consent_address": self.address_of("consent", contact.pk) if may_write else "",
            "longest_words": LONGEST_WORDS,
            "known_as": names[:MOST_NAMES],
            "duplicates": [
                {
                    "contact": other,
                    "address": self.address_of("change", other.pk),
                    "reason": suggestion.get_reason_display(),
                    "dismiss_address": self.address_of("dismiss", contact.pk, suggestion.pk) if may_write else "",
                }
                for suggestion, other in suggestions_of(contact, actor)
            ],
        }


def suggestions_of(contact: Contact, actor: Actor) -> list[tuple[MergeSuggestion, Contact]]:
    """Open suggestions about a contact, each with the other one, which is live and the actor's to see; the newest few."""
    about = MergeSuggestion.objects.filter(Q(first=contact) | Q(second=contact), dismissed_at=None)
    others = {
        suggestion: suggestion.second_id if suggestion.first_id == contact.pk else suggestion.first_id
        for suggestion in about[:MOST_SUGGESTIONS]
    }
    seen = Contact.objects.active().visible_to(actor).in_bulk(others.values())
    return [(suggestion, seen[pk]) for suggestion, pk in others.items() if pk in seen]


def consents_shown(contact: Contact, on_page: set[UUID]) -> list[dict[str, Any]]:
    """Each medium: whether it is open, since when, by whose words, and where they stand."""
    standings = standings_of(contact)
    messages_said = _messages(contact, standings)
    return [
        {
            "medium": standing.medium.label,
            "is_open": standing.is_open,
            "consent": standing.consent,
            "statement": f"{standing.medium}:{OBJECTION if _is_willing(standing) else CONSENT}",
            "verb": "Record objection" if _is_willing(standing) else "Record consent",
            "anchor": uuid if uuid in on_page else None,
            "quote": messages_said.get(uuid, "") if uuid not in on_page else "",
        }
        for standing in standings
        for uuid in [standing.consent.communication if standing.consent else None]
    ]


def _is_willing(standing: Standing) -> bool:
    return standing.consent is None or standing.consent.is_given


def _messages(contact: Contact, standings: Iterable[Standing]) -> dict[UUID | None, str]:
    """The messages that statements stood in, as far as they are still there."""
    uuids = [each.consent.communication for each in standings if each.consent and each.consent.communication]
    if not uuids:
        return {}
    said = Communication.objects.filter(contact=contact, uuid__in=uuids, deleted_at=None)
    return {row.uuid: Truncator(": ".join(filter(None, [row.subject, row.body]))).chars(LONGEST_QUOTE) for row in said}
