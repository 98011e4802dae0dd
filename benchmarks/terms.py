"""What is searched for: a mix of what people type, taken from the contacts that are there, always the same for one filling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.database import Bench

# Of each kind, so that no answer is only a repetition of the one before.
TERMS_OF_A_KIND: Final = 20


@dataclass(frozen=True)
class Person:
    """A contact as it was typed in; ``digits`` are the ten of its first telephone."""

    first: str
    last: str
    email: str
    phone: str
    digits: str

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"


@dataclass(frozen=True)
class Kind:
    """One way to look for a person.

    ``is_literal``: the very characters stand in the name, the address or the telephone, so that a search that compares
    nothing else finds the same contacts.
    """

    name: str
    term: Callable[[Person], str]
    is_literal: bool = True


# By these none is drawn: they are the same whoever is looked for.
RARE: Final = "rare full name"
FREQUENT: Final = "frequent first name"
NOBODY: Final = "nobody's name"

KINDS: Final = (
    Kind(RARE, lambda person: person.full),
    Kind("e-mail", lambda person: person.email.lower()),
    Kind("last name", lambda person: person.last),
    Kind("phone, as typed in", lambda person: person.phone),
    Kind("part of a name", lambda person: person.last[: 3 + len(person.email) % 3].lower()),
    Kind("phone, +1 and digits", lambda person: f"+1{person.digits}", is_literal=False),
    Kind(FREQUENT, lambda person: person.first),
    Kind("part of an e-mail", lambda person: person.email.partition("@")[0].lower()[2:]),
    Kind("phone, with dots", lambda person: _grouped(person.digits, "."), is_literal=False),
    Kind("name, last one begun", lambda person: f"{person.first} {person.last[:3]}".lower()),
    Kind("end of a phone", lambda person: _grouped(person.digits, "-")[4:], is_literal=False),
    Kind(NOBODY, lambda person: f"{person.last}-Quetzal {person.first}"),
    Kind("beginning of a phone", lambda person: _grouped(person.digits, " ")[:7], is_literal=False),
)


def _grouped(digits: str, between: str) -> str:
    return between.join((digits[:3], digits[3:6], digits[6:]))


def mixed(bench: Bench) -> list[str]:
    """``TERMS_OF_A_KIND`` terms of each kind, the kinds in turn."""
    people, rare, frequent = _people(bench)
    terms: list[str] = []
    for place in range(TERMS_OF_A_KIND):
        for kind in KINDS:
            drawn = people[len(terms) % len(people)]
            person = {RARE: rare[place % len(rare)], FREQUENT: frequent}.get(kind.name, drawn)
            terms.append(kind.term(person))
    return terms


def _people(bench: Bench) -> tuple[Sequence[Person], Sequence[Person], Person]:
    """Contacts from all over the big organization, those with the rarest names, and one with the commonest first name."""
    count = TERMS_OF_A_KIND * len(KINDS)
    with bench.owner() as owner:
        drawn = owner.execute(_DRAWN, [bench.big.id, max(1, bench.rows // count), count]).fetchall()
        rare = owner.execute(_RARE, [bench.big.id, TERMS_OF_A_KIND]).fetchall()
        frequent = owner.execute(_FREQUENT, [bench.big.id]).fetchone()
    return [_person(row) for row in drawn], [_person(row) for row in rare], _person(frequent)


def _person(row: Sequence[str]) -> Person:
    first, last, email, phone, norm = row
    return Person(first, last, email, phone, norm.removeprefix("+1"))


_COLUMNS: Final = "first_name, last_name, email, phone, phone_norm"
_DRAWN: Final = f"""
    SELECT {_COLUMNS} FROM contacts_contact WHERE organization_id = %s AND number %% %s = 0 AND deleted_at IS NULL
    ORDER BY number LIMIT %s
"""
_RARE: Final = """
    SELECT min(first_name), min(last_name), '', '', '' FROM contacts_contact
    WHERE organization_id = %s AND deleted_at IS NULL GROUP BY full_name ORDER BY count(*), full_name LIMIT %s
"""
_FREQUENT: Final = f"""
    SELECT {_COLUMNS} FROM contacts_contact c WHERE organization_id = %s AND deleted_at IS NULL AND first_name =
        (SELECT first_name FROM contacts_contact WHERE organization_id = c.organization_id GROUP BY first_name
         ORDER BY count(*) DESC, first_name LIMIT 1)
    ORDER BY number LIMIT 1
"""
