"""The project's settings for a test run: the database of this run, fast hashing, mail in memory."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "DATA_DIR" not in os.environ:
    # Set for the processes pytest-xdist starts, too; the one that made it takes it away.
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="latchkey-tests-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2)
# TEST_DATABASE alone chooses the database: a shell set up for a running instance must not lead the tests to it.
for variable in ("DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE"):
    os.environ.pop(variable, None)

from config.settings import *  # noqa: E402, F403 - everything but what follows is the product's own
from config.settings import DATA_DIR, DATABASES  # noqa: E402 - as above

if os.environ.get("TEST_DATABASE", "sqlite") == "postgresql":
    # tests.postgresql makes the database and both roles, and fills in their names before the first connection.
    DATABASES["default"] = {
        **DATABASES["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "latchkey_tests",
        "OPTIONS": {},
    }
else:
    # A file, as in production, so that threads with connections of their own meet the write lock and the WAL.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "tests.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
