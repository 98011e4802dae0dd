"""What Rentalot's document says about contacts, beyond what their fields, filters and grants declare."""

from __future__ import annotations

from typing import Any, Final

from accounts.plans import LIMITS, Plan
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.filters import filter_parameters
from config.wires.openapi.operations import Answer, Link, Operation, Parameter
from config.wires.openapi.rentalot import CONTACTS, UUID, enveloped, enveloped_page, page_parameters
from config.wires.problems import Problem
from config.wires.rentalot import DEFAULT_LIMIT
from contacts.api.rentalot.filters import ContactFilters
from contacts.api.rentalot.serializers import CONTACT_FIELDS, ContactCreate, ContactWrite

_PRINTED_PROSE: Final = {
    "name": "As it was written; null for a contact that came in without one.",
    "email": "One live contact of an organization has it, whatever its case.",
    "phone": "Kept as sent.",
    "status": "How far the contact has come; `prospect` when not said.",
    "role": "What the contact is to the team, whatever its status; `prospect` when not said.",
    "channelPreference": "How the contact likes to be written to, in the team's own words.",
    "source": "Where the contact came from; `api` when a program did not say.",
    "referralSource": "Who or what sent the contact.",
    "language": "ISO 639-1; `en` when not said.",
    "appliedAt": "Since when the status is `applicant`; null with any other. Cannot be set.",
}
_SENT_PROSE: Final = {key: text for key, text in _PRINTED_PROSE.items() if key not in ("name", "appliedAt")} | {
    "notes": "For the team; never answered.",
}

CONTACT: Final = printed_document("Contact", CONTACT_FIELDS, prose=_PRINTED_PROSE)
CONTACT_CREATE: Final = sent_document("ContactCreate", ContactCreate(), prose=_SENT_PROSE)
CONTACT_CHANGE: Final = sent_document("ContactChange", ContactWrite(partial=True), prose=_SENT_PROSE)
CONTACT_RESPONSE: Final = enveloped("ContactResponse", CONTACT)

NAMED_CONTACT: Final = {
    "identifier": Parameter(
        name="id",
        shape=UUID,
        description="The contact's id.",
        missing=Problem(kind="not_found", status=404, resource="contact", identifier="550e8400"),
    )
}
# What an organization's plan does not allow, or no longer.
_READ_ONLY: Final = Problem(
    kind="forbidden", status=403, resource="read only plan", reason="read", value=Plan.STARTER.label
)
_USED_UP: Final = Problem(kind="rate_limited", status=429, resource="contacts", reason="day", value="150")
_TAKEN: Final = Problem(kind="duplicate", status=409, resource="contact", field="email", value="jane@example.com")

_JANE: Final[dict[str, Any]] = {
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "+15551234567",
    "status": "prospect",
    "role": "prospect",
    "channelPreference": "whatsapp",
    "source": "crm_import",
}
_CREATED: Final[dict[str, Any]] = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    **_JANE,
    "referralSource": None,
    "language": "en",
    "appliedAt": None,
    "createdAt": "2026-02-10T14:30:00Z",
    "updatedAt": "2026-02-10T14:30:00Z",
}
_FOLLOWING: Final = ("getContact", "updateContact", "deleteContact")

CONTACT_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listContacts",
        tag=CONTACTS,
        summary="List contacts",
        description="Agents whose organization narrows them see those assigned to them.",
        query=(
            *page_parameters(default=DEFAULT_LIMIT, largest=LIMITS[Plan.UNLIMITED].largest_page),
            *filter_parameters(ContactFilters, {"channel": "channelPreference"}),
        ),
        answer=Answer(
            description="A page of contacts.",
            shape=enveloped_page("ContactListResponse", CONTACT),
            examples={
                "page": {
                    "data": [_CREATED],
                    "pagination": {"page": 1, "limit": 20, "total": 87, "totalPages": 5},
                }
            },
        ),
    ),
    "create": Operation(
        name="createContact",
        tag=CONTACTS,
        summary="Create a contact",
        description="With a name, and an e-mail address or a phone number.",
        body=CONTACT_CREATE,
        body_examples={"jane": _JANE},
        answer=Answer(
            status=201,
            description="The new contact.",
            shape=CONTACT_RESPONSE,
            headers=("Location", "ETag"),
            examples={"jane": {"data": _CREATED}},
            links=tuple(Link(operation=name, parameters={"id": "$response.body#/data/id"}) for name in _FOLLOWING),
        ),
        refusals=(_TAKEN, _READ_ONLY, _USED_UP),
    ),
    "retrieve": Operation(
        name="getContact",
        tag=CONTACTS,
        summary="Read a contact",
        path=NAMED_CONTACT,
        answer=Answer(
            description="The contact.",
            shape=CONTACT_RESPONSE,
            headers=("ETag",),
            examples={"jane": {"data": _CREATED}},
        ),
        conditional=True,
    ),
    "partial_update": Operation(
        name="updateContact",
        tag=CONTACTS,
        summary="Change a contact",
        description="What the body leaves out stays. Empty text or `null` clears `email`, `phone`, `channelPreference`, "
        "`source`, `referralSource` and `notes`, but never both `email` and `phone`; it says nothing of `status`, `role` "
        "and `language`.",
        path=NAMED_CONTACT,
        body=CONTACT_CHANGE,
        body_examples={"scheduled": {"status": "scheduled", "channelPreference": "email"}},
        answer=Answer(description="The contact as it is now.", shape=CONTACT_RESPONSE, headers=("ETag",)),
        refusals=(_TAKEN, _READ_ONLY),
        conditional=True,
    ),
    "destroy": Operation(
        name="deleteContact",
        tag=CONTACTS,
        summary="Delete a contact",
        description="It is gone from every list and its address is free; the team can restore it in the dashboard.",
        path=NAMED_CONTACT,
        answer=Answer(status=204, description="The contact was deleted."),
        refusals=(_READ_ONLY, _USED_UP),
        conditional=True,
    ),
}
