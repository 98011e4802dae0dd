"""Fields that hold text."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from django import forms
from django.db.models import Q
from django.db.models.lookups import IContains

from contacts.field_types.base import BadFieldValue, Definition, FieldType, register
from contacts.field_types.markup import TooNested, sanitized
from contacts.field_types.stored import StoredText
from contacts.rules import unstorable

LONGEST_URL: Final = 2_000
# What is stored stays as it is when it is sent back. What is left of broken HTML may be read in another way than before it
# was cleaned, so it is cleaned until nothing moves.
MOST_PASSES: Final = 5


class TextType(FieldType):
    """Text up to a length, trimmed."""

    longest: ClassVar[int]

    def clean(self, value: Any, definition: Definition) -> str:
        if not isinstance(value, str):
            raise BadFieldValue("must be a string")
        text = value.strip()
        if len(text) > self.longest:
            raise BadFieldValue(f"must be at most {self.longest} characters")
        if unstorable(text):
            raise BadFieldValue("has characters that cannot be stored")
        return text

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.CharField(max_length=self.longest, required=False)

    def matches(self, text: str, definition: Definition) -> Q:
        """Here any part of the value will do; SQLite tells capitals from small letters outside of ASCII."""
        if unstorable(text):
            raise BadFieldValue("has characters that cannot be stored")
        return Q(IContains(StoredText(definition.key), text.strip()))


class LinesField(forms.CharField):
    """Lines as a browser sends them, each with one character at its end instead of two, which would count as well."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)


@register
class Text(TextType):
    name = "text"
    longest = 255


@register
class TextArea(TextType):
    name = "textarea"
    longest = 2_500

    def form_field(self, definition: Definition) -> forms.Field:
        return LinesField(max_length=self.longest, required=False, widget=forms.Textarea(attrs={"rows": 4}))


@register
class Wysiwyg(TextType):
    """HTML, cleaned before it is stored; a text without an element is kept to the letter."""

    name = "wysiwyg"
    longest = 65_535

    def clean(self, value: Any, definition: Definition) -> str:
        html = super().clean(value, definition)
        try:
            return self._settled(html, definition)
        except TooNested:
            raise BadFieldValue("must be plainer HTML") from None

    def _settled(self, html: str, definition: Definition) -> str:
        for _ in range(MOST_PASSES):
            # Longer than before where a sign became an entity, and blank at its ends where an element went.
            before, html = html, super().clean(sanitized(html), definition)
            if html == before:
                return html
        raise BadFieldValue("must be plainer HTML")

    def form_field(self, definition: Definition) -> forms.Field:
        return LinesField(max_length=self.longest, required=False, widget=forms.Textarea(attrs={"rows": 4}))


@register
class Address(TextType):
    name = "address"
    longest = 255


@register
class Phone(TextType):
    """Not among the documented types, but in the documented example (CONTRACTS E-C3)."""

    name = "phone"
    longest = 40


@register
class Url(TextType):
    """The address of a web page."""

    name = "url"
    longest = LONGEST_URL

    def clean(self, value: Any, definition: Definition) -> str:
        return web_address(super().clean(value, definition))

    def form_field(self, definition: Definition) -> forms.Field:
        # Not a URLField, which refuses addresses that programs may write.
        return forms.CharField(max_length=self.longest, required=False, widget=forms.URLInput)


def web_address(text: str) -> str:
    """An absolute http(s) address as it was written. Raises ``BadFieldValue``."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if (
        not usable
        or unstorable(text)
        or any(character <= " " or character.isspace() or character in '<>"\\^`{|}\x7f' for character in text)
    ):
        raise BadFieldValue("must be an http or https address")
    return text
