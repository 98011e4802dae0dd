"""Static files before and after they were collected."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config.static import StaticFiles


@pytest.fixture
def storage(settings: Settings, tmp_path: object) -> StaticFiles:
    """The product's storage over an empty folder."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.static.StaticFiles"}}
    return StaticFiles()


def test_a_file_keeps_its_name_until_it_is_collected(storage: StaticFiles) -> None:
    assert storage.url("accounts/key.svg") == "/static/accounts/key.svg"
    call_command("collectstatic", interactive=False, verbosity=0)
    hashed = StaticFiles().url("accounts/key.svg")
    assert hashed.startswith("/static/accounts/key.")
    assert hashed != "/static/accounts/key.svg"


def test_production_refuses_a_file_that_was_not_collected(storage: StaticFiles, settings: Settings) -> None:
    settings.WHITENOISE_MANIFEST_STRICT = True
    with pytest.raises(ValueError, match=r"key\.svg"):
        StaticFiles().url("accounts/key.svg")
