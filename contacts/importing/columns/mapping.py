"""Which column becomes what: guessed, corrected by a person, kept with the import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from contacts.importing.columns.targets import TARGETS, Choice, UnknownTarget, choice
from contacts.importing.context import Context
from contacts.importing.records import Unreadable

LEFT_OUT: Final = "The mapping leaves it out."
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column, what it becomes (``phone:Mobile``; None for nothing), why it does not, and a few of its cells."""

    heading: str
    target: str | None
    reason: str = field(default="", compare=False)
    examples: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the columns of a file become, in the file's order. Two are equal when they do the same.

    As JSON: ``{"columns": {"E-mail 2 - Value": "further_email", "Foo": null, "Bar": "custom:7"}}``.
    """

    columns: tuple[MappedColumn, ...]

    def to_json(self) -> dict[str, Any]:
        """The mapping as a file or column of the database keeps it."""
        return {"columns": {column.heading: column.target for column in self.columns}}

    def overridden(self, document: Any, context: Context) -> Self:
        """This mapping with what a document says on top of it; columns it does not name stay.

        A column that must yield to another one's new target is left out, or becomes a further address or number. Custom
        fields may be named (``custom:Name``). Raises ``Unreadable`` with everything that is wrong at once.
        """
        wanted = _wanted(document)
        known = {column.heading for column in self.columns}
        faults = [f"There is no column “{heading}”." for heading in wanted if heading not in known]
        chosen: dict[str, Choice | None] = {}
        for heading, text in wanted.items():
            try:
                chosen[heading] = None if text is None else choice(text, context)
            except UnknownTarget as error:
                faults.append(f"“{text}” for “{heading}” {error}.")
        faults += _clashes({heading: each for heading, each in chosen.items() if each and heading in known})
        if faults:
            raise Unreadable(self._complaint(faults, context))
        return replace(self, columns=tuple(self._merged(chosen, context)))

    def _complaint(self, faults: list[str], context: Context) -> str:
        named = faults[:_MOST_NAMED]
        if len(faults) > _MOST_NAMED:
            named.append(f"And {len(faults) - _MOST_NAMED} more.")
        headings = ", ".join(column.heading for column in self.columns)
        fields = "".join(f", custom:{known.name}" for known in context.fields)
        targets = ", ".join(name for name in TARGETS if name != "custom")
        return "\n".join(
            [
                "The mapping does not fit.",
                *named,
                f"The columns are: {headings}.",
                f"They can become: {targets}{fields}, or null for nothing.",
            ]
        )

    def _merged(self, chosen: dict[str, Choice | None], context: Context) -> list[MappedColumn]:
        named = {heading: each for heading, each in chosen.items() if each is not None}
        taken = {each.place: heading for heading, each in named.items() if not each.target.is_shared}
        primary = {each.target.identifier for each in named.values()} & {"email", "phone"}
        merged = []
        for column in self.columns:
            if column.heading not in chosen:
                merged.append(_yielding(column, taken, primary, context))
            elif column.heading in named:
                merged.append(replace(column, target=str(named[column.heading]), reason=""))
            else:
                merged.append(replace(column, target=None, reason=LEFT_OUT))
        return merged

    @classmethod
    def from_json(cls, document: Any, headers: Sequence[str], context: Context) -> Self:
        """The mapping that ``to_json`` wrote, for a file with these headings. Raises ``Unreadable``."""
        columns = tuple(MappedColumn(heading, None, LEFT_OUT) for heading in headers)
        return cls(columns).overridden(document, context)


def _yielding(
    column: MappedColumn, taken: dict[tuple[str, str], str], primary: set[str], context: Context
) -> MappedColumn:
    """A column that is not named: its place may be another one's now, and an address or number that is named comes first."""
    if column.target is None:
        return column
    try:
        winner = taken.get(choice(column.target, context).place)
    except UnknownTarget as error:
        return replace(column, target=None, reason=f"“{column.target}” {error}.")
    if winner:
        return replace(column, target=None, reason=f"“{winner}” is read instead.")
    is_demoted = column.target.partition(":")[0] in primary
    return replace(column, target=f"further_{column.target}") if is_demoted else column


def _wanted(document: Any) -> dict[str, str | None]:
    columns = document.get("columns") if isinstance(document, dict) else None
    if not isinstance(columns, dict) or len(document) > 1:
        raise Unreadable('A mapping is an object like {"columns": {"Heading": "email", "Another": null}}.')
    if bad := [str(heading) for heading, text in columns.items() if not isinstance(text, str | None)]:
        raise Unreadable(f"What a column becomes is a text or null, not so for: {', '.join(bad[:_MOST_NAMED])}.")
    return columns


def _clashes(chosen: dict[str, Choice]) -> list[str]:
    """Two columns for one place."""
    first: dict[tuple[str, str], str] = {}
    faults = []
    for heading, each in chosen.items():
        if each.target.is_shared:
            continue
        other = first.setdefault(each.place, heading)
        if other != heading:
            faults.append(f"“{other}” and “{heading}” cannot both become {each}.")
    return faults
