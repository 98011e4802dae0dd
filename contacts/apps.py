"""The contacts app."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are not loaded before.
        from accounts.services.jobs import standing_ends, standing_waits, standing_work  # noqa: PLC0415
        from accounts.services.purging import further_purges  # noqa: PLC0415
        from contacts.services.background_imports import let_imports_go, work_on_imports  # noqa: PLC0415
        from contacts.services.uploads import IMPORT_FILES, purge_files  # noqa: PLC0415
        from contacts.waiting_imports import longest_waiting  # noqa: PLC0415

        further_purges[IMPORT_FILES] = purge_files
        standing_work.append(work_on_imports)
        standing_waits.append(longest_waiting)
        standing_ends.append(let_imports_go)
