"""What a row of an archive must say for the services to read it: the columns that follow from others, and JSON with a shape.

All of them refuse with ``BadValue``, whose message is the rest of a sentence about the column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from accounts.archive.kinds import Checks
from accounts.archive.values import BadValue
from contacts.custom_fields import definition_of, type_of
from contacts.field_types import BadFieldValue, Definition
from contacts.models import CustomField, CustomFieldKind
from contacts.models.custom_field import number_of
from contacts.normalise import fold, normalise_email, phone_digits
from contacts.rules import LONGEST_SORT_KEY

_LISTS: Final = frozenset({"property_types", "locations"})
_BOUNDS: Final = frozenset({"min", "max"})
# ``key_of``; no number of a field has more digits.
_KEY: Final = re.compile(r"[1-9]\d{0,9}(\.[1-9]\d{0,9})?", re.ASCII)
_LONGEST_SHOWN: Final = 40
# A field, and what its type needs to know of it.
_Fields = Mapping[int, tuple[CustomField, Definition]]


def email_checks() -> Checks:
    """Of rows with an e-mail address."""
    return {"email_norm": _check_email_form}


def phone_checks() -> Checks:
    """Of rows with a telephone. The region that a national number was read in may have been another one then."""
    return {"phone_norm": _check_phone_form}


def contact_checks() -> Checks:
    """Of contacts. Asks for the fields of the organization in scope, retired ones too: they keep their values."""
    fields = {
        each.number: (each, definition_of(each)) for each in CustomField.objects.all().prefetch_related("options")
    }
    return {
        **email_checks(),
        **phone_checks(),
        "first_name_norm": lambda value, row: _check_name_form(value, row["first_name"], "first_name"),
        "last_name_norm": lambda value, row: _check_name_form(value, row["last_name"], "last_name"),
        "preferences": _check_preferences,
        "custom_values": lambda value, row: _check_custom_values(value, fields),
    }


def _check_email_form(value: str, row: Mapping[str, Any]) -> None:
    if value != normalise_email(row["email"]):
        raise BadValue("does not belong to the email beside it")


def _check_phone_form(value: str, row: Mapping[str, Any]) -> None:
    if bool(value) != bool(phone_digits(row["phone"])):
        raise BadValue("does not belong to the phone beside it")


def _check_name_form(value: str, name: str, column: str) -> None:
    if value != fold(name)[:LONGEST_SORT_KEY]:
        raise BadValue(f"does not belong to the {column} beside it")


def _check_preferences(value: Any, row: Mapping[str, Any]) -> None:
    if value is not None and not (isinstance(value, dict) and all(map(_is_preference, value, value.values()))):
        raise BadValue("must be preferences as they are stored")


def _is_preference(name: str, value: Any) -> bool:
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if name == "price_range":
        return value is None or (
            isinstance(value, dict) and value.keys() <= _BOUNDS and all(map(_is_price, value.values()))
        )
    return name == "communication_method" and (value is None or isinstance(value, str))


def _is_price(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _check_custom_values(values: dict[str, Any], fields: _Fields) -> None:
    for key, value in values.items():
        field, definition = _field_of(key, fields)
        # What stands under a former key is no value of the field any more.
        if key == field.key and not _is_value_of(field, definition, value):
            raise BadValue(f"has a value under {key!r} that is none of the field {field.number}")


def _field_of(key: str, fields: _Fields) -> tuple[CustomField, Definition]:
    found = fields.get(number_of(key)) if _KEY.fullmatch(key) else None
    if found is None:
        raise BadValue(f"has a value under {key[:_LONGEST_SHOWN]!r}, which is no field")
    return found


def _is_value_of(field: CustomField, definition: Definition, value: Any) -> bool:
    if field.has_options:
        return _are_options(field, value)
    try:
        return type(type_of(field).clean(value, definition)) is type(value)
    except BadFieldValue:
        return False


def _are_options(field: CustomField, value: Any) -> bool:
    """By number, those included that were removed and are still being taken out."""
    is_multi = field.kind == CustomFieldKind.SELECT_MULTI
    numbers = value if isinstance(value, list) and is_multi else [value]
    return isinstance(value, list) == is_multi and all(
        type(number) is int and 0 < number <= field.last_option for number in numbers
    )
