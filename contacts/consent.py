"""Whether somebody may be spoken to: the one gate for everything that sends or exports.

Two things close it: the status ``DO_NOT_CONTACT``, for every medium, and the newest ``Consent`` of a medium, for that
one. Nobody has to agree beforehand: who says nothing may be answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery

from contacts.models import Consent, Contact, ContactStatus, Medium
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
    stated = Consent.objects.filter(contact=OuterRef("pk"), medium=medium).order_by("-stated_at", "-id")
    newest = contacts.annotate(consent_given=Subquery(stated.values("is_given")[:1]))
    return newest.exclude(status=ContactStatus.DO_NOT_CONTACT).filter(Q(consent_given=None) | Q(consent_given=True))


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
    """The statement that counts, by medium; media nothing was said about are left out."""
    newest: dict[str, Consent] = {}
    for consent in Consent.objects.filter(contact=contact).order_by("-stated_at", "-id"):
        newest.setdefault(consent.medium, consent)
    return newest
