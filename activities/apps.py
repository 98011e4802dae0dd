"""The activities app."""

from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from activities import receivers  # noqa: F401, PLC0415 - connects them; models are not loaded before
