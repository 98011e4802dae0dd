"""What must hold for every contact, through every door."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from accounts.exceptions import FieldError, Invalid
from contacts.drafts import UNSET, ContactDraft, PreferencesDraft, PriceRange
from contacts.models import Contact, ContactRole, ContactStage, ContactStatus, ContactType, Medium
from contacts.normalise import fold, is_email, join_name, normalise_email, normalise_phone, split_name

CHOICES: dict[str, list[str]] = {
    "type": ContactType.values,
    "status": ContactStatus.values,
    "stage": ContactStage.values,
    "role": ContactRole.values,
}
# Longest text by field, in code points (CONTRACTS W-S8, 2.3, E-S19: the widest wire decides, wires may be stricter).
LONGEST: dict[str, int] = {
    "first_name": 200,
    "last_name": 200,
    "full_name": 401,
    "company_name": 200,
    "email": 254,
    "email_label": 50,
    "email_note": 500,
    "phone": 40,
    "phone_label": 50,
    "phone_note": 500,
    "secondary_phone": 40,
    "street": 200,
    "city": 200,
    "state": 200,
    "zip_code": 200,
    "country": 200,
    "source": 100,
    "referral_source": 200,
    "channel_preference": 50,
    "language": 10,
    "notes": 10_000,
    "winnerr_key": 100,
}
# An id is part of addresses and headers, and these words stand for something else there.
_KEPT_ID = re.compile(r"(?!(?:tags|bulk)\Z)[A-Za-z0-9_-][A-Za-z0-9_.~-]*\Z")
# Programs that count in doubles lose digits beyond 2**53; whoever comes after the greatest still has a number then.
LARGEST_KEPT_NUMBER = 9 * 10**15
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# One character can fold to eighteen, and an entry of an index has an end: 2,704 bytes in PostgreSQL.
LONGEST_SORT_KEY = 200
LONGEST_TAG = 50
MOST_TAGS = 100
MOST_PREFERENCES = 100
LONGEST_PREFERENCE = 200
MOST_CHILD_ROWS = 50
LARGEST_PRICE = 10**15

# Fields copied from a draft to the row as they are.
PLAIN_FIELDS = (
    "is_company",
    "company_name",
    "email",
    "email_label",
    "email_note",
    "phone",
    "phone_label",
    "phone_note",
    "street",
    "city",
    "state",
    "zip_code",
    "country",
    "status",
    "stage",
    "role",
    "source",
    "referral_source",
    "channel_preference",
    "language",
    "notes",
)


def faults(draft: ContactDraft) -> list[FieldError]:
    """Everything that is wrong with a draft by itself, without asking the database."""
    return [*_text_faults(draft), *_choice_faults(draft), *_preference_faults(draft), *_list_faults(draft)]


def _text_faults(draft: ContactDraft) -> Iterator[FieldError]:
    for name, maximum in LONGEST.items():
        value = getattr(draft, name)
        # What is plainly in order takes no more than this look: an import asks millions of times.
        if value is not UNSET and (len(value) > maximum or unstorable(value)):
            yield from fault_of_text(name, value, maximum)
    if draft.email and not is_email(draft.email):
        yield FieldError("email", "invalid_email")
    if draft.winnerr_key and not _KEPT_ID.match(draft.winnerr_key):
        yield FieldError("winnerr_key", "invalid_value")
    if draft.number is not UNSET and not 0 < draft.number <= LARGEST_KEPT_NUMBER:
        yield FieldError("number", "out_of_range", {"minimum": 1, "maximum": LARGEST_KEPT_NUMBER})


def fault_of_text(name: str, value: str, maximum: int) -> Iterator[FieldError]:
    """The fault of one text, if it has one: longer than ``maximum`` code points, or nothing a database could store."""
    if len(value) > maximum:
        yield FieldError(name, "too_long", {"maximum": maximum})
    elif unstorable(value):
        yield FieldError(name, "invalid_value")


def unstorable(value: str) -> bool:
    """Whether a database would refuse the text: NUL, or half of a surrogate pair."""
    return _UNSTORABLE.search(value) is not None


def _choice_faults(draft: ContactDraft) -> Iterator[FieldError]:
    for name, choices in CHOICES.items():
        value = getattr(draft, name)
        if value is not UNSET and value not in choices:
            yield FieldError(name, "invalid_value", {"choices": choices})


def _preference_faults(draft: ContactDraft) -> Iterator[FieldError]:
    if not draft.preferences:
        return
    for name in ("property_types", "locations"):
        yield from _faults_of_words(f"preferences.{name}", getattr(draft.preferences, name))
    method = draft.preferences.communication_method
    if method:
        yield from fault_of_text("preferences.communication_method", method, LONGEST_PREFERENCE)
    if isinstance(draft.preferences.price_range, PriceRange):
        yield from _faults_of_price(draft.preferences.price_range)


def _faults_of_words(name: str, words: Any) -> Iterator[FieldError]:
    if words is UNSET:
        return
    if len(words) > MOST_PREFERENCES:
        yield FieldError(name, "too_long", {"maximum": MOST_PREFERENCES, "items": True})
    for index, word in enumerate(words):
        yield from fault_of_text(f"{name}.{index}", word, LONGEST_PREFERENCE)


def _faults_of_price(price: PriceRange) -> Iterator[FieldError]:
    bounds = {name: value for name in ("min", "max") if (value := getattr(price, name)) not in (None, UNSET)}
    unusable = [name for name, value in bounds.items() if not (math.isfinite(value) and 0 <= value <= LARGEST_PRICE)]
    for name in unusable:
        yield FieldError(f"preferences.price_range.{name}", "out_of_range", {"minimum": 0, "maximum": LARGEST_PRICE})
    if not unusable:
        yield from _faults_of_order(bounds)


def _faults_of_order(price: Mapping[str, Any]) -> Iterator[FieldError]:
    lowest, highest = price.get("min"), price.get("max")
    if lowest is not None and highest is not None and lowest > highest:
        yield FieldError("preferences.price_range.max", "out_of_range", {"minimum": lowest})


def _list_faults(draft: ContactDraft) -> Iterator[FieldError]:
    for tags in (draft.tags, draft.tag_set, draft.added_tags):
        yield from tag_faults(tags)
    for name in ("further_emails", "further_phones", "further_assignees", "related_people"):
        rows = getattr(draft, name)
        if rows is not UNSET and len(rows) > MOST_CHILD_ROWS:
            yield FieldError(name, "too_long", {"maximum": MOST_CHILD_ROWS, "items": True})
    for index, medium in enumerate(draft.do_not_contact_by or ()):
        if medium not in Medium.values:
            yield FieldError(f"do_not_contact_by.{index}", "invalid_value", {"choices": Medium.values})
    yield from _further_point_faults(draft)
    for index, person in enumerate(draft.related_people or ()):
        for name, maximum in (("first_name", 100), ("last_name", 100), ("mobile", 40), ("notes", 2_000)):
            yield from fault_of_text(f"related_people.{index}.{name}", getattr(person, name), maximum)
        if person.email and not is_email(person.email):
            yield FieldError(f"related_people.{index}.email", "invalid_email")


def _further_point_faults(draft: ContactDraft) -> Iterator[FieldError]:
    for index, further in enumerate(draft.further_emails or ()):
        if not is_email(further.email):
            yield FieldError(f"further_emails.{index}.email", "invalid_email")
        yield from fault_of_text(f"further_emails.{index}.label", further.label, 50)
        yield from fault_of_text(f"further_emails.{index}.note", further.note, 500)
    for index, number in enumerate(draft.further_phones or ()):
        if not number.phone:
            yield FieldError(f"further_phones.{index}.phone", "required")
        yield from fault_of_text(f"further_phones.{index}.phone", number.phone, 40)
        yield from fault_of_text(f"further_phones.{index}.label", number.label, 50)
        yield from fault_of_text(f"further_phones.{index}.note", number.note, 500)


def tag_faults(tags: Any) -> Iterator[FieldError]:
    """What is wrong with a list of tag names."""
    if tags is UNSET:
        return
    if len(tags) > MOST_TAGS:
        yield FieldError("tags", "too_long", {"maximum": MOST_TAGS, "items": True})
    for index, name in enumerate(tags):
        if not name:
            yield FieldError(f"tags.{index}", "required")
        yield from fault_of_text(f"tags.{index}", name, LONGEST_TAG)


def apply(draft: ContactDraft, contact: Contact, *, region: str, now: datetime) -> None:
    """Make a contact's own columns say what the draft says, with everything that follows from it.

    ``region`` is where phone numbers without a country belong; ``now`` is the moment of the write, in UTC. Rows that
    hang on the contact (tags, further phones and so on) are the services' part. Raises ``Invalid`` for what the draft
    and the stored columns together make wrong.
    """
    was_reachable = bool(contact._state.adding or contact.email or contact.phone)
    former_company = contact.company_name
    for name in PLAIN_FIELDS:
        value = getattr(draft, name)
        if value is not UNSET:
            setattr(contact, name, value)
    _drop_remarks(draft, contact)
    if draft.is_reachable and was_reachable and not (contact.email or contact.phone):
        raise Invalid([FieldError("email", "required", message="or phone is required")])
    _apply_names(draft, contact, former_company)
    _apply_type(draft, contact, now)
    _apply_stage(contact, now)
    if draft.preferences is not UNSET:
        contact.preferences = merged_preferences(contact.preferences, draft.preferences)
    if draft.assigned_to is not UNSET:
        contact.assigned_to_id = draft.assigned_to
    if draft.extra is not UNSET:
        contact.extra = {**contact.extra, **draft.extra}
    if draft.custom_values is not UNSET:
        merged = {**contact.custom_values, **draft.custom_values}
        contact.custom_values = {key: value for key, value in merged.items() if value is not None}
    if not any((contact.full_name, contact.company_name, contact.email, contact.phone)):
        # Nothing to find it by, or to reach anybody with.
        raise Invalid([FieldError("full_name", "required")])
    set_comparison_forms(contact, region=region)


def set_comparison_forms(contact: Contact, *, region: str) -> None:
    """Bring in step what is compared instead of what was typed: names to sort by, address and number to match by."""
    contact.first_name_norm = fold(contact.first_name)[:LONGEST_SORT_KEY]
    contact.last_name_norm = fold(contact.last_name)[:LONGEST_SORT_KEY]
    contact.email_norm = normalise_email(contact.email)
    contact.phone_norm = normalise_phone(contact.phone, region)


def _drop_remarks(draft: ContactDraft, contact: Contact) -> None:
    """An address or number that is taken away takes its label and note along: the next one is another."""
    for name in ("email", "phone"):
        if getattr(draft, name) == "":
            for remark in (f"{name}_label", f"{name}_note"):
                if getattr(draft, remark) is UNSET:
                    setattr(contact, remark, "")


def _apply_names(draft: ContactDraft, contact: Contact, former_company: str) -> None:
    """Keep what was written, and the other forms in step with it; the same words sent back change none.

    ``former_company`` is what the company was called before this write.
    """
    parts = (
        contact.first_name if draft.first_name is UNSET else draft.first_name,
        contact.last_name if draft.last_name is UNSET else draft.last_name,
    )
    if parts != (contact.first_name, contact.last_name):
        contact.first_name, contact.last_name = parts
        contact.full_name = join_name(*parts)
    if draft.full_name is not UNSET and draft.full_name != contact.full_name:
        _apply_whole_name(draft, draft.full_name, contact)
    former = "" if draft.full_name else former_company
    if _is_company_alone(contact) and contact.full_name in (contact.company_name, former):
        # It has one name, and no second place where that could go stale.
        contact.full_name = ""


def _apply_whole_name(draft: ContactDraft, whole: str, contact: Contact) -> None:
    """Another whole name: of a company by itself it is the company's, unless the draft has one for that too.

    Raises ``Invalid`` for one that is too long for a company (docs/decisions/0025), or that has too long a part.
    """
    is_alone = _is_company_alone(contact)
    if is_alone and whole and not draft.company_name:
        if len(whole) > LONGEST["company_name"]:
            raise Invalid([FieldError("full_name", "too_long", {"maximum": LONGEST["company_name"]})])
        contact.full_name, contact.company_name = "", whole
        return
    contact.full_name = whole
    are_parts_said = draft.first_name is not UNSET or draft.last_name is not UNSET
    if not are_parts_said or not (contact.first_name or contact.last_name):
        contact.first_name, contact.last_name = split_name(whole, is_company=is_alone)
        if max(len(contact.first_name), len(contact.last_name)) > LONGEST["first_name"]:
            # One word of it is longer than any part of a name may be.
            raise Invalid([FieldError("full_name", "too_long", {"maximum": LONGEST["first_name"]})])


def _is_company_alone(contact: Contact) -> bool:
    """Whether it is a company without anybody's name beside its own."""
    return contact.is_company and not (contact.first_name or contact.last_name)


def _apply_type(draft: ContactDraft, contact: Contact, now: datetime) -> None:
    """Leaving LEAD is a conversion, whoever says so; coming back undoes it."""
    wanted = contact.type if draft.type is UNSET else draft.type
    if draft.is_lead is not UNSET and draft.is_lead != (wanted == ContactType.LEAD):
        wanted = ContactType.LEAD if draft.is_lead else ContactType.CLIENT
    if not contact._state.adding and wanted != contact.type:
        if wanted == ContactType.LEAD:
            contact.converted_at = None
        elif contact.type == ContactType.LEAD:
            contact.converted_at = now
    contact.type = wanted


def _apply_stage(contact: Contact, now: datetime) -> None:
    if contact.stage != ContactStage.APPLICANT:
        contact.applied_at = None
    elif contact.applied_at is None:
        # A contact that was known before it came here is taken for one that applied when it was made.
        contact.applied_at = contact.created_at if contact._state.adding else now


def merged_preferences(stored: dict[str, Any] | None, draft: PreferencesDraft | None) -> dict[str, Any] | None:
    """The stored preferences with what the draft says on top; None when nothing is left to say.

    Raises ``Invalid`` when a new bound of the price range and the stored other one are in the wrong order.
    """
    if draft is None:
        return None
    merged = dict(stored or {})
    for name in ("communication_method", "property_types", "locations"):
        value = getattr(draft, name)
        if value is not UNSET:
            merged[name] = list(value) if isinstance(value, tuple) else value
    if draft.price_range is not UNSET:
        merged["price_range"] = _merged_price(merged.get("price_range"), draft.price_range)
    # What is empty is left out: a part said to be empty and one that was never said are the same, and read the same.
    return {name: value for name, value in merged.items() if value} or None


def _merged_price(stored: dict[str, Any] | None, draft: PriceRange | None) -> dict[str, Any] | None:
    if draft is None:
        return None
    merged = dict.fromkeys(("min", "max")) | (stored or {})
    merged |= {name: value for name in merged if (value := getattr(draft, name)) is not UNSET}
    if found := list(_faults_of_order(merged)):
        raise Invalid(found)
    return merged if merged["min"] is not None or merged["max"] is not None else None
