"""What the interpreters of all documents have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

import orjson

from contacts.drafts import UNSET, ContactDraft
from contacts.field_types.base import EMPTY
from contacts.importing.context import Context, KnownField
from contacts.importing.documents_values import Part, shown
from contacts.importing.records import IgnoredColumn, Interpreted, Interpreter, Record, RowFault, UsedColumn
from contacts.normalise import fold

# Names that a file of a million contacts may have of what is not imported; no person reads more.
MOST_NOTED: Final = 200
LONGEST_NOTED: Final = 100
# Where the file of failed rows says what is wrong; never a part of the contact.
ERROR_KEY: Final = "importError"

COMPUTED: Final = "is computed here"
NOT_KEPT: Final = "has no place in a contact"
FOLLOWS: Final = "follows from what is written here"


class Noted:
    """What records had that is not imported, each name once and with the first reason."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def note(self, name: str, reason: str) -> None:
        """Remember one, as long as there is room."""
        if len(self._reasons) < MOST_NOTED:
            self._reasons.setdefault(shown(name[:LONGEST_NOTED]), reason)

    def columns(self) -> list[IgnoredColumn]:
        """All of them, in the order they were met."""
        return [IgnoredColumn(name, reason) for name, reason in self._reasons.items()]


class FieldsByName:
    """An organization's custom fields, by what people call them: exactly, else without case, accents and punctuation."""

    def __init__(self, fields: Iterable[KnownField]) -> None:
        fields = list(fields)
        loosely = [_loosely(field.name) for field in fields]
        self.by_number = {field.number: field for field in fields}
        self._loose = {
            name: field for name, field in zip(loosely, fields, strict=True) if name and loosely.count(name) == 1
        }
        self._exact = {field.name: field for field in fields}

    def named(self, *names: str) -> KnownField | None:
        """The field that has one of the names, None where none does."""
        for name in names:
            if found := self._exact.get(name) or self._loose.get(_loosely(name)):
                return found
        return None


def _loosely(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


class DocumentInterpreter(Interpreter):
    """Understands objects of JSON, by a fixed mapping.

    ``columns`` is the mapping: a path in the document to the field of the draft. ``unused`` are the keys that are known
    and not imported, with the reason. ``deletions`` are the keys that say when a contact was deleted where it comes from.
    ``inner`` are the names that are read of the objects in a key, where ``columns`` does not tell them.
    """

    columns: ClassVar[Mapping[str, str]]
    unused: ClassVar[Mapping[str, str]]
    deletions: ClassVar[tuple[str, ...]]
    inner: ClassVar[Mapping[str, Iterable[str]]] = {}
    says_empty: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self.context = context
        self.fields = FieldsByName(context.fields)
        self.noted = Noted()
        known = {path.partition(".")[0] for path in self.columns} | set(self.unused) | {ERROR_KEY, *self.deletions}
        self._known = frozenset(known)
        self._inner = _names_inside(self.columns) | {key: frozenset(names) for key, names in self.inner.items()}
        # Of several paths to one field the first one counts.
        self._paths = {field: path for path, field in [*self.columns.items()][::-1]}

    @abstractmethod
    def read(self, document: Part) -> dict[str, Any]:
        """The fields of the draft that a document says, ``UNSET`` among them."""

    def interpret(self, record: Record) -> Interpreted:
        values = self._values_of(record)
        if values is None:
            return Interpreted(ContactDraft(), [_no_object(record.raw)])
        faults: list[RowFault] = []
        self._note_unknown(values)
        document = Part(values, faults, says_empty=self.says_empty)
        for key in self.deletions:
            if values.get(key):
                document.fault(key, "deleted", "was deleted there")
        said = self.read(document)
        return Interpreted(ContactDraft(**{name: value for name, value in said.items() if value is not UNSET}), faults)

    def _values_of(self, record: Record) -> Mapping[str, Any] | None:
        """What the record says by the keys of ``columns``; None where it is no object."""
        return object_of(record.raw)

    def _note_unknown(self, values: Mapping[str, Any]) -> None:
        if not values.keys() <= self._known:
            for key in sorted(values.keys() - self._known):
                self.noted.note(key, NOT_KEPT)
        for key, names in self._inner.items():
            value = values.get(key)
            for part in value if isinstance(value, list) else (value,):
                if isinstance(part, Mapping) and not part.keys() <= names:
                    for name in sorted(part.keys() - names):
                        self.noted.note(f"{key}.{name}", NOT_KEPT)

    def said_in(self, record: Record) -> Mapping[str, str]:
        values = self._values_of(record) or {}
        said = ((path, _at(values, path)) for path in self.columns)
        return {path: shown(value) for path, value in said if value not in EMPTY}

    def column_of(self, name: str) -> str:
        head, inner = name, ""
        while head not in self._paths and "." in head:
            head, _, last = head.rpartition(".")
            inner = f".{last}{inner}"
        return self._paths.get(head, head) + inner

    def used(self) -> list[UsedColumn]:
        return [UsedColumn(path, field) for path, field in self.columns.items()]

    def ignored(self) -> list[IgnoredColumn]:
        return [IgnoredColumn(key, reason) for key, reason in self.unused.items()] + self.noted.columns()

    def custom_value(self, field: KnownField | None, column: str, value: Any, values: dict[int, Any]) -> None:
        """Put what a custom field is to hold among the others; note a field that the organization does not have."""
        if field is None:
            self.noted.note(column, "is no field of the organization")
        else:
            values[field.number] = value


def _names_inside(columns: Iterable[str]) -> dict[str, frozenset[str]]:
    """By the keys of objects, the names in them that paths like ``address.city`` go through."""
    inside: dict[str, set[str]] = {}
    for path in columns:
        head, _, name = path.partition(".")
        if name:
            inside.setdefault(head, set()).add(name)
    return {head: frozenset(names) for head, names in inside.items()}


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def object_of(raw: Any) -> Mapping[str, Any] | None:
    """The object that a record is, as a reader gives it or as the bytes of its line; None for anything else."""
    if isinstance(raw, bytes | str):
        try:
            raw = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return None
    return raw if isinstance(raw, Mapping) else None


def _no_object(raw: Any) -> RowFault:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return RowFault("", shown(text), "invalid_type", "must be an object of JSON")
