"""From what a record says to a contact that could be stored: everything that needs no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.identifiers import uuid7
from contacts import rules
from contacts.drafts import UNSET, ContactDraft
from contacts.field_types import References
from contacts.importing.fresh import FreshContact
from contacts.importing.keys import asked_keys, kept_ids, keys_of
from contacts.importing.options import ImportOptions
from contacts.importing.records import LONGEST_VALUE_SHOWN, IgnoredColumn, Interpreter, Record, RowFault
from contacts.importing.wording import sentence_of
from contacts.models import Contact
from contacts.scoring import Weights
from contacts.services.children import KINDS, Children
from contacts.services.custom_values import Known, with_clean_value
from contacts.services.derived import derive

# The usual one, and told from others by identity: millions of rows point to nothing.
NO_REFERENCES: Final = References()


@dataclass(slots=True)
class Row:
    """A record on its way: a draft and the contact it would make, or what is wrong with it."""

    line: int
    last_line: int
    position: int
    draft: ContactDraft
    faults: Sequence[RowFault] = ()
    contact: Contact | None = None
    children: Children = Children()  # noqa: RUF009 - frozen, and empty
    # Fields of the draft that the row did not say and that whoever imports has chosen for such rows.
    defaulted: frozenset[str] = frozenset()
    references: References = NO_REFERENCES
    # The keys it has, those of them that somebody is found by, and the ids it brings along (``importing.keys``).
    keys: Sequence[str] = ()
    asked: Sequence[str] = ()
    kept_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the organization decides how drafts become contacts, as it was when the import began its present run.

    ``members`` are the primary keys of the active ones.
    """

    region: str
    weights: Weights
    fields: Known
    members: frozenset[int] = frozenset()


class Preparation:
    """Makes rows of records. Knows nothing of what is stored, so it may run ahead in a thread of its own."""

    def __init__(
        self, interpreter: Interpreter, options: ImportOptions, surroundings: Surroundings, *, actor: Actor
    ) -> None:
        self._interpreter = interpreter
        self._options = options
        self.surroundings = surroundings
        self._actor = actor
        # Of those that rows bring along, as far as anybody looked (``highest_number``).
        self.highest_number = 0
        # Those of whom somebody has left share what was his.
        self._assign = [member for member in options.assign if member in surroundings.members]
        self._types = {definition.key: kind for kind, definition in surroundings.fields.values()}

    def row(self, record: Record, ordinal: int) -> Row:
        """The record as a row; ``ordinal`` counts the records of the file from 0, failed ones too."""
        if record.fault is not None:
            return self._failed(record, ContactDraft(), [record.fault])
        read = self._interpreter.interpret(record)
        defaults = self._defaults(read.draft, ordinal)
        draft = self._with_options(read.draft, defaults)
        faults = [*read.faults, *self.worded(rules.faults(draft), draft)]
        if self._options.assign and not self._assign and not read.draft.assigned_to:
            faults.append(_NOBODY_LEFT)
        if faults:
            return self._failed(record, draft, faults)
        try:
            return self._made(record, with_clean_value(draft, self.surroundings.fields), frozenset(defaults))
        except Invalid as error:
            return self._failed(record, draft, self.worded(error.errors, draft))

    def ignored(self) -> list[IgnoredColumn]:
        """What of the records that were read stays out."""
        return self._interpreter.ignored()

    def worded(self, errors: Iterable[FieldError], draft: ContactDraft) -> list[RowFault]:
        """Faults of the domain in words, with the file's own names."""
        return [
            RowFault(
                column=self._interpreter.column_of(error.field),
                value=_value_at(draft, error.field),
                code=error.code,
                message=sentence_of(error),
            )
            for error in errors
        ]

    def _defaults(self, draft: ContactDraft, ordinal: int) -> dict[str, Any]:
        """What the import says of rows that do not say it themselves."""
        said: dict[str, Any] = {}
        if self._options.source and not draft.source:
            said["source"] = self._options.source
        if self._assign and not draft.assigned_to:
            said["assigned_to"] = self._assign[ordinal % len(self._assign)]
        return said

    def _with_options(self, draft: ContactDraft, defaults: Mapping[str, Any]) -> ContactDraft:
        if self._options.tags:
            added = tuple(dict.fromkeys((*(draft.added_tags or ()), *self._options.tags)))
            return draft.saying(**defaults, added_tags=added)
        return draft.saying(**defaults) if defaults else draft

    def _failed(self, record: Record, draft: ContactDraft, faults: Sequence[RowFault]) -> Row:
        return Row(record.line, record.last_line, record.position, draft, faults)

    def _made(self, record: Record, draft: ContactDraft, defaulted: frozenset[str]) -> Row:
        region, now = self.surroundings.region, timezone.now()
        contact = _new_contact(draft, self._actor, now)
        rules.apply(draft, contact, region=region, now=now)
        children = _CHILDLESS.after(draft)
        if too_many := list(rules.tag_faults(children.rows["tags"])):
            raise Invalid(too_many)
        derive(contact, children, self.surroundings.weights, region=region)
        references = self._references(draft) if draft.custom_values else NO_REFERENCES
        row = Row(record.line, record.last_line, record.position, draft, (), contact, children, defaulted, references)
        row.keys = keys_of(contact, has_own_uuid=draft.uuid is not UNSET)
        row.kept_ids = kept_ids(draft)
        row.asked = asked_keys(row.keys, brings_id=bool(draft.uuid or draft.winnerr_key))
        return row

    def _references(self, draft: ContactDraft) -> References:
        found = References()
        for key, value in (draft.custom_values or {}).items():
            if value is not None:
                found |= self._types[str(key)].references(value)
        return found


_NOBODY_LEFT: Final = RowFault("", "", "not_found", "whoever was to look after the row is no active member any more")

# Of every kind none, so that a later row of the file finds it like a contact that is read.
_CHILDLESS: Final = Children(dict.fromkeys(KINDS, ()))


def _new_contact(draft: ContactDraft, actor: Actor, now: datetime) -> Contact:
    """As ``contacts.services.creating`` begins one."""
    created_at = now if draft.created_at is UNSET else draft.created_at
    return FreshContact.as_contact(
        uuid=draft.uuid or uuid7(),
        # None where it gets one when it is stored.
        number=draft.number or None,
        winnerr_key=draft.winnerr_key or None,
        assigned_to_id=None if actor.sees_all_contacts else actor.member_id,
        created_by_id=draft.created_by or actor.member_id,
        created_at=created_at,
        updated_at=created_at,
        last_contacted_at=draft.last_contacted_at or None,
    )


def highest_number(records: Iterable[Record], interpreter: Interpreter) -> int:
    """The greatest number that records bring along, 0 where none does.

    A contact that gets a new number gets one behind it, or it would take a later row's.
    """
    read = (interpreter.interpret(record).draft.number for record in records if record.fault is None)
    return max((number for number in read if number and number <= rules.LARGEST_KEPT_NUMBER), default=0)


def _value_at(draft: ContactDraft, path: str) -> str:
    """What a draft says at ``further_phones.0.phone``, as text to recognise it by."""
    value: Any = draft
    for part in path.split("."):
        value = _part(value, part)
    if isinstance(value, tuple):
        value = ", ".join(map(str, value))
    return "" if value in (None, UNSET) else str(value)[:LONGEST_VALUE_SHOWN]


def _part(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, value.get(int(name)) if name.isdecimal() else None)
    if isinstance(value, list | tuple):
        return value[int(name)] if name.isdecimal() and int(name) < len(value) else None
    return getattr(value, "custom_values" if name == "custom_fields" else name, None)
