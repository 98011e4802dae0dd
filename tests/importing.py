"""Imports without files: rows that are drafts already, through the same steps as those of any file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, ClassVar

from accounts.actor import Actor
from contacts.drafts import ContactDraft
from contacts.importing.matching import PlannedBook, StoredBook
from contacts.importing.options import ImportOptions
from contacts.importing.outcomes import Outcome
from contacts.importing.records import (
    IgnoredColumn,
    Interpreted,
    Interpreter,
    Record,
    RowFault,
    Source,
    UsedColumn,
)
from contacts.importing.rows import Preparation, Row, highest_number
from contacts.models import ImportJob, ImportState
from contacts.services import imports
from tests.worlds import World

SURROUNDINGS = "surroundings"


class Drafts(Interpreter):
    """Understands records that are drafts."""

    def interpret(self, record: Record) -> Interpreted:
        return Interpreted(record.raw)

    def column_of(self, name: str) -> str:
        return name

    def used(self) -> list[UsedColumn]:
        return []

    def ignored(self) -> list[IgnoredColumn]:
        return []


class DraftSource(Source):
    """A file of drafts, a line each."""

    format: ClassVar[str] = "drafts"
    suffix: str = ".drafts"

    def __init__(self, drafts: Sequence[ContactDraft]) -> None:
        self.drafts = drafts
        self.size = len(drafts)

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        for number, draft in enumerate(self.drafts[after:], start=after + 1):
            yield Record(number, number, draft, number)

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        return sum(1 for _ in records)

    def close(self) -> None:
        """Nothing is open."""


def rows_of(
    drafts: Sequence[ContactDraft], options: ImportOptions, world: World, *, actor: Actor | None = None
) -> tuple[list[Row], Preparation]:
    """The drafts as rows, inside the world's scope."""
    actor = imports.import_actor(actor or world.actor())
    preparation = Preparation(Drafts(), options, imports.read_surroundings(), actor=actor)
    preparation.highest_number = highest_number(DraftSource(drafts).records(), Drafts())
    records = DraftSource(drafts).records()
    return [preparation.row(record, ordinal) for ordinal, record in enumerate(records)], preparation


def begun(
    world: World, options: ImportOptions, state: ImportState, *, file_hash: str = "00", actor: Actor | None = None
) -> ImportJob:
    """A new import that this process works on, inside the world's scope."""
    job = imports.begin_import(
        file_name="people.csv",
        file_size=1,
        file_hash=file_hash,
        file_format="csv",
        options=options,
        actor=actor or world.actor(),
    )
    return imports.claim(job, state, expected=[ImportState.UPLOADED])


def run(
    world: World,
    drafts: Sequence[ContactDraft],
    options: ImportOptions,
    *,
    chunk: int = 1_000,
    actor: Actor | None = None,
) -> list[Outcome]:
    """Import the drafts inside the world's scope, and what became of each."""
    return run_job(world, begun(world, options, ImportState.RUNNING, actor=actor), drafts, chunk=chunk, actor=actor)


def run_job(
    world: World, job: ImportJob, drafts: Sequence[ContactDraft], *, chunk: int, actor: Actor | None = None
) -> list[Outcome]:
    """Import the drafts with an import that is claimed already, to its end."""
    rows, preparation = rows_of(drafts, ImportOptions.from_json(job.options), world, actor=actor)
    for start in range(0, len(rows), chunk):
        job = imports.run_chunk(job, rows[start : start + chunk], preparation, actor=actor or world.actor())
    return list(imports.outcomes_of(imports.finish_run(job), is_plan=False))


def plan(
    world: World,
    drafts: Sequence[ContactDraft],
    options: ImportOptions,
    *,
    chunk: int = 1_000,
    actor: Actor | None = None,
) -> list[Outcome]:
    """Plan the same, which stores no contact."""
    return list(imports.outcomes_of(plan_job(world, drafts, options, chunk=chunk, actor=actor), is_plan=True))


def plan_job(
    world: World, drafts: Sequence[ContactDraft], options: ImportOptions, *, chunk: int, actor: Actor | None = None
) -> ImportJob:
    """A planned import of the drafts, under the surroundings called ``SURROUNDINGS``."""
    rows, preparation = rows_of(drafts, options, world, actor=actor)
    job = begun(world, options, ImportState.PLANNING, actor=actor)
    book = PlannedBook(StoredBook(job.operation, actor=actor or world.actor(), locks=False))
    for start in range(0, len(rows), chunk):
        job = imports.plan_chunk(job, rows[start : start + chunk], preparation, book, actor=actor or world.actor())
    book.close()
    return imports.finish_plan(job, SURROUNDINGS)


def run_planned(
    world: World, job: ImportJob, drafts: Sequence[ContactDraft], *, chunk: int, actor: Actor | None = None
) -> list[Outcome]:
    """Run what was planned and nothing else."""
    bound = imports.claim(imports.bind_to_plan(job, SURROUNDINGS), ImportState.RUNNING, expected=[ImportState.PLANNED])
    return run_job(world, bound, drafts, chunk=chunk, actor=actor)
