"""The domain's faults in words for whoever corrects a file."""

from __future__ import annotations

from typing import Final

from accounts.exceptions import FieldError

_SENTENCES: Final[dict[str, str]] = {
    "required": "something has to stand here",
    "invalid_email": "this is no e-mail address",
    "invalid_value": "this cannot be stored",
    "invalid_type": "this is not the kind of value that belongs here",
    "not_found": "there is no such thing",
    "duplicate": "another contact has it",
}


def sentence_of(error: FieldError) -> str:
    """Why a value is refused: ``at most 200 characters``, ``choose one of LEAD, CLIENT``."""
    if error.field == "full_name" and error.code == "required":
        return "a row needs a name, a company, an e-mail address or a telephone number"
    if error.code == "too_long":
        return f"at most {error.facts['maximum']} {'entries' if error.facts.get('items') else 'characters'}"
    if error.code == "out_of_range":
        return _range(error)
    if choices := error.facts.get("choices"):
        return f"choose one of {', '.join(choices)}"
    return error.message or _SENTENCES.get(error.code, "this cannot be used")


def _range(error: FieldError) -> str:
    bounds = [
        f"{word} {error.facts[name]}"
        for name, word in (("minimum", "at least"), ("maximum", "at most"))
        if name in error.facts
    ]
    return " and ".join(bounds) or "out of range"
