"""The columns of a contact that follow from everything else."""

from __future__ import annotations

from contacts.models import Contact
from contacts.normalise import search_text
from contacts.scoring import Weights
from contacts.services.children import Children
from contacts.services.scoring_facts import score_of


def derive(contact: Contact, children: Children, weights: Weights | None) -> None:
    """Bring search text and, given weights, the lead score in step. Needs the further e-mails and phones."""
    names = (contact.full_name, contact.first_name, contact.last_name, contact.company_name)
    phones = [contact.phone, *children.phones()]
    contact.search_text = search_text([*names, contact.email, *children.emails()], phones)
    if weights is not None:
        contact.lead_score = score_of(contact, weights, has_secondary_phone=bool(children.phones())).total
