"""Secrets that must be read back: encrypted at rest, so that a copy of the database alone gives none of them away.

Unlike a credential's, such a secret is half of a computation (a provider signs with it), so a digest would not do.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class SealBroken(ValueError):
    """What was sealed cannot be opened: the key it was sealed with is neither SECRET_KEY nor one of its fallbacks."""


def seal(secret: str) -> str:
    """The secret encrypted with a key derived from ``SECRET_KEY``; ``""`` for ``""``. Each call gives another text."""
    return _box().encrypt(secret.encode()).decode("ascii") if secret else ""


def unseal(sealed: str) -> str:
    """The secret again, also one sealed before ``SECRET_KEY`` moved to ``SECRET_KEY_FALLBACKS``. Raises ``SealBroken``."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError) as error:
        raise SealBroken("sealed with a key that is not known here") from error


def _box() -> MultiFernet:
    return _box_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _box_of(*keys: str) -> MultiFernet:
    """Fernet (AES-128-CBC with HMAC-SHA256): the first key encrypts, all of them decrypt."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return salted_hmac("accounts.sealing", "", secret=key, algorithm="sha256").digest()
