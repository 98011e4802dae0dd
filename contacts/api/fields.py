"""Fields that more than one wire's contact has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.wires.fields import Text
from contacts.normalise import is_email


class Email(Text):
    """An acceptable address; the refusal's words are printed (CONTRACTS 1.5)."""

    default_error_messages = {"invalid_email": "must be a valid email address"}
    shape: Mapping[str, Any] = {"format": "email", "examples": ["jane.smith@example.com"]}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not is_email(text):
            self.fail("invalid_email")
        return text
