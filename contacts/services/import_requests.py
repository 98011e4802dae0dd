"""What people ask of their imports: other options, a plan, the run, to take it back. Workers do it (``background_imports``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import NotFound
from accounts.models import Member
from accounts.roles import Right, Role
from contacts.exceptions import ImportRefused
from contacts.importing.context import read_context
from contacts.importing.options import WORKER_CHUNK, ImportOptions
from contacts.importing.runner import context_digest
from contacts.models import ImportChunk, ImportJob, ImportState
from contacts.services.imports import COUNTS, bind_to_plan, claim, let_go
from contacts.services.undoing import claim_undo
from contacts.services.uploads import is_kept

# Nothing of these was ever stored: they can begin anew.
CHANGEABLE: Final = (ImportState.UPLOADED, ImportState.PLANNED, ImportState.REFUSED, ImportState.CANCELLED)


def visible_imports(actor: Actor) -> QuerySet[ImportJob]:
    """The imports somebody may see and decide about: all of them, or an agent's own. None without the right to write."""
    if not actor.allows(Right.WRITE_CONTACTS):
        return ImportJob.objects.none()
    jobs = ImportJob.objects.all()
    return jobs if actor.allows(Right.BULK_UPDATE_CONTACTS) else jobs.filter(member_id=actor.member_id or 0)


def options_of(job: ImportJob) -> ImportOptions:
    """What was decided about an import so far; what was not is as it is without a decision."""
    return ImportOptions.from_json({**ImportOptions().as_json(), **job.options})


def set_options(job: ImportJob, options: ImportOptions, *, actor: Actor) -> ImportJob:
    """Decide what becomes of the rows, in place of what was decided before and of any plan.

    Raises ``ImportRefused`` once the import was begun, or its file is gone; ``Invalid``, ``Forbidden``, ``NotFound``.
    """
    options.check()
    options = options.in_chunks(WORKER_CHUNK)
    with transaction.atomic():
        fresh = _locked(job, actor, CHANGEABLE)
        _require_file(fresh)
        ImportChunk.objects.filter(job=fresh).delete()
        fresh.options, fresh.identity = options.as_json(), options.identity(fresh.file_hash, fresh.format)
        fresh.state, fresh.message, fresh.is_bound = ImportState.UPLOADED, "", False
        fresh.plan_hash, fresh.planned, fresh.planned_at = "", {}, None
        _begin_anew(fresh)
        fresh.save()
    return fresh


def request_plan(job: ImportJob, *, actor: Actor) -> ImportJob:
    """Have it planned, or planned again. Raises ``ImportRefused``, ``Forbidden``, ``NotFound``."""
    with transaction.atomic():
        fresh = _locked(job, actor, (ImportState.UPLOADED, ImportState.PLANNED))
        _require_file(fresh)
        fresh.state = ImportState.PLANNING
        _begin_anew(fresh)
        fresh.save()
    return fresh


def request_run(job: ImportJob, plan_hash: str, *, actor: Actor) -> ImportJob:
    """Have exactly that plan done.

    Raises ``ImportRefused`` where it is not the plan any more, or does not hold any more, or another import of the
    organization is under way; ``Forbidden``, ``NotFound``.
    """
    with transaction.atomic():
        fresh = _locked(job, actor, (ImportState.PLANNED,))
        _require_file(fresh)
        if not plan_hash or plan_hash != fresh.plan_hash:
            raise ImportRefused("this is not the plan you saw: somebody planned it anew")
        bound = bind_to_plan(fresh, context_digest(read_context()))
        return _waiting(claim(bound, ImportState.RUNNING, expected=[ImportState.PLANNED]))


def request_undo(job: ImportJob, *, actor: Actor) -> ImportJob:
    """Have it taken back. Raises ``ImportRefused``, ``Forbidden``, ``NotFound``."""
    with transaction.atomic():
        fresh = _locked(job, actor, (ImportState.FINISHED,))
        ImportJob.objects.filter(pk=fresh.pk).update(is_background=True, undo_member_id=actor.member_id, message="")
        return _waiting(claim_undo(fresh, actor=actor))


def _waiting(job: ImportJob) -> ImportJob:
    """Claimed to see whether it can be; a worker goes on."""
    let_go(job)
    ImportJob.objects.filter(pk=job.pk).update(attempts=0)
    return ImportJob.objects.get(pk=job.pk)


def _locked(job: ImportJob, actor: Actor, expected: tuple[ImportState, ...]) -> ImportJob:
    actor.require(Right.WRITE_CONTACTS)
    fresh = visible_imports(actor).filter(pk=job.pk).select_for_update(of=("self",)).first()
    if fresh is None:
        raise NotFound("import", str(job.number))
    if fresh.state not in expected or (not fresh.is_background and fresh.state != ImportState.FINISHED):
        raise ImportRefused(f"import {fresh.number} is {ImportState(fresh.state).label.lower()}")
    return fresh


def _require_file(job: ImportJob) -> None:
    if not is_kept(job):
        raise ImportRefused("the file is not kept any more: upload it again")


def _begin_anew(job: ImportJob) -> None:
    zeros: Mapping[str, Any] = dict.fromkeys((*COUNTS, "position", "line", "seconds", "attempts"), 0)
    for name, zero in zeros.items():
        setattr(job, name, zero)
    job.lease, job.worker, job.moved_at = None, "", timezone.now()


def members_in_turn() -> tuple[int, ...]:
    """Primary keys of those who get rows in turn: the agents or, where there are none, everybody who may write.

    Raises ``ImportRefused`` where nobody may.
    """
    members = Member.objects.filter(is_active=True).order_by("pk")
    agents = members.filter(role=Role.AGENT)
    found = tuple((agents if agents.exists() else members.exclude(role=Role.VIEWER)).values_list("pk", flat=True))
    if not found:
        raise ImportRefused("the organization has no member to assign contacts to")
    return found
