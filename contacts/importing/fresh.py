"""A contact that is not stored yet, without what an instance of the model costs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final, cast

from django.db.models import NOT_PROVIDED

from contacts.models import Contact

# Columns a new contact is stored with; the database computes what is generated.
COLUMNS: Final = tuple(field.attname for field in Contact._meta.concrete_fields if not field.generated)


class FreshContact:
    """What the rules see of a new contact: the columns of ``Contact`` with their defaults.

    A model's instance sets every column in turn and announces itself, which for a million rows is half a minute; here
    only what a row says is set. Values are replaced and never changed in place, so that the defaults may be shared.
    """

    _state: Final = SimpleNamespace(adding=True)

    def __init__(self, **columns: Any) -> None:
        self.__dict__.update(columns)

    @classmethod
    def as_contact(cls, **columns: Any) -> Contact:
        """A new one, as far as types go a contact."""
        return cast("Contact", cls(**columns))


def copied(contact: Contact) -> Contact:
    """Another with the same columns, at a third of what ``copy`` takes."""
    made = object.__new__(FreshContact)
    made.__dict__.update(contact.__dict__)
    return cast("Contact", made)


def _defaults() -> dict[str, Any]:
    """Of columns without a default: None, to be set before the row is stored."""
    unset = {"uuid", "created_at", "updated_at"}
    return {
        field.attname: None if field.default is NOT_PROVIDED or field.attname in unset else field.get_default()
        for field in Contact._meta.concrete_fields
    }


for _name, _value in _defaults().items():
    setattr(FreshContact, _name, _value)
