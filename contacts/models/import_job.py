"""Imports: what was asked for, how far each is, and what became of every row."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.actor import ActorKind
from accounts.tenancy import TenantModel


class ImportState(models.TextChoices):
    """Where an import stands. What is ``*ING`` is being worked on by the worker or by a command."""

    UPLOADED = "uploaded", "Waiting for its columns"
    PLANNING = "planning", "Being planned"
    PLANNED = "planned", "Planned"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"


WORKING = (ImportState.PLANNING, ImportState.RUNNING, ImportState.UNDOING)


class ImportJob(TenantModel):
    """One file on its way into the address book.

    ``options`` is ``contacts.importing.options.ImportOptions`` as JSON; ``identity`` is a digest of the file's bytes and of
    them, ``file_hash`` one of the bytes alone. ``position`` and ``line`` are those of the last record that is done.
    Rows are kept: together they tell who brought what, and what can be taken back.
    """

    # After so long without a step, whoever worked on it is taken to be gone.
    PATIENCE = timedelta(minutes=1)

    number = models.PositiveIntegerField(editable=False)
    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField()
    file_hash = models.CharField(max_length=64, blank=True, default="")
    identity = models.CharField(max_length=64, blank=True, default="")
    format = models.CharField(max_length=12, blank=True, default="")
    options = models.JSONField(default=dict)

    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    # Why it was refused, in a sentence.
    message = models.CharField(max_length=1_000, blank=True, default="")
    actor_kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_label = models.CharField(max_length=320)
    member_id = models.BigIntegerField(null=True)
    operation = models.UUIDField()

    # Who is at work on it: made anew by each, so that whoever was overtaken notices. ``worker`` says where it runs.
    lease = models.UUIDField(null=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    # Whether workers do it: its file is kept here, or it needs none. ``attempts`` are those that came to nothing so far.
    is_background = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Who wants it taken back; what is planned and run is whose the file is.
    undo_member_id = models.BigIntegerField(null=True)

    plan_hash = models.CharField(max_length=64, blank=True, default="")
    # Whether it must do exactly what was planned.
    is_bound = models.BooleanField(default=False)

    position = models.BigIntegerField(default=0)
    line = models.BigIntegerField(default=0)
    # By file: what positions count up to, None where nobody knows.
    size = models.BigIntegerField(null=True)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # Of the plan, as it was made; an object of the five counts above.
    planned = models.JSONField(default=dict)
    # Of taking it back: contacts deleted, restored, kept because somebody touched them.
    removed = models.PositiveIntegerField(default=0)
    restored = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)

    # Work done by all who worked on it, without the time nobody did.
    seconds = models.FloatField(default=0)
    requested_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = "import"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="import_job_tenant_key"),
            models.UniqueConstraint(fields=["organization", "number"], name="import_job_number_key"),
            # What two imports at once would make of each other's rows, no plan could say.
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(state__in=[ImportState.RUNNING, ImportState.UNDOING]),
                name="import_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known"),
        ]
        indexes = [
            models.Index(fields=["organization", "identity"], name="import_by_identity"),
            # What workers look for several times a second.
            models.Index(
                fields=["organization", "id"],
                condition=Q(is_background=True, state__in=WORKING),
                name="import_in_background",
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.number} of {self.file_name}"

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def is_stalled(self) -> bool:
        last = self.moved_at or self.requested_at
        return self.is_working and last < timezone.now() - self.PATIENCE

    @property
    def percent(self) -> int:
        if self.state in (ImportState.PLANNED, ImportState.FINISHED, ImportState.UNDONE):
            return 100
        return min(100 * self.position // self.size, 100) if self.size else 0


class ImportChunk(TenantModel):
    """The rows of a file that were stored, or planned, in one transaction, and what became of each.

    ``rows`` is what ``contacts.importing.outcomes`` packs; a chunk's are some thousands. ``is_plan`` tells what is to be
    from what was done.
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    is_plan = models.BooleanField()
    first_line = models.BigIntegerField()
    last_line = models.BigIntegerField()
    rows = models.BinaryField()
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "job", "is_plan", "number"], name="import_chunk_once")
        ]

    def __str__(self) -> str:
        return f"Rows {self.first_line} to {self.last_line} of import {self.job_id}"


class ImportPart(TenantModel):
    """A mebibyte of an uploaded file. Kept in the database, so that whichever worker takes the import finds it there."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta(TenantModel.Meta):
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["organization", "job", "number"], name="import_part_once")]

    def __str__(self) -> str:
        return f"Part {self.number} of import {self.job_id}"
