"""The activities app."""

from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not loaded before.
        from accounts.services.jobs import standing_waits, standing_work  # noqa: PLC0415
        from accounts.services.purging import further_purges  # noqa: PLC0415
        from activities import receivers  # noqa: F401, PLC0415 - connects them
        from activities.channels import longest_unapplied  # noqa: PLC0415
        from activities.services.applying import apply_due_receipts  # noqa: PLC0415
        from activities.services.emptying import RECEIPT_PAYLOADS, empty_receipts  # noqa: PLC0415
        from activities.touches import touched_since  # noqa: PLC0415
        from contacts.services.undoing import further_touches  # noqa: PLC0415

        further_purges[RECEIPT_PAYLOADS] = empty_receipts
        standing_work.append(apply_due_receipts)
        standing_waits.append(longest_unapplied)
        further_touches.append(touched_since)
