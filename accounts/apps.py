"""The accounts app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Needs the apps' models; registers the system checks as well.
        from accounts import checks  # noqa: F401 PLC0415 - imported for its registrations, once apps are loaded
        from accounts.rls import guard_role  # noqa: PLC0415 - as above

        connection_created.connect(guard_role, dispatch_uid="accounts.guard_role")
