"""What is wrong with a field, as a sentence for people: the wires' contracts print some of them and leave the rest open."""

from __future__ import annotations

from typing import Any

from accounts.exceptions import FieldError

# One sentence per code (CONTRACTS W-S7); the one for an e-mail is printed.
SENTENCES = {
    "required": "{label} is required",
    "invalid_type": "{label} must be {expected}",
    "invalid_value": "{label} is not a valid value",
    "invalid_email": "{label} must be a valid email address",
    "too_long": "{label} must be at most {maximum} {unit}",
    "out_of_range": "{label} is out of range",
    "not_found": "{label} was not found",
}


def sentence_of(fault: FieldError, label: str) -> str:
    """The sentence for one fault, unless whoever found it had one; ``label`` is what the wire calls the field in prose."""
    if fault.message:
        return f"{label} {fault.message}"
    facts = {"expected": "of another type", "maximum": "", "unit": "characters", **fault.facts}
    if fault.facts.get("items"):
        facts["unit"] = "items"
    sentence = SENTENCES[fault.code].format(label=label, **facts)
    if fault.facts.get("choices"):
        return f"{label} must be one of: {', '.join(fault.facts['choices'])}"
    if fault.code == "out_of_range":
        return _range_sentence(label, fault.facts) or sentence
    return sentence


def _range_sentence(label: str, facts: dict[str, Any]) -> str:
    bounds = [
        f"{words} {facts[name]}"
        for name, words in (("minimum", "at least"), ("maximum", "at most"))
        if facts.get(name) is not None
    ]
    return f"{label} must be {' and '.join(bounds)}" if bounds else ""
