"""The person who logs in. Shared: one person may belong to several organizations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


class UserAccounts(BaseUserManager["User"]):
    """Users by their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.canonical_email(username or ""))

    @staticmethod
    def canonical_email(email: str) -> str:
        """The one spelling an address is stored and looked up under."""
        return email.strip().lower()


class User(AbstractBaseUser):
    """A login: an e-mail address and a password. Names, roles and rights live on ``Member``."""

    email = models.EmailField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Browser sessions end with the password by Django's session hash; wire sessions begun before this moment end too.
    password_changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserAccounts] = UserAccounts()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = UserAccounts.canonical_email(self.email)
        super().save(*args, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    # The admin asks a user for rights; ours belong to a member of one organization, so the user alone has none.
    is_staff = False
    is_superuser = False

    def has_perm(self, permission: str, subject: object = None) -> bool:
        return False

    def has_perms(self, permissions: list[str], subject: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False
