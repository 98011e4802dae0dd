"""What a row changes of a contact that is there already: the policies ``fill`` and ``update``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from contacts.drafts import UNSET, ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft
from contacts.importing.options import OnDuplicate
from contacts.models import Contact
from contacts.normalise import normalise_email, normalise_phone
from contacts.services.children import Children

_NAMES: Final = ("first_name", "last_name", "full_name")
_ADDRESS: Final = ("street", "city", "state", "zip_code", "country")
# Text that is empty where nobody has said anything yet.
_TEXTS: Final = ("company_name", "source", "referral_source", "channel_preference", "notes")
# What every contact has some value of, so that nothing is ever missing there.
_ALWAYS_SET: Final = ("is_company", "type", "is_lead", "status", "stage", "role", "language")
_PREFERENCES: Final = ("communication_method", "property_types", "price_range", "locations")
_Entry = TypeVar("_Entry")


def merged(
    draft: ContactDraft, contact: Contact, children: Children, policy: OnDuplicate, *, region: str
) -> ContactDraft:
    """The change that a row's draft is to a stored contact, under ``FILL`` or ``UPDATE``; it may say nothing new.

    Neither takes anything away. Lists (tags, further addresses and numbers, related people, assignees) are added to. An
    address or number of the row that differs from the stored one becomes a further one under ``FILL``; under ``UPDATE``
    it becomes the first, and the one that was stays as a further one. A postal address is filled as a whole, or not at
    all: two halves make none. Needs all kinds of children.
    """
    fills = policy is OnDuplicate.FILL
    single = _filled(draft, contact) if fills else _replaced(draft)
    emails, primary_email = _emails(draft, contact, children, fills=fills)
    phones, primary_phone = _phones(draft, contact, children, region, fills=fills)
    return ContactDraft(**single, **primary_email, **primary_phone, **emails, **phones, **_lists(draft, children))


def _filled(draft: ContactDraft, contact: Contact) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if not any(getattr(contact, name) for name in _NAMES):
        said |= _of(draft, _NAMES)
    if not any(getattr(contact, name) for name in _ADDRESS):
        said |= _of(draft, _ADDRESS)
    said |= _of(draft, [name for name in _TEXTS if not getattr(contact, name)])
    if contact.assigned_to_id is None:
        said |= _of(draft, ["assigned_to"])
    if draft.preferences:
        said["preferences"] = _missing_preferences(draft.preferences, contact.preferences or {})
    for name in ("custom_values", "extra"):
        if given := getattr(draft, name):
            stored = getattr(contact, name)
            said[name] = {key: value for key, value in given.items() if value is not None and key not in stored}
    return said


def _missing_preferences(wanted: PreferencesDraft, stored: Mapping[str, Any]) -> PreferencesDraft:
    return PreferencesDraft(**{name: getattr(wanted, name) for name in _PREFERENCES if name not in stored})


def _replaced(draft: ContactDraft) -> dict[str, Any]:
    said = _of(draft, (*_NAMES, *_ADDRESS, *_TEXTS, *_ALWAYS_SET, "assigned_to", "preferences", "extra"))
    if draft.custom_values:
        # An empty cell says nothing: it takes no value away.
        said["custom_values"] = {key: value for key, value in draft.custom_values.items() if value is not None}
    return said


def _of(draft: ContactDraft, names: Iterable[str]) -> dict[str, Any]:
    """Those of the fields that say something. Empty text in a file says nothing."""
    values = {name: getattr(draft, name) for name in names}
    return {name: value for name, value in values.items() if value not in (UNSET, None, "")}


def _emails(
    draft: ContactDraft, contact: Contact, children: Children, *, fills: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The further e-mails, and the first one where it changes."""
    given = (
        EmailDraft(email=draft.email, label=draft.email_label or "", note=draft.email_note or "")
        if draft.email
        else None
    )
    stored = (
        EmailDraft(email=contact.email, label=contact.email_label, note=contact.email_note) if contact.email else None
    )
    first, further = _first_and_further(
        stored,
        given,
        children.rows["further_emails"],
        draft.further_emails or (),
        lambda entry: normalise_email(entry.email),
        fills=fills,
    )
    primary = {} if first is None else {"email": first.email, "email_label": first.label, "email_note": first.note}
    return {} if further is None else {"further_emails": further}, primary


def _phones(
    draft: ContactDraft, contact: Contact, children: Children, region: str, *, fills: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    given = (
        PhoneDraft(phone=draft.phone, label=draft.phone_label or "", note=draft.phone_note or "")
        if draft.phone
        else None
    )
    stored = (
        PhoneDraft(phone=contact.phone, label=contact.phone_label, note=contact.phone_note) if contact.phone else None
    )
    added = draft.further_phones or ()
    if draft.secondary_phone:
        added = (PhoneDraft(phone=draft.secondary_phone), *added)
    first, further = _first_and_further(
        stored,
        given,
        children.rows["further_phones"],
        added,
        lambda entry: normalise_phone(entry.phone, region) or entry.phone,
        fills=fills,
    )
    primary = {} if first is None else {"phone": first.phone, "phone_label": first.label, "phone_note": first.note}
    return {} if further is None else {"further_phones": further}, primary


def _first_and_further(
    stored: _Entry | None,
    given: _Entry | None,
    stored_further: Sequence[_Entry],
    given_further: Sequence[_Entry],
    key: Callable[[_Entry], str],
    *,
    fills: bool,
) -> tuple[_Entry | None, tuple[_Entry, ...] | None]:
    """The new first entry and the new further ones, None for what stays."""
    candidates = list(given_further)
    first: _Entry | None = None
    if given is not None and (stored is None or key(given) != key(stored)):
        if stored is None or not fills:
            first = given
            candidates = [*([stored] if stored is not None else []), *candidates]
        else:
            candidates = [given, *candidates]
    present = first if first is not None else stored
    # The one that becomes the first is no further one any more.
    kept = [entry for entry in stored_further if first is None or key(entry) != key(first)]
    known = {key(entry) for entry in kept} | ({key(present)} if present is not None else set())
    for entry in candidates:
        if key(entry) not in known:
            known.add(key(entry))
            kept.append(entry)
    further = tuple(kept)
    return first, None if further == tuple(stored_further) else further


def _lists(draft: ContactDraft, children: Children) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if draft.tags:
        said["added_tags"] = draft.tags
    for name in ("related_people", "further_assignees"):
        stored = children.rows[name]
        new = [entry for entry in getattr(draft, name) or () if entry not in stored]
        if new:
            said[name] = (*stored, *dict.fromkeys(new))
    return said
