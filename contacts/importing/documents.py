"""Contacts as JSON documents: the project's own, and those of the three contracts.

The project's own shape, which ``export_contacts --format json`` writes and ``import_contacts --format json`` reads, is one
object a line in UTF-8. Its keys are the names of ``ContactDraft``:

* text: ``first_name``, ``last_name``, ``full_name``, ``company_name``, ``email``, ``email_label``, ``email_note``,
  ``phone``, ``phone_label``, ``phone_note``, ``street``, ``city``, ``state``, ``zip_code``, ``country``, ``source``,
  ``referral_source``, ``channel_preference``, ``language``, ``notes``;
* words of closed lists as they are stored: ``type``, ``status``, ``stage``, ``role``;
* true or false: ``is_company``;
* ``further_emails`` ``[{"email", "label", "note"}]``, ``further_phones`` ``[{"phone", "label", "note"}]``,
  ``related_people`` ``[{"first_name", "last_name", "mobile", "email", "notes"}]``, each in its order;
* ``tags``: names, in their order;
* ``do_not_contact_by``: of ``email``, ``sms``, ``whatsapp`` and ``telegram`` those by which nobody may speak to the contact;
  each is recorded as an objection where nothing closes the medium yet, and none is ever taken away;
* ``assigned_to``, ``created_by``: e-mail address of a member; ``further_assignees``: an array of them;
* ``preferences``: ``{"communication_method", "property_types": [], "price_range": {"min", "max"}, "locations": []}``;
* ``custom_fields``: ``{"<name of the field>": value}``, each value in any form that ``FieldType.clean`` takes: of a list the
  exact names of options, for their numbers mean nothing elsewhere;
* ``extra``: the object that is kept for EstatePrime;
* ids that are kept: ``uuid``, ``number``, ``winnerr_key``;
* moments in ISO 8601: ``created_at``, ``last_contacted_at``; in UTC unless they say otherwise.

A key that is left out says nothing. ``null``, ``""`` and ``[]`` say that there is nothing, where there can be nothing: not
for the words of closed lists, flags, ids and moments, of which they say nothing. ``lead_score``, ``updated_at``,
``applied_at`` and ``converted_at`` are written for the reader and ignored when they come back.
``deleted_at`` with a value is a fault. A program may also send ``secondary_phone`` and ``is_lead``, as ``ContactDraft`` has
them; what only changes a stored contact (``added_tags`` and the like) is no part of a document. Any other key is ignored and
listed.

Where a key is not there, another spelling of it is taken (``firstName``, ``First Name``, ``EMAIL``), else what other programs
usually call it (``Company``, ``Mobile Phone``, ``zip``, ``postal code``).

In the documents of the three contracts ``null`` and empty values say nothing: they are printed for whatever is not known.
"""

from __future__ import annotations

from typing import Final

from contacts.importing.context import Context
from contacts.importing.documents_estateprime import EstatePrimeInterpreter
from contacts.importing.documents_own import OwnInterpreter
from contacts.importing.documents_reading import DocumentInterpreter
from contacts.importing.documents_vendors import RentalotInterpreter, WinnerrInterpreter
from contacts.importing.records import Interpreter

_INTERPRETERS: Final[dict[str, type[DocumentInterpreter]]] = {
    "json": OwnInterpreter,
    "winnerr": WinnerrInterpreter,
    "rentalot": RentalotInterpreter,
    "estateprime": EstatePrimeInterpreter,
}


def document_interpreter(format: str, context: Context) -> Interpreter:
    """What understands the documents of a format: ``json``, ``winnerr``, ``rentalot`` or ``estateprime``."""
    return _INTERPRETERS[format](context)
