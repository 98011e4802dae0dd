"""Who is in the address book already: the keys by which a row's contact is found, and where they are looked up.

A contact is found by its primary e-mail, else by its primary telephone together with its name, else by an id that
another system gave together with its name; of several, the oldest is found. The same holds inside a file, for what an
earlier row made.
"""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, cast
from uuid import UUID

from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from accounts.actor import Actor
from accounts.among import among
from accounts.prepared import OneOf, PreparedQuery, Slot, kept, prepare
from contacts.importing.fresh import COLUMNS, FreshContact
from contacts.importing.keys import BETWEEN, EMAIL, IDS, PHONE, PHONE_ALONE, name_key
from contacts.models import Contact, ContactChange
from contacts.querysets import ContactQuerySet
from contacts.services.changes import Change, facts_of
from contacts.services.children import KINDS, Children, read_children

# Several hundred ids a statement: a list of thousands is planned anew each time.
_BATCH: Final = 1_000


@dataclass(slots=True)
class Target:
    """A contact as an import sees it: stored, or what an earlier row of the file makes.

    ``id`` is None for one that is not stored; ``line`` is the row of this file that made or changed it last,
    ``first_line`` the one that made it.
    ``contact`` and ``children`` are None where nobody asked for them.
    """

    id: int | None
    number: int | None = None
    line: int | None = None
    first_line: int | None = None
    is_visible: bool = True
    contact: Contact | None = None
    children: Children | None = None
    # As they were when this chunk began; None for one this chunk makes.
    stored: Contact | None = None
    stored_children: Children | None = None
    changes: list[tuple[int, Change]] = field(default_factory=list)

    @property
    def token(self) -> int:
        """How a book refers to it: the primary key, or the line that made it, negative."""
        return self.id if self.id is not None else -(self.first_line or 0)


class Book(Protocol):
    """Where contacts are looked up."""

    def find(self, keys: Collection[str]) -> dict[str, list[int]]:
        """The tokens of the live contacts that have these keys, by key, in the order of ``age``."""

    def taken(self, keys: Collection[str]) -> set[str]:
        """Those ids that some contact has, deleted ones too; each is its kind (``UUID_OF``, ``NUMBER``, ...) and the id."""

    def targets(self, tokens: Collection[int], *, whole: bool) -> dict[int, Target]:
        """The contacts themselves, ``whole`` with columns and children and, where they are stored, locked."""


def age(token: int) -> tuple[bool, int]:
    """What tokens are sorted by: stored contacts in the order they were made, and behind them those the file makes."""
    return token < 0, abs(token)


def is_visible(contact: Contact, children: Children | None, actor: Actor) -> bool:
    """What ``visible_to`` says, of a contact that may not be stored. Needs the further assignees."""
    if actor.sees_all_contacts:
        return True
    further = () if children is None else children.rows["further_assignees"]
    return actor.member_id is not None and actor.member_id in (contact.assigned_to_id, *further)


Rows = Iterable[tuple[Any, ...]]
_NAMES: Final = ("first_name_norm", "last_name_norm", "full_name", "company_name")


@kept
def _by_email() -> PreparedQuery:
    wanted = Slot("values", Contact._meta.get_field("email_norm"), is_array=True)
    rows = Contact.objects.active().filter(OneOf(F("email_norm"), wanted))
    return prepare(rows.order_by().values_list("email_norm", "pk"))


@kept
def _by_phone() -> PreparedQuery:
    return _telephones(Contact.objects.active())


@kept
def _by_phone_alone() -> PreparedQuery:
    return _telephones(Contact.objects.active().filter(email_norm=""))


def _telephones(contacts: ContactQuerySet[Contact]) -> PreparedQuery:
    wanted = Slot("values", Contact._meta.get_field("phone_norm"), is_array=True)
    # Written out as the partial index has it: of a parameter, a kept plan does not know that it is the same.
    rows = contacts.filter(~Q(phone_norm=RawSQL("''", ())), OneOf(F("phone_norm"), wanted))
    return prepare(rows.order_by().values_list("phone_norm", "pk", *_NAMES))


def _asked(query: Callable[[], PreparedQuery], values: Collection[str]) -> Rows:
    """The rows of one of the statements of every chunk, whose text never changes."""
    return query().rows({"values": list(values)}) if values else ()


class StoredBook:
    """The organization's contacts. Lookups are made inside its unit of work."""

    def __init__(self, operation: UUID, *, actor: Actor, locks: bool) -> None:
        self._operation = operation
        self._actor = actor
        self._locks = locks

    def find(self, keys: Collection[str]) -> dict[str, list[int]]:
        by_kind: dict[str, list[str]] = {kind: [] for kind in (EMAIL, PHONE, PHONE_ALONE, *IDS)}
        for key in keys:
            by_kind[key[0]].append(key[1:])
        found = {EMAIL + email: [pk] for email, pk in _asked(_by_email, by_kind[EMAIL])}
        found |= self._named(PHONE, by_kind[PHONE], partial(_asked, _by_phone))
        found |= self._named(PHONE_ALONE, by_kind[PHONE_ALONE], partial(_asked, _by_phone_alone))
        for kind, column in IDS.items():
            found |= self._named(kind, by_kind[kind], partial(self._rows, column))
        return found

    def _named(
        self, kind: str, wanted: Collection[str], ask: Callable[[Collection[str]], Rows]
    ) -> dict[str, list[int]]:
        """Contacts with one of the values and the name that stands beside it."""
        values = {key.partition(BETWEEN)[0] for key in wanted}
        asked = set(wanted)
        found: dict[str, list[int]] = {}
        for value, pk, *parts in ask(values):
            named = FreshContact.as_contact(**dict(zip(_NAMES, parts, strict=True)))
            key = f"{value}{BETWEEN}{name_key(named)}"
            if key in asked:
                found.setdefault(kind + key, []).append(pk)
        return {key: sorted(tokens) for key, tokens in found.items()}

    def _rows(self, column: str, values: Collection[Any]) -> Rows:
        for batch in _batches(values):
            rows = Contact.objects.active().filter(**{f"{column}__in": batch})
            yield from rows.order_by().values_list(column, "pk", *_NAMES)

    def taken(self, keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        for kind, column in IDS.items():
            for batch in _batches([key[1:] for key in keys if key[0] == kind]):
                values = Contact.objects.filter(**{f"{column}__in": batch}).order_by().values_list(column, flat=True)
                found |= {f"{kind}{value}" for value in values}
        return found

    def targets(self, tokens: Collection[int], *, whole: bool) -> dict[int, Target]:
        if not tokens:
            return {}
        found = self._whole(tokens) if whole else self._bare(tokens)
        lines = self._lines(tokens)
        visible = self._visible(tokens)
        for target in found.values():
            target.line = lines.get(target.token)
            target.is_visible = target.token in visible
        return found

    def _bare(self, tokens: Collection[int]) -> dict[int, Target]:
        rows = Contact.objects.filter(among("pk", tokens)).values_list("pk", "number")
        return {pk: Target(pk, number) for pk, number in rows}

    def _whole(self, tokens: Collection[int]) -> dict[int, Target]:
        rows = Contact.objects.active().filter(among("pk", tokens)).order_by("pk")
        contacts = list(rows.select_for_update(of=("self",)) if self._locks else rows)
        children = read_children([contact.pk for contact in contacts], KINDS)
        return {contact.pk: self._stored(contact, children[contact.pk]) for contact in contacts}

    def _stored(self, contact: Contact, children: Children) -> Target:
        columns = {name: getattr(contact, name) for name in COLUMNS}
        working = FreshContact.as_contact(**columns)
        working._state = _STORED  # type: ignore[assignment]  # all the rules ask of it
        return Target(
            contact.pk, contact.number, contact=working, children=children, stored=contact, stored_children=children
        )

    def _lines(self, tokens: Collection[int]) -> dict[int, int]:
        """By contact, the last row of this import that wrote it: changes carry the line."""
        changes = ContactChange.objects.filter(among("contact_id", tokens), operation=self._operation).order_by("id")
        return {pk: line_of(request) for pk, request in changes.values_list("contact_id", "request_id")}

    def _visible(self, tokens: Collection[int]) -> set[int]:
        if self._actor.sees_all_contacts:
            return set(tokens)
        return set(Contact.objects.visible_to(self._actor).filter(among("pk", tokens)).values_list("pk", flat=True))


class _Stored:
    adding = False


_STORED: Final = _Stored()


class PlannedBook:
    """A book with what earlier rows of the file would have made of it, for a plan that stores no contact.

    That is kept in a temporary file, not in memory: a plan has room for as many rows as the file.
    """

    def __init__(self, stored: StoredBook) -> None:
        self._stored = stored
        # An empty name is a database in a file that nobody else can open and that goes away by itself.
        self._planned = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._planned.execute("PRAGMA journal_mode = OFF")
        self._planned.execute(
            "CREATE TABLE keys (key TEXT, token INTEGER, is_held INTEGER NOT NULL, PRIMARY KEY (key, token)) WITHOUT ROWID"
        )
        self._planned.execute(
            "CREATE TABLE states (token INTEGER PRIMARY KEY, line INTEGER NOT NULL, state BLOB NOT NULL)"
        )

    def find(self, keys: Collection[str]) -> dict[str, list[int]]:
        found = self._stored.find(keys)
        for key in keys:
            if rows := self._rows(key):
                held = dict.fromkeys(found.get(key, ()), True) | dict(rows)
                found[key] = sorted((token for token, is_held in held.items() if is_held), key=age)
        return found

    def taken(self, keys: Collection[str]) -> set[str]:
        return self._stored.taken(keys) | {key for key in keys if self._rows(key)}

    def _rows(self, key: str) -> list[tuple[int, bool]]:
        """Who has the key or, having had it, has it no more, after the rows before."""
        return self._planned.execute("SELECT token, is_held FROM keys WHERE key = ?", (key,)).fetchall()

    def targets(self, tokens: Collection[int], *, whole: bool) -> dict[int, Target]:
        planned = {token: target for token in tokens if (target := self._state(token)) is not None}
        stored = self._stored.targets([token for token in tokens if token > 0 and token not in planned], whole=whole)
        return stored | planned

    def _state(self, token: int) -> Target | None:
        row = self._planned.execute("SELECT line, state FROM states WHERE token = ?", (token,)).fetchone()
        if row is None:
            return None if token > 0 else Target(None, line=-token, first_line=-token)
        return _thawed(row[1], row[0], token)

    def remember(self, targets: Iterable[Target], keys: Mapping[tuple[str, int], bool], *, whole: bool) -> None:
        """Keep what a chunk would have made: the contacts, and by key and token whether that one has it then."""
        rows = ((key, token, is_held) for (key, token), is_held in keys.items())
        self._planned.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", rows)
        if whole:
            states = ((target.token, target.line, _frozen(target)) for target in targets)
            self._planned.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", states)

    def close(self) -> None:
        self._planned.close()


def _frozen(target: Target) -> bytes:
    contact = cast("Contact", target.contact)
    columns = {name: getattr(contact, name) for name in COLUMNS}
    state = (target.id, target.number, target.is_visible, contact._state.adding, columns, target.children)
    return pickle.dumps(state, pickle.HIGHEST_PROTOCOL)


def _thawed(state: bytes, line: int, token: int) -> Target:
    # Written by this process, in a file only it can open.
    key, number, is_visible, adding, columns, children = pickle.loads(state)  # noqa: S301 - as above
    contact = FreshContact.as_contact(**columns)
    if not adding:
        contact._state = _STORED  # type: ignore[assignment]  # all the rules ask of it
    first_line = -token if token < 0 else None
    target = Target(key, number, line, first_line, is_visible, contact, children)
    target.stored, target.stored_children = FreshContact.as_contact(**columns), children
    return target


def facts(target: Target) -> dict[str, Any]:
    """Everything a change may show of the contact as it is to be."""
    return facts_of(cast("Contact", target.contact), target.children)


def request_of(number: int, line: int) -> str:
    """What a change of an import carries as its request: ``import-3-line-17``."""
    return f"import-{number}-line-{line}"


def line_of(request: str) -> int:
    """The line in what ``request_of`` made."""
    return int(request.rpartition("-")[2])


def _batches(values: Collection[Any]) -> Iterable[list[Any]]:
    listed = list(values)
    return (listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH))
