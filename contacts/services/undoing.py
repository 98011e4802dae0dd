"""Taking an import back: contacts it made are deleted, fields it changed are restored, chunk by chunk from the last.

What somebody has touched since stays as it is, and is listed. A touch is any recorded change but a score worked out again,
and whatever apps above say is one (``further_touches``): a call that was logged, a message that came.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor, Door
from accounts.among import among
from accounts.roles import Right
from accounts.tenancy import current_organization, tenant_scope
from contacts import rules
from contacts.events import ContactsChanged, contacts_deleted
from contacts.exceptions import Overtaken
from contacts.importing.matching import StoredBook, Target, facts
from contacts.importing.outcomes import Fate, Outcome, pack, unpack
from contacts.importing.tables import take_time, update_rows
from contacts.models import ChangeVerb, Contact, ContactChange, ImportChunk, ImportJob, ImportState
from contacts.scoring import Weights
from contacts.services.changes import Change, difference
from contacts.services.children import KINDS, Children
from contacts.services.derived import derive
from contacts.services.imports import claim, persistently
from contacts.services.scoring_facts import current_weights
from contacts.services.storing import Import, record_changes, store_changed

# Who of these contacts was touched since that moment, and how, by primary key. Apps above add theirs when they are loaded.
Touches = Callable[[Collection[int], datetime], Mapping[int, str]]
further_touches: Final[list[Touches]] = []

UNDOABLE: Final = (ImportState.FINISHED, ImportState.RUNNING, ImportState.UNDOING)
_SCORE: Final = frozenset({"lead_score"})


@dataclass(slots=True)
class Undone:
    """What taking back some rows does, or would do: primary keys, and why the others stay, by line."""

    removed: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    kept: list[tuple[Outcome, str]] = field(default_factory=list)


def claim_undo(job: ImportJob, *, actor: Actor) -> ImportJob:
    """Take an import to take it back; one that was taken back but for what was kept, to try again with that.

    Raises ``ImportRefused`` as ``claim`` does, ``Forbidden``.
    """
    actor.require(Right.WRITE_CONTACTS)
    is_again = job.state == ImportState.UNDONE and job.kept > 0
    with transaction.atomic():
        claimed = claim(job, ImportState.UNDOING, expected=(*UNDOABLE, *([ImportState.UNDONE] if is_again else [])))
        if is_again:
            _open_kept(claimed)
    return claimed


def _open_kept(job: ImportJob) -> None:
    """Let the chunks in which rows were kept be gone through again."""
    chunks = ImportChunk.objects.filter(job=job, is_plan=False).order_by("number")
    for number in list(chunks.values_list("number", flat=True)):
        chunk = chunks.get(number=number)
        if any(_was_kept(outcome) for outcome in unpack(chunk.rows)):
            chunk.undone_at = None
            chunk.save(update_fields=["undone_at"])
    job.kept = 0
    job.save(update_fields=["kept"])


KEPT: Final = "kept: "


def _was_kept(outcome: Outcome) -> bool:
    return any(note.startswith(KEPT) for note in outcome.notes)


class Undoing:
    """Takes an import back by whoever holds its lease. ``step`` does a chunk, and says False when none was left."""

    def __init__(self, organization_id: int, job: ImportJob, *, actor: Actor) -> None:
        self.job = job
        self._organization_id = organization_id
        self._actor = actor.through(Door.IMPORT)
        # The same for whoever goes on with it: what the one before did is no touch.
        self._operation = uuid5(job.operation, "undo")

    def step(self) -> bool:
        """Take the last chunk back that is not. Raises ``Overtaken``."""
        with tenant_scope(self._organization_id), transaction.atomic():
            take_time()
            return persistently(self._step)

    def _step(self) -> bool:
        fresh = ImportJob.objects.select_for_update(of=("self",)).get(pk=self.job.pk)
        if fresh.lease != self.job.lease or fresh.state != ImportState.UNDOING:
            raise Overtaken(f"somebody else works on import {fresh.number}")
        chunk = ImportChunk.objects.filter(job=fresh, is_plan=False, undone_at=None).order_by("-number").first()
        now = timezone.now()
        if chunk is None:
            fresh.state, fresh.undone_at, fresh.lease, fresh.worker = ImportState.UNDONE, now, None, ""
        else:
            undone = _Chunk(fresh, chunk, self._actor, self._operation).take_back()
            fresh.removed += len(undone.removed)
            fresh.restored += len(undone.restored)
            fresh.kept += len(undone.kept)
        fresh.moved_at = now
        fresh.save()
        self.job = fresh
        return chunk is not None


def rehearse(job: ImportJob, *, actor: Actor) -> Iterator[Undone]:
    """What taking the import back would do as things stand, chunk by chunk from the last; changes nothing.

    A contact that was both made and changed by it counts where it was made and where it was changed.
    """
    numbers = ImportChunk.objects.filter(job=job, is_plan=False, undone_at=None).order_by("-number")
    for number in list(numbers.values_list("number", flat=True)):
        chunk = ImportChunk.objects.get(job=job, is_plan=False, number=number)
        yield _Chunk(job, chunk, actor.through(Door.IMPORT), uuid5(job.operation, "undo")).judge()


class _Chunk:
    """One chunk of an import that is being taken back."""

    def __init__(self, job: ImportJob, chunk: ImportChunk, actor: Actor, operation: UUID) -> None:
        self._job = job
        self._chunk = chunk
        self._actor = actor
        self._operation = operation
        self._outcomes = unpack(chunk.rows)
        self._rows: dict[int, list[Outcome]] = defaultdict(list)
        # The second time only what was kept the first.
        is_again = any(_was_kept(outcome) for outcome in self._outcomes)
        for outcome in self._outcomes:
            if is_again and not _was_kept(outcome):
                continue
            if outcome.fate in (Fate.CREATE, Fate.UPDATE) and outcome.contact_id is not None:
                outcome.notes = [note for note in outcome.notes if not note.startswith(KEPT)]
                self._rows[outcome.contact_id].append(outcome)

    def judge(self) -> Undone:
        """Who would be deleted, restored, kept."""
        undone = Undone()
        reasons = self._reasons()
        for contact_id, rows in self._rows.items():
            reason = reasons.get(contact_id)
            if reason is not None:
                undone.kept += [(row, reason) for row in rows]
            elif rows[0].fate is Fate.CREATE:
                undone.removed.append(contact_id)
            else:
                undone.restored.append(contact_id)
        return undone

    def take_back(self) -> Undone:
        """Do it, and keep with the rows which stayed and why."""
        # In the order of their keys, so that two of these cannot deadlock.
        rows = Contact.objects.active().filter(among("pk", self._rows)).order_by("pk")
        locked = rows.select_for_update(of=("self",)).values_list("pk", "version", "updated_at")
        stored = {pk: (version, updated_at) for pk, version, updated_at in locked}
        undone = self.judge()
        now = timezone.now()
        region = current_organization().phone_region
        of = Import(self._job.number, self._operation, self._actor, region, now)
        self._restore(undone, of)
        self._remove(undone, stored, of)
        for outcome, reason in undone.kept:
            outcome.notes = [*outcome.notes, f"{KEPT}{reason}"]
        self._chunk.rows, self._chunk.undone_at = pack(self._outcomes), now
        self._chunk.save()
        return undone

    def _reasons(self) -> dict[int, str]:
        """Why contacts stay as they are, by primary key."""
        ids = list(self._rows)
        since = self._job.requested_at
        reasons = self._changed_since(ids, since)
        for touches in further_touches:
            reasons |= touches(ids, since)
        there = set(
            Contact.objects.active().visible_to(self._actor).filter(among("pk", ids)).values_list("pk", flat=True)
        )
        return reasons | {key: reasons.get(key, "it is there no more") for key in ids if key not in there}

    def _changed_since(self, ids: Collection[int], since: datetime) -> dict[int, str]:
        """Whom somebody changed after this import did."""
        ours = {self._job.operation, self._operation} | _taken_back_operations()
        changes = ContactChange.objects.filter(among("contact_id", ids), created_at__gte=since).order_by(
            "contact_id", "id"
        )
        reasons: dict[int, str] = {}
        seen: set[int] = set()
        columns = ("contact_id", "operation", "verb", "actor_label", "created_at", "after")
        for contact_id, operation, verb, label, moment, after in changes.values_list(*columns):
            if operation in ours:
                seen.add(contact_id)
            elif contact_id in seen and set(after) != _SCORE:
                how = ChangeVerb(verb).label.lower()
                reasons[contact_id] = f"{how} by {label} on {moment:%Y-%m-%d %H:%M} UTC"
        return reasons

    def _remove(self, undone: Undone, stored: Mapping[int, tuple[int, datetime]], of: Import) -> None:
        """``stored`` has the version and the last update of each."""
        ids = undone.removed
        if not ids:
            return
        found = ((pk, *stored[pk]) for pk in ids)
        rows = [(pk, of.now, max(of.now, updated_at), version + 1) for pk, version, updated_at in found]
        update_rows(Contact, ("id", "deleted_at", "updated_at", "version"), rows)
        after = {"deleted_at": of.now.isoformat()}
        record_changes(
            [
                (pk, self._rows[pk][0].line, Change(contact_id=pk, before={"deleted_at": None}, after=after))
                for pk in ids
            ],
            of,
            ChangeVerb.DELETED,
        )
        event = ContactsChanged(operation=of.operation, contact_ids=frozenset(ids), actor=of.actor)
        contacts_deleted.send(Contact, event=event)

    def _restore(self, undone: Undone, of: Import) -> None:
        """Put back what the rows changed; a contact whose address somebody else has by now stays."""
        if not undone.restored:
            return
        book = StoredBook(self._job.operation, actor=self._actor, locks=True)
        targets = book.targets(undone.restored, whole=True)
        weights = current_weights()
        restored = [(target, self._as_before(target, weights, of.region)) for target in targets.values()]
        taken = _taken_addresses(restored)
        for target, after in restored:
            contact_id = cast("int", target.id)
            if contact_id in taken:
                undone.restored.remove(contact_id)
                undone.kept += [
                    (row, "its former e-mail address is another contact's by now") for row in self._rows[contact_id]
                ]
                continue
            change = difference(contact_id, facts(target), facts(after))
            if change is not None:
                target.contact, target.children = after.contact, after.children
                target.changes.append((self._rows[contact_id][0].line, change))
        store_changed([target for target in targets.values() if target.changes], of)

    def _as_before(self, target: Target, weights: Weights, region: str) -> Target:
        """The contact as it was before the rows of this chunk, beside the one that is."""
        contact = copy.copy(cast("Contact", target.contact))
        children = dict(cast("Children", target.children).rows)
        is_scored_since = False
        for row in reversed(self._rows[cast("int", target.id)]):
            for name, (before, after) in row.changes.items():
                if name in KINDS:
                    children[name] = tuple(_value(name, entry) for entry in before or ())
                elif name == "lead_score" and contact.lead_score != after:
                    is_scored_since = True
                else:
                    setattr(contact, name, before)
            for name, moment in row.moments.items():
                setattr(contact, name, datetime.fromisoformat(moment) if moment else None)
        after_all = Children(children)
        rules.set_comparison_forms(contact, region=region)
        # A score that was worked out anew since is worked out of what is left.
        derive(contact, after_all, weights if is_scored_since else None, region=region)
        return Target(target.id, target.number, contact=contact, children=after_all)


def _taken_back_operations() -> set[UUID]:
    """What other imports did that were taken back, and what that did: together they changed nothing."""
    operations = ImportJob.objects.filter(state=ImportState.UNDONE).values_list("operation", flat=True)
    return {operation for one in operations for operation in (one, uuid5(one, "undo"))}


def _value(name: str, entry: Any) -> Any:
    """A child as it was, from the record of a change."""
    return KINDS[name].value(**entry) if isinstance(entry, Mapping) else entry


def _taken_addresses(restored: Sequence[tuple[Target, Target]]) -> set[int]:
    """Those whose former primary e-mail another live contact has."""
    wanted = {
        cast("Contact", after.contact).email_norm: cast("int", target.id)
        for target, after in restored
        if cast("Contact", after.contact).email_norm != cast("Contact", target.contact).email_norm
    }
    wanted.pop("", None)
    holders = Contact.objects.active().filter(email_norm__in=list(wanted)).values_list("email_norm", "pk")
    return {wanted[email] for email, pk in holders if pk != wanted[email]}
