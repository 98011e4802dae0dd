"""The kinds of custom fields: the 21 that EstatePrime documents, and the one it only shows (CONTRACTS 3.5)."""

from contacts.field_types import choices, files, moments, numbers, references, texts
from contacts.field_types.base import EMPTY, REGISTRY, BadFieldValue, Definition, FieldType, References

# In the order of the documentation; the modules register theirs when they are imported.
FIELD_TYPES: dict[str, FieldType] = {
    name: REGISTRY[name]
    for name in (
        "text",
        "textarea",
        "wysiwyg",
        "number",
        "formatted_number",
        "select",
        "select_multi",
        "checkbox",
        "file",
        "file_multi",
        "image",
        "image_multi",
        "address",
        "url",
        "date",
        "datetime",
        "currency",
        "user",
        "user_multi",
        "contact",
        "contact_multi",
        "phone",
    )
}

__all__ = [
    "EMPTY",
    "FIELD_TYPES",
    "BadFieldValue",
    "Definition",
    "FieldType",
    "References",
    "choices",
    "files",
    "moments",
    "numbers",
    "references",
    "texts",
]
