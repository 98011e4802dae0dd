"""What a row changes of a contact that is there already: the policies ``fill`` and ``update``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, TypeVar

from contacts.drafts import UNSET, ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange
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
    draft: ContactDraft,
    contact: Contact,
    children: Children,
    policy: OnDuplicate,
    *,
    region: str,
    defaulted: Collection[str] = (),
) -> ContactDraft:
    """The change that a row's draft is to a stored contact, under ``FILL`` or ``UPDATE``; it may say nothing new.

    Neither takes anything away; objections are handed on. Lists (tags, further addresses and numbers, related people,
    assignees) are added to. An
    address or number of the row that differs from the stored one becomes a further one under ``FILL``; under ``UPDATE``
    it becomes the first, and the one that was stays as a further one. A postal address is filled as a whole, or not at
    all: two halves make none. Fields of the draft that are ``defaulted``, because the row did not say them, only fill.
    Needs all kinds of children.
    """
    fills = policy is OnDuplicate.FILL
    single = _filled(draft, contact) if fills else _replaced(draft, contact, defaulted)
    emails, primary_email = _emails(draft, contact, children, fills=fills)
    phones, primary_phone = _phones(draft, contact, children, region, fills=fills)
    return ContactDraft(**single, **primary_email, **primary_phone, **emails, **phones, **_lists(draft, children))


def _filled(draft: ContactDraft, contact: Contact) -> dict[str, Any]:
    said: dict[str, Any] = {}
    # A whole name would be a company's own, which it has.
    is_named_company = contact.is_company and bool(contact.company_name)
    if not is_named_company and not any(getattr(contact, name) for name in _NAMES):
        said |= _of(draft, _NAMES)
    if not any(getattr(contact, name) for name in _ADDRESS):
        said |= _of(draft, _ADDRESS)
    said |= _of(draft, [name for name in _TEXTS if not getattr(contact, name)])
    if contact.assigned_to_id is None:
        said |= _of(draft, ["assigned_to"])
    if draft.preferences:
        stored = contact.preferences or {}
        said["preferences"] = _preferences(draft.preferences, [name for name in _PREFERENCES if name not in stored])
    for name in ("custom_values", "extra"):
        said |= _entries(draft, name, without=getattr(contact, name))
    return said


def _preferences(wanted: PreferencesDraft, names: Iterable[str]) -> PreferencesDraft:
    """Those parts that say something: an empty one takes none away."""
    values = {name: getattr(wanted, name) for name in names}
    if isinstance(price := values.get("price_range"), PriceRange):
        values["price_range"] = PriceRange(**_said(min=price.min, max=price.max))
    return PreferencesDraft(**{name: value for name, value in values.items() if value not in (UNSET, None, "", ())})


def _said(**bounds: Any) -> dict[str, Any]:
    return {name: value for name, value in bounds.items() if value not in (UNSET, None)}


def _entries(draft: ContactDraft, name: str, *, without: Collection[str] = ()) -> dict[str, Any]:
    """A mapping of the draft, as far as it says something: an empty cell takes no value away."""
    given = getattr(draft, name) or {}
    entries = {key: value for key, value in given.items() if value is not None and key not in without}
    return {name: entries} if entries else {}


def _replaced(draft: ContactDraft, contact: Contact, defaulted: Collection[str]) -> dict[str, Any]:
    names = [*_NAMES, *_ADDRESS, *_TEXTS, *_ALWAYS_SET, "assigned_to"]
    said = _of(draft, [name for name in names if name not in defaulted or not _has(contact, name)])
    if draft.preferences:
        said["preferences"] = _preferences(draft.preferences, _PREFERENCES)
    return said | _entries(draft, "custom_values") | _entries(draft, "extra")


def _has(contact: Contact, name: str) -> bool:
    return bool(contact.assigned_to_id if name == "assigned_to" else getattr(contact, name))


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
    if tags := (*(draft.tags or ()), *(draft.tag_set or ()), *(draft.added_tags or ())):
        said["added_tags"] = tuple(dict.fromkeys(tags))
    if draft.do_not_contact_by:
        said["do_not_contact_by"] = draft.do_not_contact_by
    for name in ("related_people", "further_assignees"):
        stored = children.rows[name]
        new = [entry for entry in getattr(draft, name) or () if entry not in stored]
        if new:
            said[name] = (*stored, *dict.fromkeys(new))
    return said
