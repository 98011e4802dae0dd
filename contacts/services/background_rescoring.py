"""Scoring all contacts of an organization anew, slice by slice, each one a job (docs/decisions/0016)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django_tasks import task

from accounts.actor import Actor, ActorKind, Door
from accounts.tenancy import current_organization_id, tenant_scope
from contacts.models import Contact, Rescore
from contacts.services.rescoring import rescore_contacts

# Some tenths of a second: whoever writes to one of the contacts meanwhile waits for as long, and gives up after two.
SLICE = 250


class _Overtaken(Exception):
    """Somebody else has done this slice, or asked for other weights, while it was being worked on."""


def begin_rescore(before: Mapping[str, Any], after: Mapping[str, Any], *, actor: Actor) -> Rescore:
    """Begin a pass, in place of one that is not done. The caller has locked the weights and says what they were and are.

    The first job is stored with the change that asks for it: both are there, or neither.
    """
    now = timezone.now()
    _open().update(superseded_at=now)
    rescore = Rescore.objects.create(
        requested_at=now,
        actor_label=actor.label[:320],
        member_id=actor.member_id,
        overrides_before=dict(before),
        overrides=dict(after),
    )
    rescore_slice.enqueue(current_organization_id(), rescore.pk, 0)
    return rescore


@task()
def rescore_slice(organization_id: int, rescore_id: int, after: int) -> None:
    """Score the next contacts with primary keys greater than ``after``, and store that with the job for those behind them.

    Does nothing where the pass stands elsewhere: a job may run twice, at the same time even, and its work is done once.
    """
    # A slice that was overtaken leaves nothing behind.
    with tenant_scope(organization_id), suppress(_Overtaken), transaction.atomic():
        _advance(rescore_id, after)


def settle_rescore(rescore_id: int, *, done: int, changed: int) -> None:
    """The pass is done: somebody has scored all contacts since it was asked for. Nothing when it was done or overtaken before."""
    now = timezone.now()
    _open().filter(pk=rescore_id).update(total=done, done=done, changed=changed, moved_at=now, finished_at=now)


def _open() -> QuerySet[Rescore]:
    return Rescore.objects.filter(finished_at=None, superseded_at=None)


def _advance(rescore_id: int, after: int) -> None:
    here = _open().filter(pk=rescore_id, position=after)
    rescore = here.first()
    if rescore is None:
        return
    total = Contact.objects.active().count() if rescore.total is None else rescore.total
    batch = rescore_contacts(after=after, limit=SLICE, actor=_actor_of(rescore))
    follows = batch.last_id if batch.rescored == SLICE else None
    now = timezone.now()
    moved = here.update(
        position=batch.last_id or after,
        total=total,
        done=F("done") + batch.rescored,
        changed=F("changed") + batch.changed,
        moved_at=now,
        finished_at=None if follows else now,
    )
    if not moved:
        raise _Overtaken
    if follows:
        rescore_slice.enqueue(current_organization_id(), rescore_id, follows)


def _actor_of(rescore: Rescore) -> Actor:
    """Latchkey, on behalf of who asked: what they may see does not narrow it."""
    return Actor(kind=ActorKind.SYSTEM, door=Door.SYSTEM, label="Lead scoring", member_id=rescore.member_id)
