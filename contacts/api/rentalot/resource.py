"""Who may be seen below ``/api/v1/contacts``, how one is found, how a refusal names its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.identifiers import canonical_uuid
from config.wires.conditions import etag_of, versions_in
from config.wires.problems import Problem
from config.wires.rentalot import RentalotViewSet
from contacts import services
from contacts.api.rentalot.reading import written_contact
from contacts.api.rentalot.serializers import WIRE_NAMES
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact
from contacts.querysets import ContactQuerySet


class ContactResource(RentalotViewSet):
    """The base of the contacts' views."""

    grants = {}

    def get_queryset(self) -> ContactQuerySet[Contact]:
        return Contact.objects.active().visible_to(self.actor)

    def contact_to_change(self, identifier: str) -> Contact:
        """The contact with this id, held at a version the request's ``If-Match`` accepts.

        Raises ``ContactNotFound``, also for what is no id (CONTRACTS R-S12), and ``PreconditionFailed``.
        """
        uuid = canonical_uuid(identifier)
        contact = None if uuid is None else self.get_queryset().filter(uuid=uuid).first()
        if contact is None:
            raise ContactNotFound(identifier)
        header = self.request.headers.get("If-Match")
        versions = None if header is None else versions_in(header)
        if versions is not None:
            services.hold_contact(contact, versions, actor=self.actor)
        return contact

    def answer(self, contact: Contact, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """What the requester just wrote, and its version."""
        document, version = written_contact(contact.pk)
        return Response(self.enveloped(document), status=status, headers={"ETag": etag_of(version), **(headers or {})})

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Invalid):
            exc = Invalid(
                FieldError(WIRE_NAMES.get(fault.field, fault.field), fault.code, fault.facts, fault.message)
                for fault in exc.errors
            )
        return super().handle_exception(exc)

    def problem_of(self, error: Exception) -> Problem:
        """Points to the contact that has the address, when the asker may see it (CONTRACTS 7.8)."""
        problem = super().problem_of(error)
        if not isinstance(error, DuplicateContact) or error.existing_id is None:
            return problem
        existing = self.get_queryset().filter(pk=error.existing_id).first()
        if existing is None:
            return problem
        link = f'<{address_of(existing)}>; rel="duplicate"'
        return replace(problem, existing=str(existing.uuid), headers={**problem.headers, "Link": link})


def address_of(contact: Contact) -> str:
    """Where the contact is on this wire."""
    return f"/api/v1/contacts/{contact.uuid}"
