"""The rows that hang on contacts, read and replaced for many contacts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import Any

from django.db import models

from accounts.among import among
from contacts.drafts import UNSET, ContactDraft, EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.models import ContactAssignee, ContactEmail, ContactPhone, RelatedPerson, TaggedContact
from contacts.normalise import normalise_email, normalise_phone


@dataclass(frozen=True)
class Kind:
    """One kind of child rows: how a row becomes a value, and a value the columns of a row."""

    model: type[models.Model]
    owner: str
    columns: tuple[str, ...]
    value: Callable[..., Any]
    row: Callable[[Any, str], dict[str, Any]]


def _email_row(draft: EmailDraft, region: str) -> dict[str, Any]:
    return {**asdict(draft), "email_norm": normalise_email(draft.email)}


def _phone_row(draft: PhoneDraft, region: str) -> dict[str, Any]:
    return {**asdict(draft), "phone_norm": normalise_phone(draft.phone, region)}


KINDS: dict[str, Kind] = {
    "further_emails": Kind(
        ContactEmail,
        "contact_id",
        ("email", "label", "note"),
        lambda email, label, note: EmailDraft(email=email, label=label, note=note),
        _email_row,
    ),
    "further_phones": Kind(
        ContactPhone,
        "contact_id",
        ("phone", "label", "note"),
        lambda phone, label, note: PhoneDraft(phone=phone, label=label, note=note),
        _phone_row,
    ),
    "further_assignees": Kind(
        ContactAssignee,
        "contact_id",
        ("member_id",),
        lambda member_id: member_id,
        lambda member_id, region: {"member_id": member_id},
    ),
    "related_people": Kind(
        RelatedPerson,
        "contact_id",
        ("first_name", "last_name", "mobile", "email", "notes"),
        lambda first_name, last_name, mobile, email, notes: RelatedPersonDraft(
            first_name=first_name, last_name=last_name, mobile=mobile, email=email, notes=notes
        ),
        lambda person, region: asdict(person),
    ),
    "tags": Kind(
        TaggedContact,
        "content_object_id",
        ("tag__name",),
        lambda name: name,
        # A tag's row is made by ``contacts.services.tagging``, which knows the catalogue.
        lambda name, region: {},
    ),
}


@dataclass(frozen=True)
class Children:
    """The children of one contact by kind, in order; a kind that was not read is absent."""

    rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """As JSON, for the record of changes."""
        return {name: [_as_json(value) for value in values] for name, values in self.rows.items()}

    def phones(self) -> list[str]:
        return [phone.phone for phone in self.rows.get("further_phones", ())]

    def emails(self) -> list[str]:
        return [email.email for email in self.rows.get("further_emails", ())]

    def after(self, draft: ContactDraft) -> Children:
        """What the draft makes of them. Needs the kinds of ``kinds_touched``."""
        rows = dict(self.rows)
        for name in KINDS:
            wanted = getattr(draft, name)
            if wanted is not UNSET:
                rows[name] = tuple(dict.fromkeys(wanted)) if name in ("tags", "further_assignees") else tuple(wanted)
        if draft.tag_set is not UNSET:
            kept = [name for name in rows.get("tags", ()) if name in draft.tag_set]
            rows["tags"] = tuple(dict.fromkeys((*kept, *draft.tag_set)))
        if draft.removed_tags is not UNSET:
            rows["tags"] = tuple(name for name in rows.get("tags", ()) if name not in draft.removed_tags)
        if draft.added_tags is not UNSET:
            rows["tags"] = tuple(dict.fromkeys((*rows.get("tags", ()), *draft.added_tags)))
        if draft.secondary_phone is not UNSET:
            rows["further_phones"] = _with_secondary(rows.get("further_phones", ()), draft.secondary_phone)
        return Children(rows)


def _with_secondary(phones: Sequence[PhoneDraft], number: str) -> tuple[PhoneDraft, ...]:
    """The further phones with another first number; an empty one takes the first away."""
    first, rest = phones[:1], tuple(phones[1:])
    if not number:
        return rest
    kept = first[0] if first else PhoneDraft(phone=number)
    return (replace(kept, phone=number), *rest)


def _as_json(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def kinds_touched(draft: ContactDraft) -> set[str]:
    """The kinds a draft may replace."""
    touched = {name for name in KINDS if getattr(draft, name) is not UNSET}
    if any(tags is not UNSET for tags in (draft.tag_set, draft.added_tags, draft.removed_tags)):
        touched.add("tags")
    return touched | {"further_phones"} if draft.secondary_phone is not UNSET else touched


def read_children(contact_ids: Collection[int], kinds: Iterable[str]) -> dict[int, Children]:
    """The children of each contact, one statement per kind."""
    rows: dict[int, dict[str, list[Any]]] = {contact_id: {} for contact_id in contact_ids}
    for name in kinds:
        kind = KINDS[name]
        found: dict[int, list[Any]] = defaultdict(list)
        queryset = kind.model._default_manager.filter(among(kind.owner, contact_ids))
        for owner_id, *columns in queryset.order_by("position", "id").values_list(kind.owner, *kind.columns):
            found[owner_id].append(kind.value(*columns))
        for contact_id in contact_ids:
            rows[contact_id][name] = found[contact_id]
    return {
        contact_id: Children({name: tuple(values) for name, values in by_kind.items()})
        for contact_id, by_kind in rows.items()
    }


def replace_children(name: str, wanted: Mapping[int, Sequence[Any]], *, region: str, existing: bool = True) -> None:
    """Make each contact's rows of one kind (never tags) exactly the wanted ones. ``existing`` is False for new contacts."""
    kind = KINDS[name]
    if existing:
        kind.model._default_manager.filter(among(kind.owner, wanted)).delete()
    kind.model._default_manager.bulk_create(
        kind.model(**{kind.owner: contact_id}, position=position, **kind.row(value, region))
        for contact_id, values in wanted.items()
        for position, value in enumerate(values)
    )
