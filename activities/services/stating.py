"""What messages say about further ones: whose statements they are, and whom they follow.

A statement belongs to the telephone, mailbox or user it came from: it is written on every contact that can be reached there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from accounts.actor import Actor
from activities.arrivals import Identity, InboundEvent
from activities.models import Communication, IdentityKind
from activities.services.senders import Owners, Renaming, owners_of
from contacts.consent import statement_in
from contacts.models import Medium
from contacts.services.consenting import Statement, carry_consents, record_consents

# By which names of a sender a medium reaches them; several contacts may have such an address.
_ADDRESS_OF: Final[Mapping[str, IdentityKind]] = {
    Medium.SMS: IdentityKind.PHONE,
    Medium.WHATSAPP: IdentityKind.PHONE,
    Medium.EMAIL: IdentityKind.EMAIL,
}
_MEDIA_OF: Final[Mapping[str, tuple[Medium, ...]]] = {
    IdentityKind.PHONE: (Medium.SMS, Medium.WHATSAPP),
    IdentityKind.EMAIL: (Medium.EMAIL,),
    IdentityKind.TELEGRAM: (Medium.TELEGRAM,),
    IdentityKind.WHATSAPP: (Medium.WHATSAPP,),
    IdentityKind.WHATSAPP_PARENT: (Medium.WHATSAPP,),
}


class _Stated(NamedTuple):
    event: InboundEvent
    row: Communication
    words: str
    is_given: bool

    def addresses(self) -> list[Identity]:
        kind = _ADDRESS_OF.get(self.row.kind)
        return [each for each in self.event.sender.identities if each.kind == kind] if self.event.sender else []

    def contacts(self, owners: Mapping[Identity, Owners]) -> list[int]:
        """Objections also go to those who only may have the address: no one is opened by what may be another's words."""
        found = {self.row.contact_id}
        for each in (owners[address] for address in self.addresses() if address in owners):
            found |= each.certain if self.is_given else each.certain | each.alike
        return sorted(found)


def take_statements(said: Sequence[tuple[InboundEvent, Communication]], actor: Actor) -> None:
    """Write down what messages say about further ones, each for all live contacts that have its sender's address."""
    stated = [_Stated(event, row, *each) for event, row in said for each in _statements_in(event, row.kind)]
    senders = {address: each.event.sender for each in stated for address in each.addresses() if each.event.sender}
    owners = owners_of(senders)
    statements = [
        Statement(
            contact_id=contact,
            medium=each.row.kind,
            is_given=each.is_given,
            words=each.words,
            stated_at=each.row.occurred_at,
            communication=each.row.uuid,
        )
        for each in stated
        for contact in each.contacts(owners)
    ]
    if statements:
        record_consents(statements, actor=actor)


def follow(renamings: Iterable[Renaming], actor: Actor) -> None:
    """What was said under a name goes with it to the contact it stands for now."""
    moves = {
        (each.former, each.contact_id, medium.value) for each in renamings for medium in _MEDIA_OF.get(each.kind, ())
    }
    if moves:
        carry_consents(moves, actor=actor)


def _statements_in(event: InboundEvent, kind: str) -> list[tuple[str, bool]]:
    """What a message says about further ones, and in which words; what its provider says of it goes before its words."""
    if event.consent is not None:
        return [(event.text, event.consent)]
    stated = ((words, statement_in(words, kind)) for words in (event.text, event.subject))
    # Anybody can send mail in anybody's name: it may close the door, and not open it.
    believed = {True, False} if kind != Medium.EMAIL else {False}
    return [(words, is_given) for words, is_given in stated if is_given in believed]
