"""Making contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Duplicate, Invalid
from accounts.identifiers import uuid7
from accounts.roles import Right
from accounts.tenancy import current_organization
from contacts import rules
from contacts.dedupe import holder_of_email, is_duplicate_email
from contacts.drafts import UNSET, ContactDraft
from contacts.events import ContactsChanged, contacts_created
from contacts.exceptions import DuplicateContact
from contacts.models import ChangeVerb, Contact
from contacts.normalise import normalise_email
from contacts.services.changes import creation, facts_of, record
from contacts.services.checks import check_members
from contacts.services.children import Children, kinds_touched, replace_children
from contacts.services.custom_values import with_clean_values
from contacts.services.derived import derive
from contacts.services.numbers import numbers_for
from contacts.services.objecting import record_objections
from contacts.services.scoring_facts import current_weights
from contacts.services.tagging import replace_tags

CHUNK = 1_000


def create_contact(draft: ContactDraft, *, actor: Actor, score: bool = True) -> Contact:
    """Make one contact. ``score`` False leaves its lead score 0 (CONTRACTS W-C5).

    Raises ``Invalid`` with every fault at once, ``DuplicateContact`` when a live contact has the primary e-mail,
    ``Forbidden``.
    """
    for chunk in create_contacts([draft], actor=actor, score=score):
        return chunk[0]
    raise AssertionError("one draft makes one chunk")


def create_contacts(drafts: Iterable[ContactDraft], *, actor: Actor, score: bool = True) -> Iterator[list[Contact]]:
    """Make contacts in chunks of up to 1,000, each committed as a whole or, on the first refusal, not at all.

    Raises what ``create_contact`` raises, for the first draft at fault; chunks yielded before it are kept.
    """
    actor.require(Right.WRITE_CONTACTS)
    operation = uuid7()
    remaining = iter(drafts)
    while chunk := _checked(islice(remaining, CHUNK)):
        try:
            with transaction.atomic():
                contacts = _create_chunk(chunk, operation, actor, score=score)
        except IntegrityError as error:
            # The partial unique index decides who has an address, however many try at once.
            if not is_duplicate_email(error):
                raise
            raise _duplicate_among(chunk) from error
        yield contacts


def _checked(drafts: Iterable[ContactDraft]) -> list[ContactDraft]:
    """The drafts as they are stored: whatever takes long, before the transaction that keeps others waiting."""
    drafts = list(drafts)
    for draft in drafts:
        if found := rules.faults(draft):
            raise Invalid(found)
    return with_clean_values(drafts)


def _create_chunk(drafts: Sequence[ContactDraft], operation: UUID, actor: Actor, *, score: bool) -> list[Contact]:
    check_members(drafts)
    _check_kept_ids(drafts)
    region = current_organization().phone_region
    now = timezone.now()
    weights = current_weights() if score else None
    numbers = numbers_for([None if draft.number is UNSET else draft.number for draft in drafts])
    contacts, children = [], []
    for draft, number in zip(drafts, numbers, strict=True):
        contact = _new_contact(draft, number, actor, now)
        rules.apply(draft, contact, region=region, now=now)
        own = Children().after(draft)
        derive(contact, own, weights, region=region)
        contacts.append(contact)
        children.append(own)
    Contact.objects.bulk_create(contacts)
    _insert_children(drafts, contacts, children, region)
    changes = [creation(contact.pk, facts_of(contact, own)) for contact, own in zip(contacts, children, strict=True)]
    record(operation, ChangeVerb.CREATED, changes, actor=actor, now=now)
    pairs = zip(contacts, drafts, strict=True)
    objected = {contact.pk: media for contact, draft in pairs if (media := draft.do_not_contact_by)}
    record_objections(objected, actor=actor)
    ids = frozenset(contact.pk for contact in contacts)
    contacts_created.send(Contact, event=ContactsChanged(operation=operation, contact_ids=ids, actor=actor))
    return contacts


def _new_contact(draft: ContactDraft, number: int, actor: Actor, now: datetime) -> Contact:
    created_at = now if draft.created_at is UNSET else draft.created_at
    return Contact(
        uuid=draft.uuid or uuid7(),
        number=number,
        winnerr_key=draft.winnerr_key or None,
        # Whoever sees only what is assigned to them keeps what they make, unless the draft says whose it is.
        assigned_to_id=None if actor.sees_all_contacts else actor.member_id,
        created_by_id=draft.created_by or actor.member_id,
        created_at=created_at,
        updated_at=created_at,
        last_contacted_at=draft.last_contacted_at or None,
    )


def _check_kept_ids(drafts: Sequence[ContactDraft]) -> None:
    """Ids that other systems gave are kept where they are free. Raises ``Duplicate``."""
    for name in ("uuid", "number", "winnerr_key"):
        kept = [value for draft in drafts if (value := getattr(draft, name))]
        if kept:
            taken = Contact.objects.filter(**{f"{name}__in": kept}).values_list(name, "pk").first()
            if taken is not None:
                raise Duplicate("contact", name, str(taken[0]), taken[1])


def _duplicate_among(drafts: Sequence[ContactDraft]) -> DuplicateContact:
    """Which of the rows was refused: one whose address is stored already, or comes twice."""
    seen: set[str] = set()
    addresses = [draft.email or "" for draft in drafts]
    for address in addresses:
        norm = normalise_email(address)
        holder = holder_of_email(address)
        if holder is not None or (norm and norm in seen):
            return DuplicateContact(address, holder)
        seen.add(norm)
    # Whoever had it let go in between; the caller may simply try again.
    return DuplicateContact(addresses[0])


def _insert_children(
    drafts: Sequence[ContactDraft], contacts: Sequence[Contact], children: Sequence[Children], region: str
) -> None:
    touched = set().union(*(kinds_touched(draft) for draft in drafts))
    for name in touched:
        wanted = {
            contact.pk: own.rows[name] for contact, own in zip(contacts, children, strict=True) if own.rows.get(name)
        }
        if wanted and name == "tags":
            replace_tags(wanted, {contact.pk: contact.created_at for contact in contacts}, existing=False)
        elif wanted:
            replace_children(name, wanted, region=region, existing=False)
