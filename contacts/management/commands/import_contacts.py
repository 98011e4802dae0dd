"""Bring the contacts of a file into an organization's address book."""

from __future__ import annotations

import hashlib
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.commands import JsonCommand, member_with_email, organization_named
from accounts.tenancy import tenant_scope
from contacts.exceptions import ImportRefused
from contacts.importing.context import read_context
from contacts.importing.interpreting import SAMPLE, examined, interpreter_for
from contacts.importing.options import CHUNK, LARGEST_CHUNK, ROUND_ROBIN, ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate
from contacts.importing.reading import open_source
from contacts.importing.records import IgnoredColumn, Source, Unreadable
from contacts.importing.report import worded, write_failed, write_report
from contacts.importing.runner import context_digest, passage
from contacts.management.collecting import rare_collections
from contacts.management.progress import progress_of
from contacts.models import ImportJob, ImportState
from contacts.services import imports
from contacts.services.import_requests import members_in_turn
from contacts.whole_files import check_place, whole_file

FORMATS = ("auto", "csv", "xlsx", "vcard", "json", "winnerr", "rentalot", "estateprime")


# As many as somebody reads in a terminal.
LISTED = 20


class Command(JsonCommand):
    help = (
        "Bring the contacts of a file into an organization's address book. Ends with status 0 when every row is in, 1 when"
        " some rows failed and all others are in, 2 when nothing was done."
    )
    refusal_status = 2
    _ignored: Sequence[IgnoredColumn] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=FORMATS, default="auto", help="default: what the file looks like")
        parser.add_argument(
            "--mapping", type=Path, metavar="FILE.json", help="what its columns are, where guessing fails"
        )
        parser.add_argument(
            "--on-duplicate",
            choices=[policy.value for policy in OnDuplicate],
            default=OnDuplicate.SKIP.value,
            help="what becomes of rows whose contact is there already (default: skip)",
        )
        parser.add_argument(
            "--tag", action="append", default=[], metavar="NAME", help="a tag for every contact; repeatable"
        )
        parser.add_argument("--source", default="", metavar="NAME", help="where rows come from that do not say it")
        parser.add_argument("--assign", metavar="EMAIL|round-robin", help="who looks after rows that name nobody")
        parser.add_argument("--dry-run", action="store_true", help="plan only: say what would become of every row")
        parser.add_argument("--plan", metavar="HASH", help="do exactly what the plan with this hash says")
        parser.add_argument("--report", type=Path, metavar="FILE", help="every row's fate, as JSON lines or .csv")
        parser.add_argument("--resume", action="store_true", help="go on with an import that was interrupted")
        parser.add_argument("--show-mapping", action="store_true", help="print what columns are taken for, and stop")
        parser.add_argument(
            "--chunk",
            type=_rows,
            default=CHUNK,
            metavar="ROWS",
            help=f"how many rows are stored at once (default: {CHUNK})",
        )

    def answer(self, **options: Any) -> dict[str, Any]:
        if sum(map(bool, (options["dry_run"], options["plan"], options["resume"], options["show_mapping"]))) > 1:
            raise CommandError("Choose one of --dry-run, --plan, --resume and --show-mapping.", returncode=2)
        try:
            _check_report(options["report"], options["file"])
            with organization_named(options["organization"]) as organization_id:
                asked = self._asked(options)
            with _opened(options["file"], options["format"]) as source:
                return self._answer(organization_id, source, asked, options)
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(_worded(error, options["file"]), returncode=2) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped; every row up to here is done. Go on with --resume.", returncode=130) from error

    def _answer(
        self, organization_id: int, source: Source, asked: ImportOptions, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        with tenant_scope(organization_id):
            context = read_context()
            interpreter = interpreter_for(source, asked.mapping, context)
            if options["show_mapping"]:
                return _mapping_shown(source, interpreter)
            digest = context_digest(context)
        is_plan = options["dry_run"]
        with tenant_scope(organization_id), transaction.atomic():
            job = self._taken(source, asked, digest, options)
        job = self._done(organization_id, job, source, is_plan=is_plan)
        with tenant_scope(organization_id):
            return self._told(job, source, options, is_plan=is_plan)

    def _asked(self, options: Mapping[str, Any]) -> ImportOptions:
        asked = ImportOptions(
            on_duplicate=OnDuplicate(options["on_duplicate"]),
            mapping=_mapping_in(options["mapping"]) if options["mapping"] else None,
            tags=tuple(options["tag"]),
            source=options["source"],
            assign=_members(options["assign"]) if options["assign"] else (),
        )
        asked.check()
        return asked.in_chunks(options["chunk"])

    def _taken(self, source: Source, asked: ImportOptions, digest: str, options: Mapping[str, Any]) -> ImportJob:
        """The import to work on, claimed. Raises ``ImportRefused``."""
        path: Path = options["file"]
        file_hash = _digest_of(path)
        identity = asked.identity(file_hash, source.format)
        if options["plan"]:
            return _planned(identity, options["plan"], digest)
        interrupted = imports.interrupted_import(identity)
        if options["resume"]:
            return _resumed(interrupted)
        if interrupted is not None and not options["dry_run"]:
            _refuse_unfinished(interrupted)
        job = imports.begin_import(
            file_name=path.name,
            file_size=path.stat().st_size,
            file_hash=file_hash,
            file_format=source.format,
            options=asked,
            actor=self.actor,
        )
        state = ImportState.PLANNING if options["dry_run"] else ImportState.RUNNING
        return imports.claim(job, state, expected=[ImportState.UPLOADED])

    def _done(self, organization_id: int, job: ImportJob, source: Source, *, is_plan: bool) -> ImportJob:
        if job.state == ImportState.FINISHED:
            return job
        with (
            progress_of("Planning" if is_plan else "Importing", source.size) as progress,
            rare_collections() as collect,
            passage(organization_id, job, source, actor=self.actor, is_plan=is_plan) as steps,
        ):
            try:
                while steps.step():
                    progress(steps.job.position, steps.job.rows)
                    collect()
            except Unreadable as error:
                with tenant_scope(organization_id):
                    refused = imports.refuse_import(steps.job, str(error))
                if refused.state != ImportState.FINISHED:
                    raise
                return refused
            self._ignored = steps.ignored()
            return steps.job

    def _name_failed(self, job: ImportJob, *, is_plan: bool) -> None:
        """The first failed rows on standard error: without a report they would stand nowhere."""
        failed = (outcome for outcome in imports.outcomes_of(job, is_plan=is_plan) if outcome.fate is Fate.FAIL)
        for outcome in islice(failed, LISTED):
            for fault in outcome.faults:
                self.stderr.write(f"line {outcome.line}: {worded(fault)}")
        if job.failed > LISTED:
            self.stderr.write(f"and {job.failed - LISTED} more; --report FILE names all of them")

    def _told(self, job: ImportJob, source: Source, options: Mapping[str, Any], *, is_plan: bool) -> dict[str, Any]:
        told: dict[str, Any] = {
            name: getattr(job, name) for name in ("created", "updated", "skipped", "failed", "rows")
        }
        told["seconds"] = round(job.seconds, 3)
        told["rows_per_second"] = round(job.rows / job.seconds, 1) if job.seconds else 0
        told["import_id"] = job.number
        if is_plan:
            told["plan"] = job.plan_hash
        notes = [*source.notes]
        if job.message:
            notes.append(f"Not all of the file is in: {job.message}")
        if options["report"]:
            try:
                told |= _reported(options["report"], job, source, is_plan=is_plan)
            except OSError as error:
                notes.append(f"There is no report: {_worded(error, options['report'])}")
                self.status = 1
        if notes:
            told["notes"] = notes
        if self._ignored:
            told["ignored"] = [{"column": one.column, "reason": one.reason} for one in self._ignored[: 5 * LISTED]]
        if job.failed and not options["report"]:
            self._name_failed(job, is_plan=is_plan)
        if job.failed or job.message:
            self.status = 1
        if not job.rows:
            raise Unreadable("The file has no rows.")
        return told


def _rows(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_CHUNK:
        raise ArgumentTypeError(f"a number from 1 to {LARGEST_CHUNK}")
    return int(text)


def _mapping_shown(source: Source, interpreter: Any) -> dict[str, Any]:
    return {
        "format": source.format,
        "columns": [
            {"column": used.column, "target": used.target, "examples": list(used.examples)}
            for used in examined(interpreter, islice(source.records(), SAMPLE))
        ],
        "ignored": [{"column": ignored.column, "reason": ignored.reason} for ignored in interpreter.ignored()],
        "notes": list(source.notes),
    }


def _planned(identity: str, plan_hash: str, digest: str) -> ImportJob:
    job = imports.planned_import(identity, plan_hash)
    if job is None:
        raise ImportRefused("no plan with this hash was made for this file and these options")
    _refuse_unfinished(job)
    if job.state == ImportState.PLANNED:
        job = imports.bind_to_plan(job, digest)
    return imports.claim(job, ImportState.RUNNING, expected=[ImportState.PLANNED])


def _refuse_unfinished(job: ImportJob) -> None:
    if job.state == ImportState.RUNNING:
        how = "was interrupted: go on with --resume" if imports.is_abandoned(job) else "is being worked on"
        raise ImportRefused(f"import {job.number} of the same file {how}")


def _resumed(interrupted: ImportJob | None) -> ImportJob:
    if interrupted is None:
        raise ImportRefused("no import of this file with these options was begun")
    if interrupted.state == ImportState.FINISHED:
        # It ended before anybody could be told.
        return interrupted
    return imports.claim(interrupted, ImportState.RUNNING, expected=[ImportState.RUNNING])


def _reported(path: Path, job: ImportJob, source: Source, *, is_plan: bool) -> dict[str, Any]:
    write_report(path, imports.outcomes_of(job, is_plan=is_plan))
    told = {"report": str(path)}
    if job.failed:
        failed = path.with_name(f"{path.stem}.failed{source.suffix}")
        with whole_file(failed) as stream:
            write_failed(stream, source, imports.outcomes_of(job, is_plan=is_plan))
        told["failed_rows"] = str(failed)
    return told


def _check_report(report: Path | None, file: Path) -> None:
    """Before anything is done: nothing is more annoying than an hour's work that nobody tells about."""
    if report is None:
        return
    if report.exists() and file.exists() and report.samefile(file):
        raise CommandError("The report would take the place of the file itself.", returncode=2)
    check_place(report)


def _worded(error: OSError, path: Path) -> str:
    return f"{error.filename or path}: {error.strerror or error}."


def _mapping_in(path: Path) -> Any:
    try:
        mapping = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{path} is no JSON: {error}.") from error
    if not isinstance(mapping, dict):
        raise Unreadable(f"{path} holds no object of JSON.")
    return mapping


def _members(who: str) -> tuple[int, ...]:
    """Primary keys of those who get the rows: one member, or everybody whose work it is in turn."""
    if who != ROUND_ROBIN:
        return (member_with_email(who).pk,)
    return members_in_turn()


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _opened(path: Path, file_format: str) -> Iterator[Source]:
    source = open_source(path, file_format)
    try:
        yield source
    finally:
        source.close()
