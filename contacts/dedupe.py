"""Who has an address already."""

from __future__ import annotations

from django.db import IntegrityError

from contacts.models import Contact
from contacts.normalise import normalise_email

_EMAIL_CONSTRAINT = "contact_one_live_per_email"
# SQLite names the columns of a broken unique index, PostgreSQL the index itself.
_EMAIL_COLUMNS = "contacts_contact.organization_id, contacts_contact.email_norm"


def is_duplicate_email(error: IntegrityError) -> bool:
    """Whether the database refused a row because a live contact has its primary e-mail."""
    diagnostics = getattr(error.__cause__, "diag", None)
    if diagnostics is not None:
        return bool(diagnostics.constraint_name == _EMAIL_CONSTRAINT)
    return _EMAIL_COLUMNS in str(error) or _EMAIL_CONSTRAINT in str(error)


def holder_of_email(email: str) -> int | None:
    """The primary key of the live contact with this primary e-mail, in any spelling."""
    norm = normalise_email(email)
    if not norm:
        return None
    return Contact.objects.active().filter(email_norm=norm).values_list("id", flat=True).first()
