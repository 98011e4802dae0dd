"""How passwords are hashed: argon2id with parameters chosen so that logins cannot starve the machine."""

from __future__ import annotations

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

# Django's defaults (100 MiB, 8 lanes) take 0.7 s on two busy cores: a few logins a second would stop everything else.
# 19 MiB, 2 passes, 1 lane is OWASP's recommended minimum of the same strength class.
_concurrent_hashes = BoundedSemaphore(2)


class LatchkeyArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id; at most two hashes at once in one process."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _concurrent_hashes:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _concurrent_hashes:
            return super().verify(password, encoded)
