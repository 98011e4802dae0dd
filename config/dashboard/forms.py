"""Forms that a service answers."""

from __future__ import annotations

from typing import Any, ClassVar

from config.dashboard.inputs import BrowserForm
from config.dashboard.refusals import Refusal


class ServiceForm(BrowserForm):
    """A form over a row that it never touches: what is typed goes to a service, whose refusals come back as errors.

    ``refusals`` is filled by ``TenantModelAdmin`` on the class it makes for one request.
    """

    refusals: ClassVar[tuple[Refusal, ...]] = ()

    def _post_clean(self) -> None:
        # Django copies the values to the row and validates that; our rules live in the services.
        for refusal in self.refusals:
            known = refusal.field if refusal.field in self.fields else None
            self.add_error(known, refusal.message)

    def save(self, commit: bool = True) -> Any:
        # Kept for the admin, which expects a row back; ``save_related`` calls the service.
        self.save_m2m = lambda: None  # type: ignore[method-assign]  # as Django's own save does
        return self.instance
