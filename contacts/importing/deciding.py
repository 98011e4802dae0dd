"""What becomes of each row of a chunk, decided in the order of the file. Changes nothing that is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

import orjson
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Duplicate, FieldError, Invalid
from accounts.identifiers import uuid7
from contacts import rules
from contacts.custom_fields import existing_references
from contacts.field_types import References
from contacts.importing.fresh import copied
from contacts.importing.keys import EMAIL, NUMBER, PHONE, PHONE_ALONE, UUID_OF, WINNERR_KEY, keys_of
from contacts.importing.matching import Book, Target, age, facts, is_visible
from contacts.importing.merging import merged
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import OBJECTION, Fate, Outcome
from contacts.importing.records import RowFault
from contacts.importing.rows import NO_REFERENCES, Preparation, Row, Surroundings
from contacts.models import Contact
from contacts.services.changes import difference
from contacts.services.children import Children
from contacts.services.derived import derive

# Times that follow from a change and that no change records.
MOMENTS: Final = ("applied_at", "converted_at")
# What is worked out anew from a contact that has not been scored for a while is nothing the row says.
_FOLLOWING: Final = frozenset({"lead_score"})
_HOW_FOUND: Final = {
    EMAIL: "e-mail address",
    PHONE: "telephone and name",
    PHONE_ALONE: "telephone and name",
    UUID_OF: "id and name",
    WINNERR_KEY: "id and name",
    NUMBER: "number and name",
}


_FIELD_OF: Final = {
    EMAIL: "email",
    PHONE: "phone",
    PHONE_ALONE: "phone",
    UUID_OF: "uuid",
    WINNERR_KEY: "winnerr_key",
    NUMBER: "number",
}
_NOBODY: Final[list[int]] = []


@dataclass(slots=True)
class Decided:
    """A chunk's outcomes, the contacts it makes and those it changes, and by key and token who has which key afterwards."""

    outcomes: list[Outcome] = field(default_factory=list)
    created: list[Target] = field(default_factory=list)
    changed: dict[int, Target] = field(default_factory=dict)
    keys: dict[tuple[str, int], bool] = field(default_factory=dict)
    # By outcome, the contact it is about.
    about: list[Target | None] = field(default_factory=list)


Effect = Callable[[], None]


class Decider:
    """Decides one chunk against a book."""

    def __init__(
        self,
        options: ImportOptions,
        surroundings: Surroundings,
        preparation: Preparation,
        book: Book,
        *,
        actor: Actor,
        planned: Mapping[int, Outcome] | None = None,
    ) -> None:
        """``planned`` are the outcomes, by line, that alone may come about; None where anything may."""
        self._options = options
        self._surroundings = surroundings
        self._preparation = preparation
        self._book = book
        self._actor = actor
        self._planned = planned
        self._merges = options.on_duplicate in (OnDuplicate.FILL, OnDuplicate.UPDATE)
        self._now = timezone.now()

    def decide(self, rows: Sequence[Row]) -> Decided:
        """The fates of the rows. The same rows and the same book give the same fates."""
        self._decided = Decided()
        self._look_up(rows)
        self._missing = self._missing_references(rows)
        for row in rows:
            outcome, target, effect = self._fate(row)
            moved = self._moved(outcome)
            if moved is not None:
                outcome, target = moved, None
            elif effect is not None:
                effect()
            self._decided.outcomes.append(outcome)
            self._decided.about.append(target)
        return self._decided

    def _look_up(self, rows: Sequence[Row]) -> None:
        good = [row for row in rows if row.contact is not None]
        asked = {key for row in good for key in (*row.keys, *row.asked)}
        self._holders: dict[str, list[int]] = dict.fromkeys(asked, _NOBODY) | self._book.find(asked)
        # Of several, only the first is needed unless another row takes the key from it.
        first = {tokens[0] for tokens in self._holders.values() if tokens}
        self._targets: dict[int, Target | None] = dict(self._book.targets(first, whole=self._merges))
        self._taken = self._book.taken({key for row in good for key in row.kept_ids})

    def _missing_references(self, rows: Sequence[Row]) -> References:
        """What custom values of the rows point to and is not there."""
        wanted = NO_REFERENCES
        for row in rows:
            if row.references is not NO_REFERENCES:
                wanted |= row.references
        if wanted is NO_REFERENCES:
            return wanted
        found = existing_references(wanted)
        return References(wanted.members - found.members, wanted.contacts - found.contacts)

    def _fate(self, row: Row) -> tuple[Outcome, Target | None, Effect | None]:
        """What becomes of a row, the contact it is about, and how to make it so for the rows behind it."""
        if row.contact is None:
            return _failed(row, row.faults), None, None
        if row.references is not NO_REFERENCES and _is_dangling(row.references, self._missing):
            return _failed(row, [_DANGLING]), None, None
        target, key = self._match(row)
        if target is None:
            return self._create(row, row.contact)
        reason = _reason(target, key)
        if self._options.on_duplicate is OnDuplicate.SKIP:
            return _about(row, Fate.SKIP, target, reason), target, None
        if self._options.on_duplicate is OnDuplicate.ERROR:
            return _failed(row, [self._duplicate(row, key, reason)], target), target, None
        return self._merge(row, target, reason)

    def _match(self, row: Row) -> tuple[Target | None, str]:
        for key in row.asked:
            for token in self._holders[key]:
                target = self._target(token)
                # Between being found and being locked it may have been deleted, or got another address.
                if target is not None and (target.contact is None or key in keys_of(target.contact)):
                    return target, key
        return None, ""

    def _target(self, token: int) -> Target | None:
        if token not in self._targets:
            self._targets[token] = self._book.targets([token], whole=self._merges).get(token)
        return self._targets[token]

    def _moved(self, outcome: Outcome) -> Outcome | None:
        """What becomes of a row whose plan does not hold any more: nothing; None where it holds, or there is none."""
        if self._planned is None:
            return None
        planned = self._planned.get(outcome.line)
        if planned is not None and _signature(planned) == _signature(outcome):
            return None
        said = "nothing" if planned is None else planned.fate.value
        why = outcome.reason or "; ".join(fault.message for fault in outcome.faults)
        otherwise = " otherwise" if said == outcome.fate.value else ""
        message = f"the plan was to {said}; now it would {outcome.fate.value}{otherwise}" + (f" ({why})" if why else "")
        fault = RowFault("", "", "moved", message)
        return Outcome(outcome.line, outcome.position, Fate.FAIL, outcome.contact_id, outcome.number, faults=[fault])

    def _create(self, row: Row, made: Contact) -> tuple[Outcome, Target, Effect]:
        contact = copied(made)
        notes = self._without_taken_ids(row, contact)
        target = Target(None, contact.number, row.line, row.line, contact=contact, children=row.children)
        outcome = Outcome(row.line, row.position, Fate.CREATE, notes=notes)

        def effect() -> None:
            for key in row.kept_ids:
                self._taken.add(key)
                self._decided.keys[key, target.token] = True
            target.is_visible = is_visible(contact, row.children, self._actor)
            self._decided.created.append(target)
            self._targets[target.token] = target
            self._hold(self._own_keys(row, contact), target.token)

        return outcome, target, effect

    def _without_taken_ids(self, row: Row, contact: Contact) -> list[str]:
        """Leave those ids out that somebody has already; says which."""
        taken = [key for key in row.kept_ids if key in self._taken]
        for key in taken:
            if key[0] == UUID_OF:
                contact.uuid = uuid7()
            elif key[0] == NUMBER:
                contact.number = None  # type: ignore[assignment]  # gets one when it is stored
            else:
                contact.winnerr_key = None
        return [f"{key[1:]} is another contact's id: this one has a new one" for key in taken]

    def _own_keys(self, row: Row, contact: Contact) -> Sequence[str]:
        """The keys a new contact is found by; an id that it could not keep is none."""
        if not row.kept_ids:
            return row.keys
        kept = set(keys_of(contact))
        return [key for key in row.keys if key in kept]

    def _hold(self, keys: Iterable[str], token: int) -> None:
        for key in keys:
            self._decided.keys[key, token] = True
            # No row of this chunk asks for others.
            holders = self._holders.get(key)
            if holders is not None and token not in holders:
                self._holders[key] = sorted([*holders, token], key=age) if holders else [token]

    def _let_go(self, keys: Iterable[str], token: int) -> None:
        for key in keys:
            self._decided.keys[key, token] = False
            if key in self._holders:
                self._holders[key] = [holder for holder in self._holders[key] if holder != token]

    def _merge(self, row: Row, target: Target, reason: str) -> tuple[Outcome, Target, Effect | None]:
        if not target.is_visible:
            colleague = RowFault("", "", "forbidden", f"{reason}, and is not among those you look after")
            return _failed(row, [colleague], target), target, None
        try:
            after = self._merged(row, target)
        except Invalid as error:
            return _failed(row, self._preparation.worded(error.errors, row.draft), target), target, None
        except Duplicate as error:
            return _failed(row, [self._taken_address(row, error)], target), target, None
        change = difference(target.id or 0, facts(target), facts(after), scored=True)
        if change is None or change.after.keys() == _FOLLOWING:
            return _about(row, Fate.SKIP, target, f"{reason}, and the row says nothing new"), target, None
        outcome = _about(row, Fate.UPDATE, target, reason)
        outcome.changes = {name: [change.before[name], change.after[name]] for name in change.changed_fields()}
        outcome.moments = _moments(_contact(target), _contact(after))

        def effect() -> None:
            self._put(target, after, row.line)
            target.changes.append((row.line, change))

        return outcome, target, effect

    def _merged(self, row: Row, target: Target) -> Target:
        """The contact as the row makes it, beside the one that is. Raises ``Invalid``, ``Duplicate``."""
        contact, children = copied(_contact(target)), target.children or Children()
        region = self._surroundings.region
        draft = merged(row.draft, contact, children, self._options.on_duplicate, region=region, defaulted=row.defaulted)
        after = children.after(draft)
        if found := [*rules.faults(draft), *rules.tag_faults(after.rows.get("tags", ()))]:
            raise Invalid(found)
        rules.apply(draft, contact, region=region, now=self._now)
        if contact.email_norm != _contact(target).email_norm:
            self._check_address(contact, target)
        derive(contact, after, self._surroundings.weights, region=region)
        return Target(target.id, target.number, contact=contact, children=after)

    def _check_address(self, contact: Contact, target: Target) -> None:
        """Raises ``Duplicate`` where the row's address is another contact's."""
        others = [token for token in self._holders.get(EMAIL + contact.email_norm, _NOBODY) if token != target.token]
        if others:
            raise Duplicate("contact", "email", contact.email, others[0])

    def _put(self, target: Target, after: Target, line: int) -> None:
        """Make the target what it is to be, found by its new keys and no longer by those it lost."""
        old, new = keys_of(_contact(target)), keys_of(_contact(after))
        self._let_go(set(old) - set(new), target.token)
        self._hold(set(new) - set(old), target.token)
        target.contact, target.children, target.line = after.contact, after.children, line
        target.is_visible = is_visible(_contact(after), after.children, self._actor)
        self._decided.changed[target.token] = target

    def _duplicate(self, row: Row, key: str, reason: str) -> RowFault:
        (fault,) = self._preparation.worded([FieldError(_FIELD_OF[key[0]], "duplicate", message=reason)], row.draft)
        return fault

    def _taken_address(self, row: Row, error: Duplicate) -> RowFault:
        message = "another contact has this e-mail address"
        (fault,) = self._preparation.worded([FieldError("email", "duplicate", message=message)], row.draft)
        return fault


_DANGLING: Final = RowFault("", "", "not_found", "a custom field points to a contact or member there is not")


def _is_dangling(references: References, missing: References) -> bool:
    return bool(references.members & missing.members or references.contacts & missing.contacts)


def _contact(target: Target) -> Contact:
    return cast("Contact", target.contact)


def _reason(target: Target, key: str) -> str:
    how = _HOW_FOUND[key[0]]
    if target.line is not None:
        return f"the same {how} as in line {target.line}"
    if not target.is_visible:
        return f"a contact that somebody else looks after has the same {how}"
    return f"contact {target.number} has the same {how}"


def _about(row: Row, fate: Fate, target: Target, reason: str) -> Outcome:
    return Outcome(row.line, row.position, fate, target.id, _number(target), target.line, reason)


def _number(target: Target) -> int | None:
    """What the contact is called, for those who may know that."""
    return target.number if target.is_visible else None


def _failed(row: Row, faults: Sequence[RowFault], target: Target | None = None) -> Outcome:
    if target is None:
        return Outcome(row.line, row.position, Fate.FAIL, faults=faults)
    return Outcome(row.line, row.position, Fate.FAIL, target.id, _number(target), target.line, faults=faults)


def _moments(before: Contact, after: Contact) -> dict[str, str | None]:
    """Of the times that differ, as they were."""
    changed = [name for name in MOMENTS if getattr(before, name) != getattr(after, name)]
    values: dict[str, datetime | None] = {name: getattr(before, name) for name in changed}
    return {name: value.isoformat() if value else None for name, value in values.items()}


def _signature(outcome: Outcome) -> tuple[Any, ...]:
    """What of an outcome was promised: the fate, whose it is, and what changes there.

    Objections are not: who said stop in between is left alone all the same.
    """
    if outcome.fate is Fate.FAIL:
        return (outcome.fate,)
    whose = ("line", outcome.same_as) if outcome.same_as is not None else ("contact", outcome.contact_id)
    changes = orjson.dumps(outcome.changes, option=orjson.OPT_SORT_KEYS)
    notes = tuple(note for note in outcome.notes if not note.startswith(OBJECTION))
    return (outcome.fate, whose, changes, notes)
