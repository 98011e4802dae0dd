"""What EstatePrime's document says about contacts, beyond what their fields and grants declare."""

from __future__ import annotations

from typing import Any, Final

from config.wires.openapi.estateprime import (
    CONTACTS,
    IDENTIFIER,
    OF_PARAMETERS,
    numbered,
    page_parameter,
    range_parameters,
    success,
    success_page,
)
from config.wires.openapi.fields import printed_document, sent_document
from config.wires.openapi.operations import Answer, Link, Operation, Parameter
from config.wires.openapi.shapes import TEXT, Component, Shape, array, closed, one_of
from config.wires.problems import Problem
from contacts.api.estateprime.serializers import CONTACT_FIELDS, KEPT_UNREAD, ContactChange, ContactCreate
from contacts.models import CustomFieldKind
from contacts.search import LONGEST_QUERY

_PROSE: Final = {
    "source_id": "One of `/api/contacts/sources`; null when the contact's source is none of them.",
    "is_lead": "False for a new contact, unless it says otherwise.",
    "company_name": "What a company is called.",
    "phones": "In their order; the first is the one to call.",
    "emails": "In their order. The first is one live contact's of an organization, whatever its case.",
    "custom_fields": "The fields that have a value; those of `/api/contacts/custom-fields`.",
    "contact_details": "People to speak to.",
    "tags": "Ids of `/api/contacts/tags`, ascending.",
    "users": "Ids of `/api/users`; the first is the one responsible.",
}
_PRINTED_PROSE: Final = _PROSE | {"date_converted_to_client": "When a lead became something else."}

CONTACT: Final = printed_document("Contact", CONTACT_FIELDS, prose=_PRINTED_PROSE)
CONTACT_CREATE: Final = sent_document("ContactCreate", ContactCreate(), prose=_PROSE)
CONTACT_CHANGE: Final = sent_document("ContactChange", ContactChange(), prose=_PROSE)
NAMED: Final = closed({"id": IDENTIFIER, "name": TEXT})
CUSTOM_FIELD: Final = Component(
    "CustomField",
    closed(
        {"id": IDENTIFIER, "name": TEXT, "type": one_of(*CustomFieldKind.values)},
        optional={"options": array(Component("Option", NAMED))},
    ),
)
NAMED_CONTACT: Final = {
    "identifier": Parameter(
        name="id",
        shape=IDENTIFIER,
        description="The contact's id.",
        missing=Problem(kind="not_found", status=404, resource="contact", identifier="789"),
    )
}
_TAKEN: Final = Problem(kind="duplicate", status=409, resource="contact", field="email", value="john@example.com")
_JOHN: Final[dict[str, Any]] = {
    "first_name": "John",
    "last_name": "Doe",
    "source_id": 2,
    "is_lead": False,
    "is_company": False,
    "company_name": None,
    "phones": [{"type": "mobile", "number": "1234567890", "notes": "Personal phone number"}],
    "emails": [{"type": "work", "email_address": "john.doe@example.com", "notes": ""}],
    "notes": "Important client",
    "custom_fields": [{"custom_field_id": 3, "value": [2, 3]}],
    "contact_details": [
        {"first_name": "Adam", "last_name": "Simpson", "mobile": "+306987411111", "email": None, "notes": "CEO"}
    ],
    "tags": [1, 4],
    "users": [2, 5],
}
_READ: Final[dict[str, Any]] = {
    "id": 1489,
    **{key: value for key, value in _JOHN.items() if key != "users"},
    "date_created": "2025-01-15 18:00:05",
    "created_by": 10,
    "users": [2, 5],
    "date_updated": "2025-01-15 18:00:05",
    "date_converted_to_client": None,
}


def _lookup(name: str, summary: str, component: str, item: Shape) -> Operation:
    return Operation(
        name=name,
        tag=CONTACTS,
        summary=summary,
        answer=Answer(description="All of them, in the team's order.", shape=success(component, array(item))),
    )


CONTACT_OPERATIONS: Final[dict[str, Operation]] = {
    "list": Operation(
        name="listContacts",
        tag=CONTACTS,
        summary="List contacts",
        description="Agents whose organization narrows them see those assigned to them.",
        query=(
            page_parameter(),
            *range_parameters("date_created", "made"),
            Parameter(
                name="search",
                shape={"type": "string", "maxLength": LONGEST_QUERY},
                description="Only those that hold each of these words in a name, an e-mail address or a phone number, "
                "whatever their case, accents or order.",
            ),
        ),
        answer=Answer(
            description="A page of contacts.",
            shape=success_page("ContactListResponse", CONTACT),
            examples={
                "page": {
                    "status": 200,
                    "page": 1,
                    "total_pages": 9,
                    "results_per_page": 50,
                    "total_results": 428,
                    "data": [_READ],
                }
            },
        ),
        refusals=OF_PARAMETERS,
    ),
    "create": Operation(
        name="createContact",
        tag=CONTACTS,
        summary="Create a contact",
        description="With a first or a last name; a company with its name. Also taken and kept, though shown to nobody: "
        + ", ".join(f"`{key}`" for key in KEPT_UNREAD)
        + ".",
        body=CONTACT_CREATE,
        body_examples={"john": _JOHN},
        answer=Answer(
            description="The new contact's id.",
            shape=numbered("ContactCreated", "created_id"),
            examples={"john": {"status": 200, "created_id": 789}},
            links=tuple(
                Link(operation=name, parameters={"id": "$response.body#/created_id"})
                for name in ("getContact", "updateContact", "deleteContact")
            ),
        ),
        refusals=(_TAKEN,),
    ),
    "retrieve": Operation(
        name="getContact",
        tag=CONTACTS,
        summary="Read a contact",
        path=NAMED_CONTACT,
        answer=Answer(
            description="The contact.",
            shape=success("ContactResponse", CONTACT),
            headers=("ETag",),
            examples={"john": {"status": 200, "data": _READ}},
        ),
        conditional=True,
    ),
    "partial_update": Operation(
        name="updateContact",
        tag=CONTACTS,
        summary="Change a contact",
        description="What the body leaves out stays. Lists replace as a whole; `custom_fields` merge by id, and an empty "
        "value takes one away.",
        path=NAMED_CONTACT,
        body=CONTACT_CHANGE,
        body_examples={"converted": {"is_lead": False, "notes": "Signed."}},
        answer=Answer(
            description="The contact as it is now.", shape=success("ContactResponse", CONTACT), headers=("ETag",)
        ),
        refusals=(_TAKEN,),
        conditional=True,
    ),
    "destroy": Operation(
        name="deleteContact",
        tag=CONTACTS,
        summary="Delete a contact",
        description="It is gone from every list and its address is free; the team can restore it in the dashboard.",
        path=NAMED_CONTACT,
        answer=Answer(
            description="The contact was deleted.",
            shape=numbered("ContactDeleted", "deleted_id"),
            examples={"deleted": {"status": 200, "deleted_id": 789}},
        ),
        conditional=True,
    ),
}
LOOKUP_OPERATIONS: Final[dict[str, Operation]] = {
    "sources": _lookup("listContactSources", "List sources", "SourceListResponse", Component("Source", NAMED)),
    "tags": _lookup("listContactTags", "List tags", "TagListResponse", Component("Tag", NAMED)),
    "custom_fields": _lookup("listContactCustomFields", "List custom fields", "CustomFieldListResponse", CUSTOM_FIELD),
}
