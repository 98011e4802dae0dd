"""Domain refusals in the words of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.exceptions import DomainError, Duplicate, FieldError, Forbidden, Invalid, NotFound

_SENTENCES = {
    "required": "This field is required.",
    "invalid_type": "Enter a value of the right kind.",
    "invalid_value": "Enter a valid value.",
    "invalid_email": "Enter a valid e-mail address.",
    "not_found": "This choice no longer exists.",
}


@dataclass(frozen=True)
class Refusal:
    """One sentence beside one field: of the form, or of row ``row`` of the formset named ``formset``. No field: above the form."""

    message: str
    field: str | None = None
    formset: str = ""
    row: int = 0


class Refused(Exception):
    """A page was not saved, for reasons already in the page's words."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.message for refusal in refusals))


def sentence(error: FieldError) -> str:
    """A fault in words."""
    facts = error.facts
    if error.message:
        return error.message
    if error.code == "too_long":
        unit = "entries" if facts.get("items") else "characters"
        return f"At most {facts.get('maximum')} {unit}."
    if error.code == "out_of_range":
        bounds = [f"at least {facts['minimum']:,}"] if "minimum" in facts else []
        bounds += [f"at most {facts['maximum']:,}"] if "maximum" in facts else []
        return f"Enter a number of {' and '.join(bounds)}." if bounds else "Enter a number in range."
    return _SENTENCES.get(error.code, "Enter a valid value.")


def refusals_of(error: DomainError, places: Mapping[str, str] | None = None) -> list[Refusal]:
    """What a page says about a refusal. ``places`` maps domain fields to the form's, by their longest dotted prefix."""
    if isinstance(error, Invalid):
        return [Refusal(sentence(fault), place_of(fault.field, places or {})) for fault in error.errors]
    if isinstance(error, Duplicate):
        message = f"Another {error.resource} has this {error.field} already."
        return [Refusal(message, place_of(error.field, places or {}))]
    if isinstance(error, Forbidden):
        return [Refusal(f"Not allowed: {error.reason}." if error.reason else "Your role does not allow this.")]
    if isinstance(error, NotFound):
        return [Refusal(f"This {error.resource} no longer exists.")]
    return [Refusal("This could not be saved.")]


def place_of(field: str, places: Mapping[str, str]) -> str:
    """The form field in which a fault of ``field`` is shown."""
    prefix = field
    while prefix:
        if prefix in places:
            return places[prefix]
        prefix = prefix.rpartition(".")[0]
    return field.partition(".")[0]
