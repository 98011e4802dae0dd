"""The columns of a contact that follow from everything else."""

from __future__ import annotations

from contacts.models import Contact
from contacts.normalise import normalise_phone, search_text
from contacts.scoring import Weights
from contacts.services.children import Children
from contacts.services.scoring_facts import score_of


def derive(contact: Contact, children: Children, weights: Weights | None, *, region: str) -> None:
    """Bring search text and, given weights, the lead score in step. Needs the further e-mails and phones.

    ``region`` is where the contact's national numbers are national.
    """
    names = (contact.full_name, contact.first_name, contact.last_name, contact.company_name)
    further = children.phones()
    forms = [contact.phone_norm, *(normalise_phone(phone, region) for phone in further)]
    contact.search_text = search_text([*names, contact.email, *children.emails()], [contact.phone, *further], forms)
    if weights is not None:
        contact.lead_score = score_of(contact, weights, has_secondary_phone=bool(further)).total
