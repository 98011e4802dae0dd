"""What contacts put into an archive, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accounts.archive.kinds import Kind
from accounts.tenancy import TenantModel
from contacts.archive_checks import contact_checks, email_checks, phone_checks
from contacts.models import (
    Consent,
    Contact,
    ContactAssignee,
    ContactChange,
    ContactEmail,
    ContactPhone,
    CustomField,
    CustomFieldOption,
    ImportChunk,
    ImportJob,
    ImportPart,
    MergeSuggestion,
    RelatedPerson,
    Rescore,
    ScoringWeights,
    Source,
    Tag,
    TaggedContact,
)
from contacts.services.numbers import check_number

# What changes say of a contact's members (``services.changes``, ``services.children``). Values of custom fields name
# members and contacts by number already.
MEMBERS_IN_CHANGES: Final = (("assigned_to_id",), ("further_assignees", "*"))

CHANGES: Final = Kind(
    name="contact_changes",
    model=ContactChange,
    member_columns=("member_id",),
    member_paths={"before": MEMBERS_IN_CHANGES, "after": MEMBERS_IN_CHANGES},
    left_out={"credential_id": "the key of a credential that stays behind; the actor's label names it"},
)

# Each after those it refers to.
CONTACTS: Final = (
    Kind(name="sources", model=Source),
    Kind(name="tags", model=Tag),
    Kind(name="custom_fields", model=CustomField),
    Kind(name="custom_field_options", model=CustomFieldOption),
    Kind(name="scoring_weights", model=ScoringWeights),
    Kind(
        name="rescores",
        model=Rescore,
        member_columns=("member_id",),
        left_out={"position": "a primary key; a pass that was not done begins anew"},
    ),
    Kind(name="contacts", model=Contact, keep_number=check_number, checks=contact_checks),
    Kind(name="contact_emails", model=ContactEmail, checks=email_checks),
    Kind(name="contact_phones", model=ContactPhone, checks=phone_checks),
    Kind(name="contact_assignees", model=ContactAssignee),
    Kind(name="related_people", model=RelatedPerson),
    Kind(name="contact_tags", model=TaggedContact),
    Kind(name="consents", model=Consent),
    Kind(name="merge_suggestions", model=MergeSuggestion),
    CHANGES,
)

LEFT_BEHIND: Final[Mapping[type[TenantModel], str]] = {
    ImportJob: "a piece of work, by whoever is at it here; what it did to contacts is in their histories",
    ImportChunk: "what became of the lines of an uploaded file, by primary keys, for taking it back here",
    ImportPart: "an uploaded file as it came, which is its owner's to keep",
}
