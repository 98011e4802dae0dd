"""What becomes, or became, of the rows of an import: page by page, all of them or those of one fate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from django.utils import timezone

from accounts.actor import Actor
from contacts.admin.history import FieldChange, change_lines
from contacts.admin.import_columns import rows_at_lines
from contacts.importing.outcomes import Fate, Outcome, unpack
from contacts.importing.records import RowFault
from contacts.models import ChangeVerb, Contact, ContactChange, ImportChunk, ImportJob, ImportState
from contacts.services.import_requests import options_of
from contacts.services.uploads import is_kept

ROWS_PER_PAGE: Final = 50
# For rows that are rare among very many; then a link leads on.
SECONDS_OF_LOOKING: Final = 2.0
KEPT: Final = "kept: "
MOVED: Final = "moved"
LABELS: Final = {
    Fate.CREATE: ("New", "New", "green"),
    Fate.UPDATE: ("Changed", "To be changed", "blue"),
    Fate.SKIP: ("Skipped", "To be skipped", "base"),
    Fate.FAIL: ("Failed", "Cannot be imported", "red"),
}


@dataclass(frozen=True)
class OutcomeShown:
    """A row as the page shows it. ``contact_id`` is for a link: of a contact that may be seen."""

    line: int
    fate: str
    color: str
    name: str
    details: Sequence[tuple[str, str]]
    contact_id: int | None
    reason: str
    notes: Sequence[str]
    fields: Sequence[FieldChange]
    faults: Sequence[RowFault]


@dataclass(frozen=True)
class RowsPage:
    """Some rows in the order of the file; ``following`` is the line behind which the next page begins, None at the end."""

    rows: Sequence[OutcomeShown]
    following: int | None
    is_partial: bool = False


def rows_page(job: ImportJob, *, fate: str, after: int, actor: Actor) -> RowsPage:
    """The rows behind a line, of one fate (one of those of ``fates_of``) or of all."""
    is_plan = shows_plan(job)
    found: list[Outcome] = []
    until = monotonic() + SECONDS_OF_LOOKING
    chunks = ImportChunk.objects.filter(job=job, is_plan=is_plan, last_line__gt=after).order_by("number")
    for number in list(chunks.values_list("number", flat=True)):
        chunk = ImportChunk.objects.get(job=job, is_plan=is_plan, number=number)
        found += [outcome for outcome in unpack(chunk.rows) if outcome.line > after and _is_wanted(outcome, fate)]
        if len(found) > ROWS_PER_PAGE:
            break
        if monotonic() > until:
            return RowsPage(_shown(job, found, actor), chunk.last_line, is_partial=True)
    page = found[:ROWS_PER_PAGE]
    return RowsPage(_shown(job, page, actor), page[-1].line if len(found) > ROWS_PER_PAGE else None)


def _is_wanted(outcome: Outcome, fate: str) -> bool:
    if fate == MOVED:
        return any(fault.code == MOVED for fault in outcome.faults)
    if fate == "kept":
        return any(note.startswith(KEPT) for note in outcome.notes)
    return fate in ("", outcome.fate.value)


def shows_plan(job: ImportJob) -> bool:
    """Whether a page shows what is to be, rather than what was done."""
    return job.state in (ImportState.PLANNING, ImportState.PLANNED)


def fates_of(job: ImportJob) -> list[tuple[str, str, int]]:
    """The counts of an import: fate, label, number."""
    place = 1 if shows_plan(job) else 0
    counts = (job.created, job.updated, job.skipped, job.failed)
    labels = [labels[place] for labels in LABELS.values()]
    return [(fate.value, label, count) for fate, label, count in zip(LABELS, labels, counts, strict=True)]


def _shown(job: ImportJob, outcomes: Sequence[Outcome], actor: Actor) -> list[OutcomeShown]:
    contacts = _contacts({outcome.contact_id for outcome in outcomes if outcome.contact_id}, actor)
    nameless = {outcome.line for outcome in outcomes if outcome.contact_id not in contacts}
    rows = rows_at_lines(job, nameless, options_of(job)) if nameless and is_kept(job) else {}
    changes = _changes_in_words(outcomes)
    return [
        OutcomeShown(
            line=outcome.line,
            fate=LABELS[outcome.fate][1 if shows_plan(job) else 0],
            color=LABELS[outcome.fate][2],
            name=contacts.get(outcome.contact_id or 0, "")
            or (rows[outcome.line].title if outcome.line in rows else ""),
            details=rows[outcome.line].details if outcome.line in rows and outcome.fate is Fate.CREATE else (),
            contact_id=outcome.contact_id if outcome.contact_id in contacts else None,
            reason=sentence(outcome.reason),
            notes=[sentence(note.removeprefix(KEPT)) for note in outcome.notes],
            fields=fields,
            faults=outcome.faults,
        )
        for outcome, fields in zip(outcomes, changes, strict=True)
    ]


def _contacts(ids: set[int], actor: Actor) -> dict[int, str]:
    """Those that may be seen, by name; deleted ones have a page too."""
    return {contact.pk: contact.display_name for contact in Contact.objects.visible_to(actor).filter(pk__in=ids)}


def _changes_in_words(outcomes: Sequence[Outcome]) -> Iterable[Sequence[FieldChange]]:
    changes = [
        ContactChange(
            verb=ChangeVerb.UPDATED,
            before={name: before for name, (before, _) in outcome.changes.items()},
            after={name: after for name, (_, after) in outcome.changes.items()},
            created_at=timezone.now(),
        )
        for outcome in outcomes
    ]
    return [line.fields for line in change_lines(changes)]


def sentence(text: str) -> str:
    """As it stands by itself."""
    return f"{text[:1].upper()}{text[1:]}"


def kept_rows(rows: Iterable[tuple[Outcome, str]], actor: Actor) -> Iterator[dict[str, Any]]:
    """Contacts that stay when an import is taken back, and why; once each."""
    reasons = {outcome.contact_id: (outcome, reason) for outcome, reason in rows if outcome.contact_id}
    names = _contacts(set(reasons), actor)
    for contact_id, (outcome, reason) in reasons.items():
        name = names.get(contact_id)
        yield {
            "name": name or f"Contact {outcome.number}",
            "contact_id": contact_id if name else None,
            "reason": sentence(reason),
        }
