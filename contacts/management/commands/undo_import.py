"""Take an import back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand, organization_named
from accounts.exceptions import NotFound
from accounts.tenancy import tenant_scope
from contacts.importing.outcomes import Outcome
from contacts.management.collecting import rare_collections
from contacts.management.progress import progress_of
from contacts.models import ImportJob
from contacts.services.imports import outcomes_of
from contacts.services.undoing import KEPT, Undoing, claim_undo, rehearse
from contacts.whole_files import whole_file

# Of the contacts that stay, as many as somebody reads; a report has all.
LISTED = 100


class Command(JsonCommand):
    help = (
        "Take an import back: contacts it made are deleted, fields it changed are restored. What somebody touched since is"
        " kept and listed. Ends with status 0 when everything was taken back, 1 when some contacts stay, 2 when nothing was"
        " done. May be interrupted and repeated."
    )
    refusal_status = 2

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("import_id", type=int, metavar="IMPORT_ID", help="the number import_contacts printed")
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="say what would be taken back, and change nothing")
        parser.add_argument("--report", type=Path, metavar="FILE", help="all contacts that stay and why, as JSON lines")

    def answer(self, **options: Any) -> dict[str, Any]:
        try:
            with organization_named(options["organization"]) as organization_id:
                job = ImportJob.objects.filter(number=options["import_id"]).first()
                if job is None:
                    raise NotFound("import", str(options["import_id"]))
                if options["dry_run"]:
                    return self._rehearsed(job, options["report"])
                job = claim_undo(job, actor=self.actor)
            return self._undone(organization_id, job, options["report"])
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.", returncode=2) from error

    def _rehearsed(self, job: ImportJob, report: Path | None) -> dict[str, Any]:
        removed = restored = 0
        kept: list[dict[str, Any]] = []
        for undone in rehearse(job, actor=self.actor):
            removed += len(undone.removed)
            restored += len(undone.restored)
            kept += [_told(outcome, reason) for outcome, reason in undone.kept]
        return self._answer(job, removed, restored, kept, report)

    def _undone(self, organization_id: int, job: ImportJob, report: Path | None) -> dict[str, Any]:
        undoing = Undoing(organization_id, job, actor=self.actor)
        began = job.moved_at
        with progress_of("Taking back", job.created + job.updated) as progress, rare_collections() as collect:
            while undoing.step():
                done = undoing.job.removed + undoing.job.restored + undoing.job.kept
                progress(done, done)
                collect()
        job = undoing.job
        with tenant_scope(organization_id):
            kept = [
                _told(outcome, note.removeprefix(KEPT))
                for outcome in (outcomes_of(job, is_plan=False) if job.kept else ())
                for note in outcome.notes
                if note.startswith(KEPT)
            ]
        answer = self._answer(job, job.removed, job.restored, kept, report)
        seconds = (job.undone_at - began).total_seconds() if job.undone_at and began else 0
        return answer | {"seconds": round(seconds, 3)}

    def _answer(
        self, job: ImportJob, removed: int, restored: int, kept: list[dict[str, Any]], report: Path | None
    ) -> dict[str, Any]:
        self.status = 1 if kept else 0
        answer: dict[str, Any] = {"import_id": job.number, "removed": removed, "restored": restored, "kept": len(kept)}
        if kept:
            answer["kept_contacts"] = kept[:LISTED]
        if report is not None:
            with whole_file(report) as stream:
                stream.writelines(orjson.dumps(told) + b"\n" for told in kept)
            answer["report"] = str(report)
        return answer


def _told(outcome: Outcome, reason: str) -> dict[str, Any]:
    return {"line": outcome.line, "contact": outcome.number, "reason": reason}
