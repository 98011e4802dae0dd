"""From who writes to whom we know: each sender's contact, found or to be made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from accounts.tenancy import current_organization
from activities.arrivals import Identity, Sender
from activities.models import IdentityKind, InboundChannel, SenderIdentity
from contacts.models import Contact, ContactEmail, ContactPhone, MergeReason
from contacts.normalise import normalise_email, normalise_phone
from contacts.phone_spellings import phone_spellings

LONGEST_NAME: Final = 255


@dataclass(eq=False)
class Place:
    """Where a sender's messages go: the contact's primary key, None until it is made.

    ``sender`` is what is known about somebody new. ``lookalikes`` are live contacts that have an address of the sender's,
    ``namesakes`` the places of the sender's other names. ``identities`` are those that are new for this contact.
    """

    sender: Sender
    contact_id: int | None = None
    is_new: bool = False
    has_shared_email: bool = False
    lookalikes: dict[int, MergeReason] = field(default_factory=dict)
    namesakes: list[Place] = field(default_factory=list)
    identities: dict[Identity, None] = field(default_factory=dict)

    @property
    def owner(self) -> int:
        """The contact's primary key, once there is a contact."""
        if self.contact_id is None:
            raise RuntimeError("asked for before its contact was made")
        return self.contact_id

    def same_people(self) -> dict[int, MergeReason]:
        """Who may be the same person as this contact, and why; of those who are not made yet, nothing is said."""
        named = (other.contact_id for other in self.namesakes)
        found = {**self.lookalikes, **{pk: MergeReason.SAME_SENDER for pk in named if pk is not None}}
        return {pk: reason for pk, reason in found.items() if pk != self.contact_id}


class Renaming(NamedTuple):
    """A name of a kind that stood for one contact, and stands for another now."""

    kind: str
    former: int
    contact_id: int


class Directory:
    """Everything needed to find the contacts of some senders, read with five statements however many they are.

    The caller holds the organization's inbound lock: nobody else makes contacts of senders meanwhile.
    """

    def __init__(self, senders: Sequence[Sender]) -> None:
        identities = {identity for sender in senders for identity in sender.identities}
        rows = _identity_rows(identities)
        live = _live({row.contact_id for row in rows.values()})
        self._rows = rows
        self._places: dict[Identity, Place] = {
            identity: Place(sender=Sender(identities=()), contact_id=row.contact_id)
            for identity, row in rows.items()
            if row.contact_id in live
        }
        wanted = {identity: sender for sender in senders for identity in sender.identities}
        self._owners = owners_of({each: sender for each, sender in wanted.items() if each not in self._places})

    def place_of(self, sender: Sender) -> Place:
        """Where this sender's messages go; the same object for every name of one sender.

        Known senders go where they went before; strangers to the one live contact with their address or telephone. Where
        several have it, or none, it is somebody new (RELIABILITY 3.5).
        """
        known = [self._places[identity] for identity in sender.identities if identity in self._places]
        place = known[0] if known else self._stranger(sender)
        if not place.sender.identities:
            place.sender = sender
        place.namesakes += [other for other in known[1:] if other is not place]
        for identity in sender.identities:
            if identity not in self._places:
                self._places[identity] = place
                place.identities[identity] = None
                if known:
                    place.lookalikes |= _lookalikes({identity: self._owners.get(identity, _NOBODY)})
        return place

    def remember(self, channels: Mapping[Place, InboundChannel], now: datetime) -> list[Renaming]:
        """Keep the names that are new for the contacts of these places, first seen on these channels; the others are seen again.

        A name whose contact was deleted goes over to the sender's new one (DESIGN section 4, decision 12); returns those.
        """
        fresh, moved, renamings = [], [], []
        for place, channel in channels.items():
            for position, identity in enumerate(place.identities):
                row = self._rows.get(identity)
                if row is None:
                    fresh.append(_new_row(identity, place, channel, now, is_first=position == 0))
                else:
                    renamings.append(Renaming(row.kind, row.contact_id, place.owner))
                    row.contact_id, row.last_seen_at = place.owner, now
                    moved.append(row)
        SenderIdentity.objects.bulk_create(fresh)
        SenderIdentity.objects.bulk_update(moved, ["contact", "last_seen_at"])
        seen = [row.pk for identity, row in self._rows.items() if self._places.get(identity) in channels]
        SenderIdentity.objects.filter(pk__in=seen).update(last_seen_at=now)
        return renamings

    def _stranger(self, sender: Sender) -> Place:
        """By the primary address, which one contact has at most; then by telephone and further addresses."""
        found = {identity: self._owners.get(identity, _NOBODY) for identity in sender.identities}
        for owners in found.values():
            if owners.primary is not None:
                return Place(sender=sender, contact_id=owners.primary)
            if len(owners.others) == 1:
                return Place(sender=sender, contact_id=next(iter(owners.others)))
        shared = any(owners.others for identity, owners in found.items() if identity.kind == IdentityKind.EMAIL)
        return Place(sender=sender, is_new=True, has_shared_email=shared, lookalikes=_lookalikes(found))


def _new_row(
    identity: Identity, place: Place, channel: InboundChannel, now: datetime, *, is_first: bool
) -> SenderIdentity:
    return SenderIdentity(
        contact_id=place.owner,
        channel=channel,
        kind=identity.kind,
        value=identity.value,
        name=place.sender.name[:LONGEST_NAME],
        made_contact=place.is_new and is_first,
        first_seen_at=now,
        last_seen_at=now,
    )


class Owners(NamedTuple):
    """Who has an address as the primary one; who has it besides, or has the telephone; who may have the telephone."""

    primary: int | None = None
    others: frozenset[int] = frozenset()
    alike: frozenset[int] = frozenset()

    @property
    def certain(self) -> frozenset[int]:
        return self.others if self.primary is None else self.others | {self.primary}


_NOBODY: Final = Owners()


def _lookalikes(found: Mapping[Identity, Owners]) -> dict[int, MergeReason]:
    """All who have or may have one of these addresses."""
    return {
        contact: MergeReason.SAME_EMAIL if identity.kind == IdentityKind.EMAIL else MergeReason.SAME_PHONE
        for identity, owners in found.items()
        for contact in owners.certain | owners.alike
    }


def identity_of_phone(phone: str) -> Identity:
    """The identity of a telephone as a provider writes it, internationally or in the organization's region."""
    return Identity(IdentityKind.PHONE, normalise_phone(phone, current_organization().phone_region) or phone.strip())


def identity_of_email(address: str) -> Identity:
    """The identity of a mailbox."""
    return Identity(IdentityKind.EMAIL, normalise_email(address))


def _identity_rows(identities: Iterable[Identity]) -> dict[Identity, SenderIdentity]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for identity in identities:
        by_kind[identity.kind].append(identity.value)
    rows = (
        row for kind, values in by_kind.items() for row in SenderIdentity.objects.filter(kind=kind, value__in=values)
    )
    return {Identity(row.kind, row.value): row for row in rows}


def _live(contact_ids: set[int]) -> set[int]:
    return (
        set(Contact.objects.active().filter(pk__in=contact_ids).values_list("pk", flat=True)) if contact_ids else set()
    )


def owners_of(wanted: Mapping[Identity, Sender]) -> Mapping[Identity, Owners]:
    """Live contacts by the addresses and telephones that senders have, as far as anybody has them."""
    phones = {identity: sender for identity, sender in wanted.items() if identity.kind == IdentityKind.PHONE}
    emails = [identity for identity in wanted if identity.kind == IdentityKind.EMAIL]
    return {**_owners_of_phones(phones), **_owners_of_emails(emails)}


def _owners_of_phones(senders: Mapping[Identity, Sender]) -> dict[Identity, Owners]:
    """By every form under which the telephones may be stored (CONTRACTS 7.11)."""
    region = current_organization().phone_region if senders else ""
    spellings = {identity: phone_spellings(identity.value, region, who.wrote_to) for identity, who in senders.items()}
    stored = _contacts_by_phone({form for each in spellings.values() for form in each.same | each.alike})
    return {
        identity: Owners(
            others=frozenset(contact for form in each.same for contact in stored.get(form, ())),
            alike=frozenset(contact for form in each.alike for contact in stored.get(form, ())),
        )
        for identity, each in spellings.items()
    }


def _contacts_by_phone(forms: set[str]) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    if not forms:
        return found
    # The index leaves out contacts without a telephone; PostgreSQL does not look through a long list to see that it may.
    primary = Contact.objects.active().filter(phone_norm__in=forms).exclude(phone_norm="")
    further = ContactPhone.objects.filter(phone_norm__in=forms, contact__deleted_at=None)
    for form, contact in (*primary.values_list("phone_norm", "pk"), *further.values_list("phone_norm", "contact_id")):
        found[form].add(contact)
    return found


def _owners_of_emails(identities: Sequence[Identity]) -> dict[Identity, Owners]:
    emails = [identity.value for identity in identities]
    if not emails:
        return {}
    primary = dict(Contact.objects.active().filter(email_norm__in=emails).values_list("email_norm", "pk"))
    others: dict[str, set[int]] = defaultdict(set)
    mailboxes = ContactEmail.objects.filter(email_norm__in=emails, contact__deleted_at=None)
    for value, contact in mailboxes.values_list("email_norm", "contact_id"):
        others[value].add(contact)
    return {each: Owners(primary.get(each.value), frozenset(others[each.value])) for each in identities}
