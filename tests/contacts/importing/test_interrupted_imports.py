"""Imports that are killed, overtaken, or run into somebody: nothing is lost, doubled or half done."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.exceptions import DuplicateContact, ImportRefused, Overtaken
from contacts.importing.context import read_context
from contacts.importing.interpreting import SAMPLE
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate
from contacts.importing.reading import open_source
from contacts.importing.records import Record, RowFault, Source
from contacts.importing.runner import Passage, context_digest, passage
from contacts.models import Contact, ContactChange, CustomField, ImportChunk, ImportJob, ImportState
from contacts.services import change_weights, create_contact, imports
from contacts.services.custom_fields import retire_field
from tests import importing
from tests.accounts.conftest import REPOSITORY, Operator
from tests.contacts.importing.test_import_command import ended
from tests.contacts.importing.test_planning import told
from tests.contacts.importing.test_storing import stored
from tests.contracts.conftest import at_once
from tests.worlds import World

ROWS = 400
CHUNK = 10
KILLS = 3


def people(path: Path, rows: int = ROWS) -> Path:
    """A file in which every seventh row fails, and every third one tells more of the one two rows above."""
    lines = ["Name,Email,Phone,City,Tags"]
    for number in range(rows):
        known = number - 2 if number % 3 == 2 else number
        email = "no address" if number % 7 == 6 else f"p{known}@new.example"
        lines.append(f"Person {known},{email},,{'Rome' if known != number else ''},list {number % 5}")
    path.write_text("\n".join(lines))
    return path


def seen(world: World) -> tuple[list[Any], list[Any]]:
    """What is stored of the file's people, and what the import says became of each row."""
    with world.scope():
        ids = list(Contact.objects.filter(email__endswith="@new.example").values_list("pk", flat=True))
        job = ImportJob.objects.get(number=1)
        assert (job.state, job.rows) == (ImportState.FINISHED, ROWS)
        return stored(ids), told(list(imports.outcomes_of(job, is_plan=False)))


def rows_done(world: World) -> int:
    with world.scope():
        return ImportJob.objects.filter(number=1).values_list("rows", flat=True).first() or 0


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_again_and_again_ends_as_if_nothing_had_been(
    north: World, south: World, operator: Operator, tmp_path: Path
) -> None:
    path = people(tmp_path / "people.csv")
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    options = ("--on-duplicate", "update", "--chunk", str(CHUNK))
    for kill in range(KILLS):
        resume = ("--resume",) if kill else ()
        begun = rows_done(north)
        with _process(operator, "import_contacts", str(path), "--organization", "north", *options, *resume) as process:
            wanted = begun + CHUNK * chance.randint(1, ROWS // CHUNK // KILLS - 1)
            while rows_done(north) < wanted and process.poll() is None:
                pass
            process.kill()
    interrupted = rows_done(north)
    assert 0 < interrupted < ROWS, seed
    resumed = ended(north, path, *options, "--resume")
    assert ended(south, path, *options).counts == resumed.counts
    assert seen(north) == seen(south), seed
    lines = [line for line, *_ in seen(north)[1]]
    assert lines == list(range(2, ROWS + 2)), seed


@contextmanager
def _process(operator: Operator, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command at a shell; it is gone afterwards, whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env=operator.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class _Broken(Exception):
    """The process, the disk or the database gave up."""


@contextmanager
def breaking_after(statements: int) -> Iterator[list[str]]:
    """Let nothing follow the statement with this number; gives those that were carried out."""
    done: list[str] = []

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        # With the end of the chunk's transaction it is done.
        if "SAVEPOINT" not in sql:
            done.append(sql)
            if len(done) > statements:
                raise _Broken
        return result

    with connection.execute_wrapper(wrapper):
        yield done


@pytest.mark.django_db
def test_a_chunk_that_breaks_anywhere_leaves_nothing(north: World) -> None:
    options = ImportOptions(on_duplicate=OnDuplicate.UPDATE, tags=("imported", "new"))
    drafts = [
        ContactDraft(email="jane@example.com", city="Oslo", phone="+1 555 000 1111"),
        ContactDraft(full_name="Ann Lee", email="ann@new.example", phone="415-555-0100", secondary_phone="555 0199"),
        ContactDraft(full_name="Ann Lee", phone="(415) 555-0100", notes="Twice."),
    ]
    with north.scope():
        before = stored_all()
        job = importing.begun(north, options, ImportState.RUNNING)
        rows, preparation = importing.rows_of(drafts, options, north)
        broken = 0
        while True:
            with breaking_after(broken):
                try:
                    done = imports.run_chunk(job, rows, preparation, actor=north.actor())
                    break
                except _Broken:
                    broken += 1
            assert stored_all() == before, broken
            job = ImportJob.objects.get(pk=job.pk)
            assert (job.rows, job.position, ImportChunk.objects.filter(job=job).count()) == (0, 0, 0)
        outcomes = list(imports.outcomes_of(imports.finish_run(done), is_plan=False))
    assert [outcome.fate for outcome in outcomes] == [Fate.UPDATE, Fate.CREATE, Fate.UPDATE]
    assert broken > 15


def stored_all() -> tuple[list[Any], int]:
    return stored(list(Contact.objects.values_list("pk", flat=True))), ContactChange.objects.count()


@contextmanager
def opened(world: World, path: Path, options: ImportOptions) -> Iterator[Passage]:
    """An import of the file by this process, which is at work on it."""
    source = open_source(path, "auto")
    with world.scope():
        job = importing.begun(world, options, ImportState.RUNNING, file_hash="11")
    try:
        with passage(world.organization.pk, job, source, actor=world.actor(), is_plan=False) as steps:
            yield steps
    finally:
        source.close()


def finished(steps: Passage) -> ImportJob:
    while steps.step():
        pass
    return steps.job


@pytest.mark.django_db
def test_while_one_import_is_at_work_no_other_begins(north: World, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv", 30)
    with opened(north, path, ImportOptions(chunk=10)) as steps:
        assert steps.step()
        refused = ended(north, path)
        assert (refused.status, refused.sentence) == (2, "Import 1 of 'people.csv' is being worked on.")
        assert ended(north, path, "--dry-run").status == 1
        assert finished(steps).rows == 30
    assert ended(north, path).status == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_begun_at_the_same_moment_one_is_refused(north: World) -> None:
    def begin(name: str) -> str:
        with tenant_scope(north.organization.pk):
            try:
                return importing.begun(north, ImportOptions(), ImportState.RUNNING, file_hash=name).state
            except ImportRefused:
                return "refused"

    for _ in range(3):
        assert sorted(at_once([partial(begin, "11"), partial(begin, "22")])) == ["refused", "running"]
        with north.scope():
            ImportJob.objects.filter(state=ImportState.RUNNING).update(state=ImportState.FINISHED)


@pytest.mark.django_db
def test_whoever_was_overtaken_stores_nothing(north: World) -> None:
    drafts = [ContactDraft(full_name="Ann Lee", email="ann@new.example")]
    with north.scope():
        late = importing.begun(north, ImportOptions(), ImportState.RUNNING)
        rows, preparation = importing.rows_of(drafts, ImportOptions(), north)
        # Its machine has not been heard of for a while; it is only slow.
        ImportJob.objects.filter(pk=late.pk).update(worker="elsewhere 1", moved_at=timezone.now() - timedelta(hours=1))
        prompt = imports.claim(late, ImportState.RUNNING, expected=[ImportState.RUNNING])
        with pytest.raises(Overtaken):
            imports.run_chunk(late, rows, preparation, actor=north.actor())
        assert not Contact.objects.filter(email_norm="ann@new.example").exists()
        done = imports.run_chunk(prompt, rows, preparation, actor=north.actor())
        # Neither does whoever stores a chunk that is stored.
        with pytest.raises(Overtaken):
            imports.run_chunk(prompt, rows, preparation, actor=north.actor())
        with pytest.raises(Overtaken):
            imports.finish_run(late)
        assert imports.finish_run(done).created == 1


@pytest.mark.django_db
def test_what_the_organization_changes_meanwhile_holds_for_the_rows_behind(north: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    budget = f"Budget {north.canary}"
    rows = [f"Person {number},p{number}@new.example,Low {north.canary}" for number in range(6)]
    path.write_text("\n".join([f"Name,Email,{budget}", *rows]))
    with opened(north, path, ImportOptions(chunk=2)) as steps:
        assert steps.step()
        with north.scope():
            change_weights({"email": 50}, actor=north.actor())
        assert steps.step()
        with north.scope():
            retire_field(CustomField.objects.get(name=budget), actor=north.actor())
        assert finished(steps).created == 6
    with north.scope():
        people = list(Contact.objects.filter(email__endswith="@new.example").order_by("number"))
    assert [bool(contact.custom_values) for contact in people] == [True, True, True, True, False, False]
    assert [contact.lead_score for contact in people[2:]] == [people[0].lead_score + 40] * 4


@pytest.mark.django_db
def test_a_planned_import_that_is_gone_on_with_keeps_to_its_plan(north: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["Name,Email", *(f"Person {number},p{number}@new.example" for number in range(6))]))
    plan = ended(north, path, "--dry-run", "--chunk", "2").answer["plan"]
    with north.scope():
        context = read_context()
        job = imports.bind_to_plan(ImportJob.objects.get(plan_hash=plan), context_digest(context))
        job = imports.claim(job, ImportState.RUNNING, expected=[ImportState.PLANNED])
    source = open_source(path, "auto")
    with passage(north.organization.pk, job, source, actor=Actor.command("tests"), is_plan=False) as steps:
        assert steps.step()
    source.close()
    with north.scope():
        imports.let_go(steps.job)
        create_contact(ContactDraft(email="P4@new.example"), actor=north.actor())
    refused = ended(north, path, "--plan", plan)
    assert (refused.status, refused.sentence) == (
        2,
        "Import 1 of the same file was interrupted: go on with --resume.",
    )
    resumed = ended(north, path, "--resume")
    assert (resumed.status, resumed.counts) == (1, (5, 0, 0, 1, 6))
    with north.scope():
        (moved,) = [outcome for outcome in imports.outcomes_of(job, is_plan=False) if outcome.fate is Fate.FAIL]
    assert (moved.line, moved.faults[0].code) == (6, "moved")


class Counting(Source):
    """A file that counts what is read of it."""

    format: ClassVar[str] = "csv"
    suffix: str = ".csv"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.read = 0

    @property
    def headers(self) -> Sequence[str] | None:
        return self.source.headers

    def records(self, after: int = 0, line: int = 0) -> Iterator[Record]:
        for record in self.source.records(after, line):
            self.read += 1
            yield record

    def write_failed(self, stream: IO[bytes], records: Iterator[tuple[Record, Sequence[RowFault]]]) -> int:
        return self.source.write_failed(stream, records)

    def close(self) -> None:
        self.source.close()


@pytest.mark.django_db
@pytest.mark.parametrize("is_plan", [False, True])
def test_a_file_is_read_as_far_as_it_is_worked_on(north: World, tmp_path: Path, is_plan: bool) -> None:
    source = Counting(open_source(people(tmp_path / "people.csv", 200), "auto"))
    state = ImportState.PLANNING if is_plan else ImportState.RUNNING
    with north.scope():
        job = importing.begun(north, ImportOptions(chunk=10), state)
    ahead: list[int] = []
    with passage(north.organization.pk, job, source, actor=north.actor(), is_plan=is_plan) as steps:
        while steps.step():
            # Those by which the columns were recognised are not kept.
            ahead.append(source.read - SAMPLE - steps.job.rows)
    source.close()
    assert len(ahead) == 20
    # A chunk that waits, and one that is being made.
    assert max(ahead) <= 2 * 10


@pytest.mark.django_db(transaction=True)
def test_an_address_that_is_taken_while_a_chunk_is_stored_has_one_contact(north: World) -> None:
    drafts = [ContactDraft(full_name=f"Person {number}", email=f"p{number}@new.example") for number in range(20)]

    def bring() -> list[Fate]:
        with tenant_scope(north.organization.pk):
            return [outcome.fate for outcome in importing.run(north, drafts, ImportOptions())]

    def create(number: int) -> bool:
        with tenant_scope(north.organization.pk):
            try:
                create_contact(ContactDraft(email=f"P{number}@New.example"), actor=north.actor())
            except DuplicateContact:
                return False
        return True

    fates, *created = at_once([bring, *(partial(create, number) for number in range(6))])
    assert [fate is Fate.SKIP for fate in fates[:6]] == created
    assert fates[6:] == [Fate.CREATE] * 14
    with north.scope():
        assert Contact.objects.active().filter(email_norm__endswith="@new.example").count() == 20


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_on_postgresql_a_chunk_that_loses_an_address_to_somebody_else_asks_again(north: World) -> None:
    drafts = [
        ContactDraft(full_name="Ann Lee", email="ann@new.example"),
        ContactDraft(full_name="Bob Ray", email="bob@new.example"),
    ]

    def create() -> None:
        with tenant_scope(north.organization.pk):
            create_contact(ContactDraft(email="BOB@new.example", notes="First."), actor=north.actor())

    taken: list[Any] = []

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not taken and "INSERT INTO" in sql and "contacts_contact" in sql:
            taken.extend(at_once([create]))
        return execute(sql, params, many, context)

    with north.scope(), connection.execute_wrapper(wrapper):
        outcomes = importing.run(north, drafts, ImportOptions(on_duplicate=OnDuplicate.FILL))
    assert taken == [None]
    assert [outcome.fate for outcome in outcomes] == [Fate.CREATE, Fate.UPDATE]
    with north.scope():
        bob = Contact.objects.get(email_norm="bob@new.example")
    assert (bob.full_name, bob.notes, bob.version) == ("Bob Ray", "First.", 2)


@pytest.mark.django_db(transaction=True)
def test_progress_is_shown_on_terminals_and_nowhere_else(north: World, operator: Operator, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv", 20)
    arguments = ("import_contacts", str(path), "--organization", "north")
    piped = operator.run(*arguments, "--dry-run")
    assert (piped.returncode, piped.stdout.count("\n")) == (1, 1)
    # No bar, but what would stand nowhere else.
    assert piped.stderr.splitlines() == [
        f"line {line}: Email: this is no e-mail address (no address)" for line in (8, 15)
    ]
    master, slave = os.openpty()
    reader, writer = os.pipe()
    # Nobody listens to what it says in the end.
    os.close(reader)
    with os.fdopen(slave, "wb") as terminal, os.fdopen(writer, "wb") as unheard:
        process = subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=REPOSITORY,
            env={**operator.environment, "TERM": "xterm"},
            stdout=unheard,
            stderr=terminal,
            check=False,
            timeout=60,
        )
        shown = os.read(master, 65_536).decode()
    os.close(master)
    assert process.returncode == 1
    assert "Importing" in shown
    assert "Traceback" not in shown
    assert "BrokenPipe" not in shown
    assert rows_done(north) == 20


@pytest.mark.django_db
def test_whoever_leaves_in_the_middle_gets_no_more_rows(north: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Name,Email\n" + "".join(f"Person {line},p{line}@new.example\n" for line in range(40)))
    agent, admin = north.agent.pk, north.admin.pk
    with opened(north, path, ImportOptions(chunk=10, assign=(agent, admin))) as steps:
        assert steps.step()
        leave(north, agent)
        assert steps.step()
        assert steps.step()
        leave(north, admin)
        assert finished(steps).rows == 40
    with north.scope():
        outcomes = list(imports.outcomes_of(steps.job, is_plan=False))
        made = {contact.pk: contact.assigned_to_id for contact in Contact.objects.filter(assigned_to__isnull=False)}
    owners = [outcome.contact_id and made[outcome.contact_id] for outcome in outcomes]
    assert owners == [agent, admin] * 5 + [admin] * 20 + [None] * 10
    assert [outcome.fate for outcome in outcomes] == [Fate.CREATE] * 30 + [Fate.FAIL] * 10
    (message,) = {fault.message for outcome in outcomes for fault in outcome.faults}
    assert message == "whoever was to look after the row is no active member any more"


def leave(world: World, member: int) -> None:
    with world.scope():
        Member.objects.filter(pk=member).update(is_active=False)
