"""Fields that hold text."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import nh3
from django import forms
from django.db.models import Q

from contacts.field_types.base import BadFieldValue, Definition, FieldType, register
from contacts.rules import unstorable

LONGEST_URL: Final = 2_000
_SAFE_SCHEMES: Final = {"http", "https", "mailto", "tel"}


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
        """Here any part of the value will do."""
        return Q(**{f"custom_values__{definition.key}__icontains": text.strip()})


@register
class Text(TextType):
    name = "text"
    longest = 255


@register
class TextArea(TextType):
    name = "textarea"
    longest = 2_500

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.CharField(max_length=self.longest, required=False, widget=forms.Textarea)


@register
class Wysiwyg(TextType):
    """HTML. What is safe is kept to the letter, anything else is cleaned as a whole."""

    name = "wysiwyg"
    longest = 65_535

    def clean(self, value: Any, definition: Definition) -> str:
        return sanitized(super().clean(value, definition))

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.CharField(max_length=self.longest, required=False, widget=forms.Textarea)


def sanitized(html: str) -> str:
    """The HTML without anything that could run, load or disguise something; unchanged when there is no such thing.

    Links go to web pages, mail and telephones, and nowhere else.
    """
    # Without an element there is nothing to clean, and an ampersand may stay one.
    return (
        html
        if "<" not in html
        else nh3.clean(html, attribute_filter=_kept_attribute, link_rel=None, url_schemes=_SAFE_SCHEMES)
    )


def _kept_attribute(element: str, name: str, value: str) -> str | None:
    if name != "href":
        return value
    # What a browser drops from an address before it looks at the scheme.
    bare = "".join(character for character in value if character > " " and character != "\x7f")
    scheme, colon, _ = bare.partition(":")
    if colon and scheme.lower() in _SAFE_SCHEMES:
        return value
    return None if colon or bare.startswith(("//", "\\", "/\\")) else value


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
        return forms.URLField(max_length=self.longest, required=False, assume_scheme="https")


def web_address(text: str) -> str:
    """An absolute http(s) address as it was written. Raises ``BadFieldValue``."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character <= " " or character in '<>"\\^`{|}\x7f' for character in text):
        raise BadFieldValue("must be an http or https address")
    return text
