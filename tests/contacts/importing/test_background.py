"""Imports in the hands of workers: uploaded, planned, run, taken back; by one of them at a time, and never for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actor import Actor, Door
from accounts.exceptions import Forbidden, NotFound
from accounts.models import Member
from accounts.roles import Role
from accounts.services import purge_expired
from accounts.services.jobs import longest_wait
from accounts.services.members import acting_member
from contacts.drafts import ContactDraft
from contacts.exceptions import ImportRefused
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate
from contacts.importing.records import Unreadable
from contacts.importing.runner import Passage
from contacts.models import Contact, ImportJob, ImportPart, ImportState
from contacts.services import background_imports, import_requests, update_contact, uploads
from contacts.services.background_imports import MOST_ATTEMPTS, let_imports_go, work_on_imports
from contacts.services.import_requests import request_plan, request_run, request_undo, set_options
from contacts.services.imports import cancel_import, outcomes_of
from contacts.services.uploads import upload
from tests.jobs import work
from tests.worlds import World

ROWS = 5
TABLE = b"Name,Email,City\n" + b"".join(
    f"Person {number},person{number}@import.example,Town\n".encode() for number in range(ROWS)
)
FAULTY = b"Name,Email\nGood,good@import.example\nBad,not an address\n"


@pytest.fixture(autouse=True)
def small_chunks(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two rows at a time, so that an import has several steps."""
    monkeypatch.setattr(import_requests, "WORKER_CHUNK", 2)
    yield
    let_imports_go()


def acting(member: Member) -> Actor:
    return acting_member(member.pk, Door.ADMIN)


def uploaded(world: World, content: bytes = TABLE, *, by: Member | None = None, **options: object) -> ImportJob:
    """A file of a member's, with its options decided."""
    with world.scope():
        actor = acting(by or world.owner)
        job = upload([content], "people.csv", actor=actor)
        return set_options(job, ImportOptions(**options), actor=actor)  # type: ignore[arg-type]  # what a test says


def planned(world: World, content: bytes = TABLE, *, by: Member | None = None, **options: object) -> ImportJob:
    job = uploaded(world, content, by=by, **options)
    with world.scope():
        request_plan(job, actor=acting(by or world.owner))
    work()
    return fresh(world, job)


def begun(world: World, content: bytes = TABLE, *, by: Member | None = None, **options: object) -> ImportJob:
    job = planned(world, content, by=by, **options)
    with world.scope():
        return request_run(job, job.plan_hash, actor=acting(by or world.owner))


def fresh(world: World, job: ImportJob) -> ImportJob:
    with world.scope():
        return ImportJob.objects.get(pk=job.pk)


def imported(world: World) -> list[str]:
    with world.scope():
        found = Contact.objects.active().filter(email__endswith="import.example")
        return sorted(found.values_list("email", flat=True))


def counts(job: ImportJob) -> tuple[int, ...]:
    return job.rows, job.created, job.updated, job.skipped, job.failed


EVERYBODY = [f"person{number}@import.example" for number in range(ROWS)]


def dies(world: World, job: ImportJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker that holds the import is killed: what it had in memory is gone, and its lease is that of no process."""
    monkeypatch.setattr(background_imports, "_at_hand", {})
    with world.scope():
        ImportJob.objects.filter(pk=job.pk).update(worker=f"{socket.gethostname()} 999999999 1")


def test_a_file_is_planned_and_run_by_a_worker_and_taken_back(north: World, south: World) -> None:
    before = imported(south)
    job = planned(north)
    assert (job.state, counts(job), imported(north)) == (ImportState.PLANNED, (ROWS, ROWS, 0, 0, 0), [])
    with north.scope():
        job = request_run(job, job.plan_hash, actor=acting(north.owner))
    assert (job.state, job.lease, job.percent) == (ImportState.RUNNING, None, 0)
    work()
    job = fresh(north, job)
    assert (job.state, counts(job), job.size) == (ImportState.FINISHED, (ROWS, ROWS, 0, 0, 0), len(TABLE))
    assert imported(north) == EVERYBODY
    with north.scope():
        assert {change.actor_label for change in Contact.objects.get(email=EVERYBODY[0]).changes.all()} == {
            north.owner.full_name
        }
        request_undo(job, actor=acting(north.admin))
    work()
    job = fresh(north, job)
    assert (job.state, job.removed, job.kept, imported(north)) == (ImportState.UNDONE, ROWS, 0, [])
    assert imported(south) == before


@pytest.mark.parametrize(
    ("chunks", "error", "words"),
    [
        ([], ImportRefused, "empty"),
        ([b""], ImportRefused, "empty"),
        ([b"Name\n", b"x" * 100], ImportRefused, "larger than"),
        ([b"%PDF-1.7 and so on"], Unreadable, "PDF"),
    ],
)
def test_a_file_that_is_refused_leaves_nothing_behind(
    north: World, monkeypatch: pytest.MonkeyPatch, chunks: Sequence[bytes], error: type[Exception], words: str
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    with north.scope():
        with pytest.raises(error, match=words):
            upload(iter(chunks), "x.csv", actor=acting(north.agent))
        # The world has an import of its own.
        assert (ImportJob.objects.count(), ImportPart.objects.count()) == (1, 1)


def test_an_oversized_file_is_refused_as_soon_as_it_is_one(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 100)
    sent = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"x" * 60

    with north.scope(), pytest.raises(ImportRefused):
        upload(endless(), "x.csv", actor=acting(north.agent))
    assert len(sent) == 2


def test_a_file_comes_back_from_its_parts_as_it_was(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MEBIBYTE", 7)
    with north.scope():
        job = upload([TABLE[:3], TABLE[3:]], "C:\\people\\list\x00.csv", actor=acting(north.agent))
        assert (job.file_name, job.file_size, job.format) == ("list.csv", len(TABLE), "csv")
        assert ImportPart.objects.filter(job=job).count() == -(-len(TABLE) // 7)
        with uploads.spooled(job) as path:
            assert path.read_bytes() == TABLE
            assert path.stat().st_mode & 0o077 == 0
        ImportPart.objects.filter(job=job, number=1).delete()
        with pytest.raises(Unreadable, match="not kept"), uploads.spooled(job):
            pass


def test_nobody_without_the_right_uploads(north: World) -> None:
    with north.scope(), pytest.raises(Forbidden):
        upload([TABLE], "x.csv", actor=acting(north.viewer))


def test_an_import_whose_worker_was_killed_goes_on_where_it_stood(
    north: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun(north)
    assert work_on_imports() == 1
    assert fresh(north, job).rows == 2
    dies(north, job, monkeypatch)
    work()
    job = fresh(north, job)
    assert (job.state, counts(job)) == (ImportState.FINISHED, (ROWS, ROWS, 0, 0, 0))
    assert imported(north) == EVERYBODY


def test_a_plan_whose_worker_was_killed_begins_again_and_is_the_same(
    north: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The third row is the first one's duplicate, which only a whole plan can know.
    table = TABLE + b"Person 0,person0@import.example,Town\n"
    whole = planned(north, table)
    job = uploaded(north, table)
    with north.scope():
        request_plan(job, actor=acting(north.owner))
    work_on_imports()
    dies(north, job, monkeypatch)
    work()
    job = fresh(north, job)
    assert (job.plan_hash, counts(job)) == (whole.plan_hash, (ROWS + 1, ROWS, 0, 1, 0))


def test_what_another_worker_has_in_hand_is_left_to_it_until_it_gives_no_sign(north: World) -> None:
    job = begun(north)
    with north.scope():
        held = ImportJob.objects.filter(pk=job.pk)
        held.update(lease=uuid4(), worker="another-machine 1 1", moved_at=timezone.now())
    assert work_on_imports() == 0
    assert longest_wait() is None
    with north.scope():
        held.update(moved_at=timezone.now() - timedelta(seconds=61))
    wait = longest_wait()
    assert wait is not None
    assert wait >= timedelta(minutes=1)
    work()
    assert fresh(north, job).state == ImportState.FINISHED


def test_a_worker_that_was_overtaken_stores_nothing_more(north: World) -> None:
    job = begun(north)
    work_on_imports()
    with north.scope():
        ImportJob.objects.filter(pk=job.pk).update(lease=uuid4(), worker="another-machine 1 1", moved_at=timezone.now())
    assert work_on_imports() == 0
    assert fresh(north, job).rows == 2


def test_a_worker_that_ends_lets_go_at_once(north: World) -> None:
    job = begun(north)
    work_on_imports()
    let_imports_go()
    job = fresh(north, job)
    assert (job.state, job.lease, job.worker, job.attempts, job.rows) == (ImportState.RUNNING, None, "", 0, 2)
    work()
    assert fresh(north, job).state == ImportState.FINISHED


def test_two_organizations_take_turns(north: World, south: World) -> None:
    jobs = [(world, planned(world)) for world in (north, south)]
    for world, job in jobs:
        with world.scope():
            request_run(job, job.plan_hash, actor=acting(world.owner))
    for _ in range(2):
        work_on_imports()
    assert [fresh(world, job).rows for world, job in jobs] == [2, 2]
    work()
    assert [fresh(world, job).state for world, job in jobs] == [ImportState.FINISHED] * 2


def test_a_second_import_waits_until_the_first_is_done(north: World) -> None:
    second = planned(north, TABLE.replace(b"person", b"somebody"))
    begun(north)
    with north.scope(), pytest.raises(ImportRefused, match="is being worked on"):
        request_run(second, second.plan_hash, actor=acting(north.owner))
    work()
    with north.scope():
        request_run(second, second.plan_hash, actor=acting(north.owner))


def test_whoever_is_no_member_any_more_imports_nothing_more(north: World) -> None:
    job = begun(north, by=north.agent)
    work_on_imports()
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(is_active=False)
    work()
    job = fresh(north, job)
    # What is there already is said to be, and can be taken back.
    assert (job.state, job.rows, job.lease) == (ImportState.FINISHED, 2, None)
    assert job.message == "Whoever asked for it is no active member any more."
    assert imported(north) == EVERYBODY[:2]


def test_whoever_became_a_viewer_imports_nothing(north: World) -> None:
    job = begun(north, by=north.agent)
    with north.scope():
        Member.objects.filter(pk=north.agent.pk).update(role=Role.VIEWER)
    work()
    job = fresh(north, job)
    assert (job.state, job.message) == (ImportState.REFUSED, "The role viewer may not write contacts.")
    assert imported(north) == []


def test_an_agent_is_narrowed_by_what_the_organization_says_now(north: World) -> None:
    with north.scope():
        colleagues = Contact.objects.active().exclude(email="").exclude(assigned_to=north.agent).first()
    assert colleagues is not None
    table = f"Name,Email,City\nAnybody,{colleagues.email},Athens\n".encode()
    job = uploaded(north, table, by=north.agent, on_duplicate=OnDuplicate.UPDATE)
    with north.scope():
        north.organization.agents_see_only_their_contacts = True
        north.organization.save()
        request_plan(job, actor=acting(north.agent))
    work()
    with north.scope():
        (outcome,) = outcomes_of(job, is_plan=True)
    assert (outcome.fate, outcome.faults[0].code) == (Fate.FAIL, "forbidden")


def test_what_fails_unexpectedly_is_tried_a_few_times_and_then_ended(
    north: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = begun(north)

    def broken(passage: Passage) -> bool:
        raise ZeroDivisionError(EVERYBODY[0])

    monkeypatch.setattr(Passage, "step", broken)
    for attempt in range(1, MOST_ATTEMPTS):
        assert work_on_imports() == 1
        assert work_on_imports() == 0, "put off"
        assert fresh(north, job).attempts == attempt
        with north.scope():
            ImportJob.objects.filter(pk=job.pk).update(moved_at=timezone.now() - timedelta(seconds=61))
    assert work_on_imports() == 1
    job = fresh(north, job)
    assert (job.state, job.lease, job.message) == (ImportState.REFUSED, None, background_imports.GIVEN_UP)
    assert "ZeroDivisionError" in caplog.text
    assert "person0" not in caplog.text


def test_a_row_that_ends_its_workers_process_is_not_tried_for_ever(
    north: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun(north)
    work_on_imports()
    for _ in range(MOST_ATTEMPTS):
        dies(north, job, monkeypatch)
        with monkeypatch.context() as patch:
            # Killed: nothing of what Python would do at the end is done.
            patch.setattr(Passage, "step", lambda passage: True)
            patch.setattr(background_imports, "_forgive", lambda job: None)
            work_on_imports()
    dies(north, job, monkeypatch)
    work()
    job = fresh(north, job)
    assert (job.state, job.rows, job.message) == (ImportState.FINISHED, 2, background_imports.GIVEN_UP)


def test_progress_forgives_earlier_attempts(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = begun(north)
    work_on_imports()
    for _ in range(MOST_ATTEMPTS - 1):
        dies(north, job, monkeypatch)
        work_on_imports()
    assert fresh(north, job).attempts == 0


def test_an_import_that_was_stopped_is_not_gone_on_with(north: World) -> None:
    job = begun(north)
    work_on_imports()
    with north.scope():
        cancel_import(job, actor=acting(north.owner))
    work()
    job = fresh(north, job)
    assert (job.state, job.rows) == (ImportState.FINISHED, 2)
    with north.scope():
        request_undo(job, actor=acting(north.owner))
    work()
    assert (fresh(north, job).removed, imported(north)) == (2, [])


def test_a_plan_is_run_only_as_it_was_seen(north: World) -> None:
    job = planned(north)
    actor = north.owner
    with north.scope():
        with pytest.raises(ImportRefused, match="not the plan you saw"):
            request_run(job, "another", actor=acting(actor))
        Member.objects.filter(pk=north.agent.pk).update(is_active=False)
        with pytest.raises(ImportRefused, match="plan again"):
            request_run(job, job.plan_hash, actor=acting(actor))
        request_plan(job, actor=acting(actor))
    work()
    job = fresh(north, job)
    with north.scope():
        taken = Contact.objects.active().exclude(email="").first()
        assert taken is not None
        update_contact(taken, ContactDraft(email=EVERYBODY[0]), actor=north.actor())
        request_run(job, job.plan_hash, actor=acting(actor))
    work()
    job = fresh(north, job)
    assert (job.created, job.failed) == (ROWS - 1, 1)
    with north.scope():
        (moved,) = [outcome for outcome in outcomes_of(job, is_plan=False) if outcome.fate is Fate.FAIL]
    assert (moved.line, moved.faults[0].code) == (2, "moved")


def test_other_options_take_the_plan_away(north: World) -> None:
    job = planned(north, FAULTY)
    assert (job.created, job.failed) == (1, 1)
    with north.scope():
        job = set_options(job, ImportOptions(tags=("Fair",)), actor=acting(north.owner))
        assert (job.state, job.plan_hash, job.planned, counts(job)) == (ImportState.UPLOADED, "", {}, (0,) * 5)
        assert list(outcomes_of(job, is_plan=True)) == []


def test_a_mapping_of_another_file_refuses_the_plan_and_can_be_corrected(north: World) -> None:
    job = planned(north, mapping={"columns": {"No such column": "email"}})
    assert job.state == ImportState.REFUSED
    assert "There is no column “No such column”." in job.message
    with north.scope():
        set_options(job, ImportOptions(), actor=acting(north.owner))
        request_plan(job, actor=acting(north.owner))
    work()
    assert fresh(north, job).state == ImportState.PLANNED


def test_an_agent_decides_about_own_imports_only_and_nobody_about_another_organizations(
    north: World, south: World
) -> None:
    job = uploaded(north, by=north.owner)
    for world, member in ((north, north.agent), (south, south.owner)):
        with world.scope(), pytest.raises(NotFound):
            request_plan(job, actor=acting(member))
    with north.scope():
        mine = upload([TABLE], "mine.csv", actor=acting(north.agent))
        assert request_plan(mine, actor=acting(north.admin)).state == ImportState.PLANNING
        with pytest.raises(Forbidden):
            request_plan(job, actor=acting(north.viewer))


def test_files_are_kept_for_a_month_after_the_end(north: World) -> None:
    finished = begun(north)
    work()
    waiting = uploaded(north)
    now = timezone.now()
    with north.scope():
        jobs = ImportJob.objects.filter(pk__in=[finished.pk, waiting.pk])
        jobs.update(requested_at=now - timedelta(days=40))
        # That of the world, which is older.
        assert purge_expired()["import_files"] == 1
        assert purge_expired()["import_files"] == 0
        jobs.update(moved_at=now - timedelta(days=31))
        # The first one ended yesterday.
        ImportJob.objects.filter(pk=finished.pk).update(finished_at=now - timedelta(days=1))
        assert purge_expired()["import_files"] == 1
        assert [uploads.is_kept(job) for job in (finished, waiting)] == [True, False]
        with pytest.raises(ImportRefused, match="not kept any more"):
            request_plan(waiting, actor=acting(north.owner))
