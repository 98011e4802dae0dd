"""Who may be seen below ``/api/v1/contacts``, how one is found, how a refusal names its field."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.identifiers import canonical_uuid
from config.wires.conditions import etag_of, versions_in
from config.wires.rentalot import RentalotViewSet
from contacts import services
from contacts.api.rentalot.reading import written_contact
from contacts.api.rentalot.serializers import WIRE_NAMES
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact
from contacts.querysets import ContactQuerySet

CONTACTS: Final = "/api/v1/contacts"


class ContactResource(RentalotViewSet):
    """The base of the contacts' views."""

    grants = {}

    def get_queryset(self) -> ContactQuerySet[Contact]:
        return Contact.objects.active().visible_to(self.actor)

    def contact_to_change(self, identifier: str) -> Contact:
        """The contact with this id, held at a version the request's ``If-Match`` accepts.

        Raises ``ContactNotFound``, also for what is no id (CONTRACTS R-S12), and ``PreconditionFailed``.
        """
        uuid = canonical_uuid(identifier.lower())
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
        elif isinstance(exc, DuplicateContact) and (existing := self._existing(exc)) is not None:
            exc.existing_public_id = str(existing.uuid)
        return super().handle_exception(exc)

    def problem_headers(self, error: Exception) -> dict[str, str]:
        """Points to the contact that has the address, when the asker may see it (CONTRACTS 7.8)."""
        if not isinstance(error, DuplicateContact) or not error.existing_public_id:
            return {}
        return {"Link": f'<{CONTACTS}/{error.existing_public_id}>; rel="duplicate"'}

    def _existing(self, error: DuplicateContact) -> Contact | None:
        return self.get_queryset().filter(pk=error.existing_id).first() if error.existing_id else None


def address_of(contact: Contact) -> str:
    """Where the contact is on this wire."""
    return f"{CONTACTS}/{contact.uuid}"
