"""The project's settings for a test run: the database of this run, fast hashing, mail in memory."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="latchkey-tests-"))
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2)

from config.settings import *  # noqa: E402, F403 - everything but what follows is the product's own
from config.settings import DATABASES

if os.environ.get("TEST_DATABASE", "sqlite") == "postgresql":
    # tests.postgresql makes the database and both roles, and fills in their names before the first connection.
    DATABASES["default"] = {
        **DATABASES["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "latchkey_tests",
        "OPTIONS": {},
    }

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
