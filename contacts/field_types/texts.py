"""Fields that hold text."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import nh3
from django import forms
from django.db.models import Q
from django.db.models.lookups import IContains

from contacts.field_types.base import BadFieldValue, Definition, FieldType, register
from contacts.field_types.stored import StoredText
from contacts.rules import unstorable

LONGEST_URL: Final = 2_000
# What is stored stays as it is when it is sent back. What is left of broken HTML may be read in another way than before it
# was cleaned, so it is cleaned until nothing moves.
MOST_PASSES: Final = 5
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
        for _ in range(MOST_PASSES):
            # Longer than before where a sign became an entity, and blank at its ends where an element went.
            before, html = html, super().clean(sanitized(html), definition)
            if html == before:
                return html
        raise BadFieldValue("must be plainer HTML")

    def form_field(self, definition: Definition) -> forms.Field:
        return LinesField(max_length=self.longest, required=False, widget=forms.Textarea(attrs={"rows": 4}))


def sanitized(html: str) -> str:
    """The HTML without scripts, styles, forms and frames, by a list of what is kept.

    Links go to web pages, mail and telephones, and nowhere else; pictures come from web pages. A text without an element
    is unchanged.
    """
    # Without an element there is nothing to clean, and an ampersand may stay one.
    return (
        html
        if "<" not in html
        else nh3.clean(html, attribute_filter=_kept_attribute, link_rel=None, url_schemes=_SAFE_SCHEMES)
    )


def shown_html(stored: str) -> str:
    """A stored value for a page of ours: sanitised again, whatever wrote it, and without what a stranger could count."""
    return nh3.clean(
        stored,
        tags=nh3.ALLOWED_TAGS - {"img"},
        attribute_filter=_kept_attribute,
        link_rel="noopener noreferrer nofollow",
        url_schemes=_SAFE_SCHEMES,
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
