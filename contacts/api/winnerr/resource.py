"""What every address below ``/v1/contacts`` shares: who may be seen, how one is found, how a refusal names its field."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from config.wires.conditions import etag_of, versions_in
from config.wires.winnerr import WinnerrViewSet
from contacts import services
from contacts.api.winnerr.reading import written_contact
from contacts.api.winnerr.serializers import WIRE_NAMES
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact
from contacts.querysets import ContactQuerySet


class ContactResource(WinnerrViewSet):
    """The base of the contacts' views."""

    grants = {}

    def get_queryset(self) -> ContactQuerySet[Contact]:
        return Contact.objects.active().visible_to(self.actor)

    def contact(self, identifier: str) -> Contact:
        """The contact with this id. Raises ``ContactNotFound`` with the caller's own spelling."""
        contact = self.get_queryset().with_winnerr_id(identifier).first()
        if contact is None:
            raise ContactNotFound(identifier)
        return contact

    def contact_to_change(self, identifier: str) -> Contact:
        """The contact, held at a version the request's ``If-Match`` accepts. Raises ``PreconditionFailed`` too."""
        contact = self.contact(identifier)
        header = self.request.headers.get("If-Match")
        versions = None if header is None else versions_in(header)
        if versions is not None:
            services.hold_contact(contact, versions, actor=self.actor)
        return contact

    def answer(self, contact: Contact, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """What the requester just wrote, and its version.

        Even where the write took it out of their sight: an agent may hand a contact over.
        """
        document, version = written_contact(contact.pk)
        return Response(self.success(document), status=status, headers={"ETag": etag_of(version), **(headers or {})})

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Invalid):
            exc = Invalid(in_wire_words(fault) for fault in exc.errors)
        elif isinstance(exc, ContactNotFound) and "identifier" in self.kwargs:
            # Deleted between the look and the lock: the service knows the row's key, the caller their own id.
            exc = ContactNotFound(self.kwargs["identifier"])
        return super().handle_exception(exc)

    def problem_headers(self, error: Exception) -> dict[str, str]:
        """Points to the contact that has the address, when the asker may see it (CONTRACTS 7.8)."""
        if not isinstance(error, DuplicateContact) or error.existing_id is None:
            return {}
        existing = self.get_queryset().filter(pk=error.existing_id).first()
        return {} if existing is None else {"Link": f'<{address_of(existing)}>; rel="duplicate"'}


def address_of(contact: Contact) -> str:
    """Where the contact is on this wire."""
    return f"/v1/contacts/{contact.winnerr_id}"


def in_wire_words(fault: FieldError) -> FieldError:
    """A fault the domain found, under the key the client knows."""
    for name, wire_name in sorted(WIRE_NAMES.items(), key=lambda pair: -len(pair[0])):
        if fault.field == name or fault.field.startswith(f"{name}."):
            field = wire_name + fault.field.removeprefix(name)
            return FieldError(field, fault.code, fault.facts, fault.message)
    return fault
