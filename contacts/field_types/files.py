"""Fields that hold addresses of files and pictures kept elsewhere."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from contacts.field_types.base import BadFieldValue, Definition, FieldType, listed, register
from contacts.field_types.texts import LONGEST_URL, LinesField, web_address

MOST_FILES: Final = 100


def _file_address(value: Any) -> str:
    if not isinstance(value, str) or len(value.strip()) > LONGEST_URL:
        raise BadFieldValue("must be an http or https address")
    return web_address(value.strip())


class FileType(FieldType):
    """One file."""

    def clean(self, value: Any, definition: Definition) -> str:
        return _file_address(value)

    def form_field(self, definition: Definition) -> forms.Field:
        return forms.CharField(max_length=LONGEST_URL, required=False, widget=forms.URLInput)


class AddressesField(LinesField):
    """Addresses between blanks."""

    def clean(self, value: Any) -> list[str]:
        return list(super().clean(value).split())


class FilesType(FieldType):
    """Several files, in their order; on a page one on each line."""

    def clean(self, value: Any, definition: Definition) -> list[str]:
        values = listed(value)
        if len(values) > MOST_FILES:
            raise BadFieldValue(f"must have at most {MOST_FILES} items")
        return [_file_address(each) for each in values]

    def form_field(self, definition: Definition) -> forms.Field:
        return AddressesField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def to_form(self, stored: list[str], definition: Definition) -> Any:
        return "\n".join(stored)

    def to_cell(self, stored: list[str], definition: Definition) -> str:
        return " ".join(stored)

    def from_cell(self, text: str, definition: Definition) -> Any:
        return text.split()

    def wanted(self, text: str, definition: Definition) -> str:
        return _file_address(text)


@register
class File(FileType):
    name = "file"


@register
class FileMulti(FilesType):
    name = "file_multi"


@register
class Image(FileType):
    name = "image"


@register
class ImageMulti(FilesType):
    name = "image_multi"
