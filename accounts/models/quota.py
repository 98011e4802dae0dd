"""What organizations have used of their plans."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.plans import Window
from accounts.tenancy import TenantModel


class Meter(TenantModel):
    """How much was taken in the window of each length that is running, or was the last to run.

    One row for an organization and a name, used again from window to window: ``accounts.quotas`` alone reads and writes
    it. A window goes by the epoch second it began in.
    """

    windows: ClassVar[tuple[Window, ...]]

    name = models.CharField(max_length=50)
    minute_began = models.BigIntegerField(default=0)
    minute_taken = models.PositiveIntegerField(default=0)
    day_began = models.BigIntegerField(default=0)
    day_taken = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.name


class RequestMeter(Meter):
    """Requests. Unlogged on PostgreSQL: a crash may begin the running minute and day anew, and counting is cheap."""

    windows = (Window.MINUTE, Window.DAY)

    class Meta(Meter.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="request_meter_once")]


class WriteMeter(Meter):
    """Rows of a resource that were made and deleted; its name is the resource's."""

    windows = (Window.MINUTE, Window.DAY, Window.MONTH)

    month_began = models.BigIntegerField(default=0)
    month_taken = models.PositiveIntegerField(default=0)

    class Meta(Meter.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="write_meter_once")]
