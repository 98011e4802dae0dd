"""What allauth asks us: who may sign up, which addresses mails carry, and how second-factor secrets are kept."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.network import client_address


class AccountAdapter(DefaultAccountAdapter):
    """People join by invitation or by an operator's command, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        # allauth's own answers 500 when a request comes past the proxies it was told to expect.
        return client_address(request)

    def set_password(self, user: User, password: str) -> None:
        super().set_password(user, password)
        # Who just proved that the mailbox or the old password is theirs need not sit out a lock of five minutes.
        self._delete_login_attempts_cached_email(self.request, email=user.email)

    def get_reset_password_from_key_url(self, key: str) -> str:
        # From the configured address and not from the request: whoever asks for a reset chooses the Host header.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return public_address(path.replace("UID-KEY", quote(key)))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts per Host header, whose port nobody checks: 65,535 counters for one mailbox.
        return f"login:{credentials.get('email', '').lower()}"


class MFAAdapter(DefaultMFAAdapter):
    """Seeds of one-time and recovery codes are encrypted with a key derived from ``SECRET_KEY``."""

    def encrypt(self, text: str) -> str:
        return _secret_box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _secret_box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                "A second factor cannot be read: SECRET_KEY was changed and the old one is not in SECRET_KEY_FALLBACKS."
            ) from None


def public_address(path: str) -> str:
    """The full address of a path as people outside reach it, for links in mails."""
    return f"{settings.PUBLIC_BASE_URL}{path}"


def _secret_box() -> MultiFernet:
    """Encrypts with the key of ``SECRET_KEY``, decrypts with those of ``SECRET_KEY_FALLBACKS`` too."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac("accounts.adapters.mfa", "", secret=each, algorithm="sha256").digest() for each in secrets]
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
