"""From Django's validators to the faults the domain speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from accounts.exceptions import FieldError
from accounts.models import User
from accounts.models.user import UserAccounts

LONGEST_EMAIL = 254
_CODES = {"blank": "required", "null": "required", "max_length": "too_long"}


def faults_of(row: models.Model, names: Mapping[str, str] | Iterable[str]) -> list[FieldError]:
    """What the model's own validators say of some of its fields; a mapping gives the names the caller knows them by."""
    known_as = names if isinstance(names, Mapping) else {name: name for name in names}
    others = {field.name for field in row._meta.fields} - known_as.keys()
    try:
        row.clean_fields(exclude=others)
    except ValidationError as refused:
        return [_fault(known_as[name], error) for name, errors in refused.error_dict.items() for error in errors]
    return []


def email_faults(email: str, name: str = "email") -> list[FieldError]:
    """Faults of an address that somebody is to log in with."""
    if not email.strip():
        return [FieldError(name, "required")]
    if len(email) > LONGEST_EMAIL:
        return [FieldError(name, "too_long", {"maximum": LONGEST_EMAIL})]
    try:
        validate_email(UserAccounts.canonical_email(email))
    except ValidationError:
        return [FieldError(name, "invalid_email")]
    return []


def password_faults(password: str, email: str, name: str = "password") -> list[FieldError]:
    """Why a new password will not do, in the words of the validators in ``AUTH_PASSWORD_VALIDATORS``."""
    if not password:
        return [FieldError(name, "required")]
    try:
        validate_password(password, User(email=email))
    except ValidationError as refused:
        return [FieldError(name, "invalid_value", message=message) for message in refused.messages]
    return []


def _fault(name: str, error: ValidationError) -> FieldError:
    code = _CODES.get(error.code or "", "invalid_value")
    facts = {"maximum": error.params["limit_value"]} if code == "too_long" and error.params else {}
    return FieldError(name, code, facts, message=" ".join(error.messages))
