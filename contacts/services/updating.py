"""Changing contacts, many at once or one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid, PreconditionFailed
from accounts.identifiers import uuid7
from accounts.roles import Right
from accounts.tenancy import current_organization
from contacts import rules
from contacts.dedupe import holder_of_email, is_duplicate_email
from contacts.drafts import UNSET, ContactDraft
from contacts.events import ContactsChanged, contacts_updated
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import ChangeVerb, Contact
from contacts.services.changes import Change, difference, facts_of, record
from contacts.services.checks import check_members
from contacts.services.children import Children, kinds_touched, read_children, replace_children
from contacts.services.confirming import confirmations
from contacts.services.custom_values import with_clean_values
from contacts.services.derived import derive
from contacts.services.objecting import record_objections
from contacts.services.scoring_facts import current_weights
from contacts.services.tagging import replace_tags

# Columns a write may change, compared before and after to save only what differs.
_COLUMNS = tuple(
    field.attname
    for field in Contact._meta.concrete_fields
    if not field.generated
    and field.attname
    not in {"id", "organization_id", "uuid", "number", "winnerr_key", "version", "created_at", "updated_at"}
)
# A statement has a branch per row and differing column; longer ones cost more than a second statement.
_BATCH = 500
_SEARCHED = (
    "first_name",
    "last_name",
    "full_name",
    "is_company",
    "company_name",
    "email",
    "phone",
    "secondary_phone",
    "further_emails",
    "further_phones",
)
_ONLY_NEW = ("created_by", "uuid", "number", "winnerr_key", "created_at", "last_contacted_at")


@dataclass(frozen=True)
class _Pending:
    """One locked contact on its way from what it was to what it is to be."""

    contact: Contact
    columns_before: Mapping[str, Any]
    facts_before: Mapping[str, Any]
    children: Children
    children_before: Children
    scored: bool

    def changed_columns(self) -> dict[str, Any]:
        return {name: value for name, value in _columns(self.contact).items() if value != self.columns_before[name]}

    def change(self) -> Change | None:
        facts = facts_of(self.contact, self.children)
        return difference(self.contact.pk, self.facts_before, facts, scored=self.scored)


def update_contact(contact: Contact, draft: ContactDraft, *, actor: Actor, score: bool = False) -> Contact:
    """Change one contact and return it fresh. What the draft does not say stays; a draft that says nothing new writes nothing.

    ``score`` recomputes the lead score too (CONTRACTS W-C5). Raises ``Invalid``, ``DuplicateContact``, ``Forbidden``, and
    ``ContactNotFound`` when it is deleted or not the actor's to see.
    """
    found = update_contacts([contact.pk], draft, actor=actor, score=score)
    if contact.pk not in found:
        raise ContactNotFound(str(contact.pk))
    return found[contact.pk]


def update_contacts(
    contact_ids: Collection[int], draft: ContactDraft, *, actor: Actor, score: bool = False
) -> dict[int, Contact]:
    """Give many contacts the same change; returns those that exist and are the actor's to see, by primary key.

    Rows are locked in the order of their keys, so that two calls over the same rows cannot deadlock. All or nothing.
    Raises as ``update_contact`` does.
    """
    actor.require(Right.WRITE_CONTACTS)
    draft = _checked(draft)
    with transaction.atomic():
        check_members([draft])
        pending = _lock(contact_ids, draft, actor, score=score)
        apply = _applying(draft, score=score)
        for item in pending:
            apply(item)
        _store(pending, actor)
        _object(pending, draft, actor)
    return {item.contact.pk: item.contact for item in pending}


def update_each(
    contact_ids: Collection[int], draft: ContactDraft, *, actor: Actor, score: bool = False
) -> tuple[dict[int, Contact], dict[int, Exception]]:
    """Give many contacts the same change, each by itself: one that cannot have it keeps the others from nothing.

    Returns those that changed, and why the others did not, by primary key; those that do not exist, or are not the
    actor's to see, are in neither. The reasons are ``Invalid``, for what the draft and the stored contact together make
    wrong, or the database's ``IntegrityError``. Raises ``Invalid`` when the draft is wrong by itself, ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    draft = _checked(draft)
    with transaction.atomic():
        check_members([draft])
        pending, refused = _apply_each(draft, _lock(contact_ids, draft, actor, score=score), score=score)
        try:
            with transaction.atomic():
                _store(pending, actor)
        except (IntegrityError, DuplicateContact):
            # One of them: which, only each by itself can tell.
            pending, collided = _store_each(pending, actor)
            refused |= collided
        _object(pending, draft, actor)
    return {item.contact.pk: item.contact for item in pending}, refused


def _apply_each(
    draft: ContactDraft, pending: Sequence[_Pending], *, score: bool
) -> tuple[list[_Pending], dict[int, Exception]]:
    applied: list[_Pending] = []
    refused: dict[int, Exception] = {}
    apply = _applying(draft, score=score)
    for item in pending:
        try:
            apply(item)
            applied.append(item)
        except Invalid as error:
            refused[item.contact.pk] = error
    return applied, refused


def _store_each(pending: Sequence[_Pending], actor: Actor) -> tuple[list[_Pending], dict[int, Exception]]:
    stored: list[_Pending] = []
    refused: dict[int, Exception] = {}
    for item in pending:
        try:
            with transaction.atomic():
                _store([item], actor)
            stored.append(item)
        except (IntegrityError, DuplicateContact) as error:
            refused[item.contact.pk] = error
    return stored, refused


def hold_contact(contact: Contact, versions: Collection[int], *, actor: Actor) -> None:
    """Keep a contact as it is for the rest of the transaction, provided it is at one of the versions.

    Call it inside the transaction of the write it guards. Raises ``PreconditionFailed`` at any other version,
    ``ContactNotFound`` when it is deleted or not the actor's to see, ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    rows = Contact.objects.active().visible_to(actor).filter(pk=contact.pk).select_for_update(of=("self",))
    version = rows.values_list("version", flat=True).first()
    if version is None:
        raise ContactNotFound(str(contact.pk))
    if version not in versions:
        raise PreconditionFailed


def _checked(draft: ContactDraft) -> ContactDraft:
    """The draft as it is stored: whatever takes long, before the transaction that keeps others waiting."""
    if found := rules.faults(draft) + _faults_of_change(draft):
        raise Invalid(found)
    (draft,) = with_clean_values([draft])
    return draft


def _faults_of_change(draft: ContactDraft) -> list[FieldError]:
    return [FieldError(name, "invalid_value") for name in _ONLY_NEW if getattr(draft, name) is not UNSET]


def _columns(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in _COLUMNS}


def _lock(contact_ids: Collection[int], draft: ContactDraft, actor: Actor, *, score: bool) -> list[_Pending]:
    rows = Contact.objects.active().visible_to(actor).filter(pk__in=set(contact_ids)).order_by("pk")
    contacts = list(rows.select_for_update(of=("self",)))
    ids = [contact.pk for contact in contacts]
    kinds = kinds_touched(draft)
    if score or _is_searched_by(draft):
        kinds |= {"further_emails", "further_phones"}
    children = read_children(ids, kinds)
    return [
        _Pending(
            contact=contact,
            columns_before=_columns(contact),
            facts_before=facts_of(contact, children[contact.pk]),
            children=children[contact.pk].after(draft),
            children_before=children[contact.pk],
            scored=score,
        )
        for contact in contacts
    ]


def _is_searched_by(draft: ContactDraft) -> bool:
    """Whether the draft says anything that contacts are found by: search text is made of the further addresses too."""
    return any(getattr(draft, name) is not UNSET for name in _SEARCHED)


def _applying(draft: ContactDraft, *, score: bool) -> Callable[[_Pending], None]:
    """What makes one contact after another say what the draft says. Raises ``Invalid``."""
    region = current_organization().phone_region
    now = timezone.now()
    weights = current_weights() if score else None
    derives = score or _is_searched_by(draft)

    def apply(item: _Pending) -> None:
        # Added to those another write left, they may be too many.
        if too_many := list(rules.tag_faults(item.children.rows.get("tags", UNSET))):
            raise Invalid(too_many)
        rules.apply(draft, item.contact, region=region, now=now)
        if derives:
            derive(item.contact, item.children, weights, region=region)

    return apply


def _store(pending: Sequence[_Pending], actor: Actor) -> None:
    changes = {item.contact.pk: change for item in pending if (change := item.change()) is not None}
    changed = [item for item in pending if item.contact.pk in changes]
    same = confirmations([item.contact for item in pending if item.scored and item.contact.pk not in changes])
    if not changed and not same:
        return
    now = timezone.now()
    operation = uuid7()
    record(operation, ChangeVerb.UPDATED, [*changes.values(), *same], actor=actor, now=now)
    if not changed:
        return
    _store_columns(changed, now)
    _store_children(changed)
    fields = frozenset(name for change in changes.values() for name in change.changed_fields())
    event = ContactsChanged(operation=operation, contact_ids=frozenset(changes), actor=actor, fields=fields)
    contacts_updated.send(Contact, event=event)


def _object(pending: Sequence[_Pending], draft: ContactDraft, actor: Actor) -> None:
    if draft.do_not_contact_by:
        record_objections({item.contact.pk: draft.do_not_contact_by for item in pending}, actor=actor)


def _store_columns(pending: Sequence[_Pending], now: datetime) -> None:
    for start in range(0, len(pending), _BATCH):
        _update_rows(pending[start : start + _BATCH], now)
    for item in pending:
        moment = _moment_of(item, now)
        item.contact.version += 1
        item.contact.updated_at = moment


def _moment_of(item: _Pending, now: datetime) -> datetime:
    """When the row changed: never before it changed last, whatever the clock says."""
    if item.changed_columns().keys() <= {"lead_score"} and item.children == item.children_before:
        return item.contact.updated_at
    return max(now, item.contact.updated_at)


def _update_rows(pending: Sequence[_Pending], now: datetime) -> None:
    """Store every column that changed in any of the rows, in one statement for all of them."""
    names = {name for item in pending for name in item.changed_columns()}
    values = {name: {item.contact.pk: getattr(item.contact, name) for item in pending} for name in names}
    values["updated_at"] = {item.contact.pk: _moment_of(item, now) for item in pending}
    assignments = {name: _assignment(name, by_row) for name, by_row in values.items()}
    rows = Contact.objects.active().filter(pk__in=[item.contact.pk for item in pending])
    try:
        with transaction.atomic():
            rows.update(version=F("version") + 1, **assignments)
    except IntegrityError as error:
        if not is_duplicate_email(error):
            raise
        # A draft gives all rows the same address.
        email = pending[0].contact.email
        raise DuplicateContact(email, holder_of_email(email)) from error


def _assignment(name: str, by_row: Mapping[int, Any]) -> Any:
    """One value where all rows get the same, which is the usual case, else the value of each row."""
    first, *others = by_row.values()
    if all(value == first for value in others):
        return first
    field: models.Field[Any, Any] = Contact._meta.get_field(name)  # type: ignore[assignment]  # a column, never a relation back
    # Without a field None is NULL; a JSON field would make the document ``null`` of it.
    branches = (
        When(pk=pk, then=Value(value, output_field=None if value is None else field)) for pk, value in by_row.items()
    )
    choice = Case(*branches, output_field=field)
    return Cast(choice, output_field=field) if connection.features.requires_casted_case_in_updates else choice


def _store_children(pending: Sequence[_Pending]) -> None:
    region = current_organization().phone_region
    wanted: dict[str, dict[int, Any]] = defaultdict(dict)
    for item in pending:
        for name, rows in item.children.rows.items():
            if rows != item.children_before.rows[name]:
                wanted[name][item.contact.pk] = rows
    for name, by_contact in wanted.items():
        if name == "tags":
            replace_tags(by_contact, {item.contact.pk: item.contact.created_at for item in pending})
        else:
            replace_children(name, by_contact, region=region)
