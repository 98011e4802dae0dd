"""Contacts, what hangs on them, and the record of every change."""

from contacts.models.change import ChangeVerb, ContactChange
from contacts.models.choices import ContactRole, ContactStage, ContactStatus, ContactType, CustomFieldKind
from contacts.models.consent import Consent, Medium
from contacts.models.contact import Contact
from contacts.models.contact_points import ContactAssignee, ContactEmail, ContactPhone, RelatedPerson
from contacts.models.custom_field import CustomField, CustomFieldOption
from contacts.models.import_job import WORKING, ImportChunk, ImportJob, ImportPart, ImportState
from contacts.models.merge import MergeReason, MergeSuggestion
from contacts.models.rescore import Rescore
from contacts.models.scoring_weights import ScoringWeights
from contacts.models.source import Source
from contacts.models.tag import Tag, TaggedContact

__all__ = [
    "WORKING",
    "ChangeVerb",
    "Consent",
    "Contact",
    "ContactAssignee",
    "ContactChange",
    "ContactEmail",
    "ContactPhone",
    "ContactRole",
    "ContactStage",
    "ContactStatus",
    "ContactType",
    "CustomField",
    "CustomFieldKind",
    "CustomFieldOption",
    "ImportChunk",
    "ImportJob",
    "ImportPart",
    "ImportState",
    "Medium",
    "MergeReason",
    "MergeSuggestion",
    "RelatedPerson",
    "Rescore",
    "ScoringWeights",
    "Source",
    "Tag",
    "TaggedContact",
]
