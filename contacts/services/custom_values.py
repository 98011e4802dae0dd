"""The values of the team's own fields, on their way into a contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.exceptions import FieldError, Invalid
from contacts.custom_fields import definition_of, existing_references, fields_in_order, type_of
from contacts.drafts import UNSET, ContactDraft
from contacts.field_types import EMPTY, BadFieldValue, Definition, FieldType, References

Known = Mapping[int, tuple[FieldType, Definition]]


def with_clean_values(drafts: Iterable[ContactDraft]) -> list[ContactDraft]:
    """The drafts with ``custom_values`` as they are stored: by the field's key, None for a value that goes.

    Raises ``Invalid`` for the first draft at fault, with every fault of it under ``custom_fields.<number>``: a field there
    is not, a value it cannot hold, a row that does not exist or is deleted.
    """
    drafts = list(drafts)
    if all(draft.custom_values is UNSET for draft in drafts):
        return drafts
    known = known_fields()
    cleaned = [with_clean_value(draft, known) for draft in drafts]
    _check_references(cleaned, known)
    return cleaned


def known_fields() -> Known:
    """The types and definitions of the fields there are, by number."""
    return {field.number: (type_of(field), definition_of(field)) for field in fields_in_order()}


def with_clean_value(draft: ContactDraft, known: Known) -> ContactDraft:
    """One draft as ``with_clean_values`` has it, except that whether what it points to exists is not asked."""
    if draft.custom_values is UNSET:
        return draft
    values: dict[int | str, Any] = {}
    faults = []
    for number, value in draft.custom_values.items():
        try:
            field_type, definition = known[int(number)]
            values[definition.key] = None if value in EMPTY else field_type.clean(value, definition)
        except KeyError:
            faults.append(_fault(number, "is no field"))
        except BadFieldValue as error:
            faults.append(_fault(number, str(error)))
    if faults:
        raise Invalid(faults)
    return draft.saying(custom_values={key: None if value in EMPTY else value for key, value in values.items()})


def _fault(number: Any, message: str) -> FieldError:
    return FieldError(f"custom_fields.{number}", "invalid_value", message=message)


def _check_references(drafts: Iterable[ContactDraft], known: Known) -> None:
    """PostgreSQL has no foreign key into JSON, so this is the only check there is."""
    types = {definition.key: (number, field_type) for number, (field_type, definition) in known.items()}
    pointed = [
        (types[str(key)][0], types[str(key)][1].references(value))
        for draft in drafts
        for key, value in (draft.custom_values or {}).items()
        if value is not None
    ]
    wanted = References()
    for _, references in pointed:
        wanted |= references
    found = existing_references(wanted)
    faults = [
        _fault(number, "points to nothing")
        for number, references in pointed
        if not (references.members <= found.members and references.contacts <= found.contacts)
    ]
    if faults:
        raise Invalid(faults)
