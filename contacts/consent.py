"""Whether somebody may be spoken to: the one gate for everything that sends or exports.

Two things close it: the status ``DO_NOT_CONTACT``, for every medium, and the newest ``Consent`` of a medium, for that
one. Nobody has to agree beforehand: who says nothing may be answered.

An objection belongs to a telephone or mailbox more than to a row: it closes the medium for every contact that has the
address, until that contact consents later. So it outlives the contact it was written on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from contacts.models import Consent, Contact, ContactEmail, ContactPhone, ContactStatus, Medium
from contacts.normalise import fold
from contacts.querysets import ContactQuerySet

# As people write them, compared without case, accents and punctuation, and only when they are all that is said.
# English ones as carriers and Twilio take them; the same words in other languages, which carriers do not know.
_STOP: Final = """
stop|stop all|stopall|unsubscribe|optout|opt out|remove me|stop messages|do not contact me
stopp|abmelden|abbestellen|austragen|keine nachrichten mehr
arret|arreter|desabonner|desinscription|desinscrire
baja|darme de baja|no mas mensajes
sair|descadastrar|cancelar inscricao
disiscrivimi|cancellami
afmelden|uitschrijven
afmeld|avmeld
wypisz|odhlasit|leiratkozas|dezabonare
στοπ|διακοπη|διαγραφη|απεγγραφη
стоп|отписаться|отписка|отпиши
abonelikten cik
توقف|إيقاف|הסר|停止|退订|停止配信|중지
"""
# Carriers stop at these as well; anywhere else they answer a question: "Cancel" the viewing, "basta" the coffee.
_STOP_BY_SMS: Final = """
cancel|end|quit|revoke|parar|cancelar|alto|annulla|basta|avsluta|peruuta|lopeta|koniec|dur|iptal
"""
_START: Final = """
start|unstop|subscribe|resume|opt in|optin
anmelden|reprendre|alta|reanudar|iniciar|riprendi|aanmelden
εναρξη|εγγραφη|старт|подписаться|başla
"""
_LONGEST_WORDS: Final = 60
# Contacts looked up at once.
_LOOKED_UP: Final = 5_000
_NOT_WORDS: Final = re.compile(r"[^\w]+")


def _bare(text: str) -> str:
    return " ".join(_NOT_WORDS.sub(" ", fold(text)).split())


def _words(listed: str) -> frozenset[str]:
    return frozenset(_bare(words) for line in listed.split("\n") for words in line.split("|") if words.strip())


_STOP_WORDS: Final = _words(_STOP)
_STOP_WORDS_BY_SMS: Final = _STOP_WORDS | _words(_STOP_BY_SMS)
_START_WORDS: Final = _words(_START)


def statement_in(text: str, medium: str) -> bool | None:
    """What a message says about further ones: False for a word that stops them, True for one that asks for them again.

    None for everything else: a sentence that merely contains such a word is an answer for people to read. By SMS, more
    words stop: carriers hold on to them whatever was meant.
    """
    if len(text) > _LONGEST_WORDS:
        return None
    said = _bare(text)
    if said in (_STOP_WORDS_BY_SMS if medium == Medium.SMS else _STOP_WORDS):
        return False
    return True if said in _START_WORDS else None


def contactable(contacts: ContactQuerySet[Contact], medium: str) -> QuerySet[Any]:
    """Those of the contacts who may be spoken to by a medium (a value of ``Medium``)."""
    return _unobjected(contacts.exclude(status=ContactStatus.DO_NOT_CONTACT), medium)


def _unobjected(contacts: ContactQuerySet[Contact], medium: str) -> QuerySet[Any]:
    """Those whom no objection closes a medium to."""
    stated = Consent.objects.filter(contact=OuterRef("pk"), medium=medium).order_by("-stated_at", "-id")
    newest = contacts.annotate(
        consent_given=Subquery(stated.values("is_given")[:1]),
        consent_stated_at=Subquery(stated.values("stated_at")[:1]),
    )
    willing = newest.filter(Q(consent_given=None) | Q(consent_given=True))
    address = ADDRESS_OF.get(medium)
    return willing.filter(~_is_objected(address, medium)) if address else willing


def objecting_contacts(medium: str) -> set[int]:
    """The primary keys of all contacts whom an objection closes a medium to; status aside, as ``contactable`` decides.

    For who goes through the whole address book: contacts are looked up by objections, of which there are few, and not the
    other way round.
    """
    standing = _standing_objections().filter(medium=medium)
    keys = set(standing.values_list("contact_id", flat=True))
    address = ADDRESS_OF.get(medium)
    if keys and address:
        for path, condition in address.of_objectors():
            addresses = standing.filter(condition).values(path)
            keys |= set(Contact.objects.filter(**{f"{address.column}__in": addresses}).values_list("pk", flat=True))
            further = address.further.objects.filter(**{f"{address.column}__in": addresses})
            keys |= set(further.values_list("contact_id", flat=True))
    ordered = sorted(keys)
    for first in range(0, len(ordered), _LOOKED_UP):
        asked = Contact.objects.filter(pk__in=ordered[first : first + _LOOKED_UP])
        keys -= set(_unobjected(asked, medium).values_list("pk", flat=True))
    return keys


def may_be_contacted(contact: Contact, medium: str) -> bool:
    """Whether one contact may be spoken to by a medium, as it is stored now; never a deleted one."""
    return contactable(Contact.objects.active().filter(pk=contact.pk), medium).exists()


@dataclass(frozen=True)
class Standing:
    """Whether a contact may be spoken to by one medium, and the statement that counts there, None when nothing was said."""

    medium: Medium
    is_open: bool
    consent: Consent | None


def standings_of(contact: Contact) -> list[Standing]:
    """How a contact stands with each medium, as ``may_be_contacted`` decides."""
    consents = current_consents(contact)
    is_closed = not contact.is_live or contact.status == ContactStatus.DO_NOT_CONTACT
    return [
        Standing(medium, not is_closed and (consent is None or consent.is_given), consent)
        for medium in Medium
        for consent in [consents.get(medium)]
    ]


def current_consents(contact: Contact) -> dict[str, Consent]:
    """The statement that counts, by medium; media nothing was said about are left out.

    It may be an objection that was written on another contact with the same telephone or mailbox, a deleted one even.
    """
    newest: dict[str, Consent] = {}
    for consent in Consent.objects.filter(contact=contact).order_by("-stated_at", "-id"):
        newest.setdefault(consent.medium, consent)
    for objection in _objections_elsewhere(contact):
        own = newest.get(objection.medium)
        if own is None or (own.is_given and own.stated_at < objection.stated_at):
            newest[objection.medium] = objection
    return newest


class Address(NamedTuple):
    """What a medium reaches a person by: the column of its comparison form, further ones, and its kind as a sender's name."""

    column: str
    further: type[ContactPhone | ContactEmail]
    relation: str
    kind: str

    def of_objectors(self) -> Iterator[tuple[str, Q]]:
        """Where a statement's contact has such addresses, each with a condition on it.

        The names of senders belong to a layer above, which made the relation: by them an objector's number is known that
        is not, or no longer, on the contact.
        """
        for path in (f"contact__{self.column}", f"contact__{self.relation}__{self.column}"):
            yield path, Q(**{f"{path}__gt": ""})
        yield "contact__sender_identities__value", Q(contact__sender_identities__kind=self.kind)


_PHONE: Final = Address("phone_norm", ContactPhone, "further_phones", "phone")
_MAILBOX: Final = Address("email_norm", ContactEmail, "further_emails", "email")
# Telegram's users have no address but the one they write from.
ADDRESS_OF: Final[dict[str, Address]] = {Medium.SMS: _PHONE, Medium.WHATSAPP: _PHONE, Medium.EMAIL: _MAILBOX}


def _standing_objections() -> QuerySet[Consent]:
    """Objections that nothing their contact said later has taken back."""
    later = Q(stated_at__gt=OuterRef("stated_at")) | Q(stated_at=OuterRef("stated_at"), pk__gt=OuterRef("pk"))
    said_later = Consent.objects.filter(later, contact=OuterRef("contact"), medium=OuterRef("medium"))
    return Consent.objects.filter(~Exists(said_later), is_given=False)


def _is_objected(address: Address, medium: str) -> Q:
    """Contacts annotated with ``consent_stated_at`` that have the address of a standing objection later than that.

    The addresses are one list for all contacts, which a database looks things up in; only contacts that are on it and
    have consented are compared moment by moment.
    """
    standing = _standing_objections().filter(medium=medium)
    own_further = address.further.objects.filter(contact=OuterRef(OuterRef("pk"))).values(address.column)
    has_one, is_shared = Q(), Q()
    for path, condition in address.of_objectors():
        addresses = standing.filter(condition).values(path)
        holders = address.further.objects.filter(**{f"{address.column}__in": addresses})
        has_one |= Q(**{f"{address.column}__in": addresses}) | Q(pk__in=holders.values("contact"))
        is_shared |= condition & (Q(**{path: OuterRef(address.column)}) | Q(**{f"{path}__in": own_further}))
    later = standing.filter(is_shared, stated_at__gt=OuterRef("consent_stated_at"))
    return has_one & (Q(consent_stated_at=None) | Q(Exists(later)))


def _objections_elsewhere(contact: Contact) -> Iterator[Consent]:
    """Standing objections by the contact's addresses, the newest first for each kind of address."""
    for address in (_PHONE, _MAILBOX):
        further = address.further.objects.filter(contact=contact).values_list(address.column, flat=True)
        own = {getattr(contact, address.column), *further} - {""}
        if not own:
            continue
        is_shared = Q()
        for path, condition in address.of_objectors():
            is_shared |= condition & Q(**{f"{path}__in": own})
        media = [medium for medium, reached_by in ADDRESS_OF.items() if reached_by is address]
        yield from _standing_objections().filter(is_shared, medium__in=media).order_by("-stated_at", "-id")
