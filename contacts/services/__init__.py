"""The verbs of the address book. Every door calls these, and nothing else writes contacts."""

from contacts.services.contacting import touch_last_contacted
from contacts.services.creating import create_contact, create_contacts
from contacts.services.deleting import delete_contact, delete_contacts, restore_contact
from contacts.services.updating import hold_contact, update_contact, update_contacts, update_each
from contacts.services.weighing import change_weights, rescore_all

__all__ = [
    "change_weights",
    "create_contact",
    "create_contacts",
    "delete_contact",
    "delete_contacts",
    "hold_contact",
    "rescore_all",
    "restore_contact",
    "touch_last_contacted",
    "update_contact",
    "update_contacts",
    "update_each",
]
