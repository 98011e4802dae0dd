"""The database of a run, and the two organizations every test finds populated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.models import Member
from tests import postgresql
from tests.restoring import restoring
from tests.worlds import WireClient, World, estateprime_pair, make_world, rentalot_key


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: concerns what only SQLite has")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what concerns another engine than this run's."""
    other = "sqlite" if postgresql.is_chosen() else "postgresql"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(scope="session")
def postgresql_server(django_db_blocker: DjangoDbBlocker) -> Iterator[postgresql.Server | None]:
    """The PostgreSQL of this run with its two roles; None on SQLite."""
    if not postgresql.is_chosen():
        yield None
        return
    with django_db_blocker.unblock(), postgresql.roles() as server, django_db_blocker.block():
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, postgresql_server: postgresql.Server | None
) -> None:
    """pytest-django's moment before the database is made."""


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, postgresql_server: postgresql.Server | None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The migrated database, entered as the application role on PostgreSQL, with both worlds in it."""
    with ExitStack() as session:
        if postgresql_server is not None:
            session.enter_context(django_db_blocker.unblock())
            session.enter_context(postgresql.application_role(postgresql_server))
            session.enter_context(django_db_blocker.block())
        with django_db_blocker.unblock():
            for slug in ("north", "south"):
                _stored[slug] = make_world(slug)
            restore = restoring(postgresql_server)
        patch = session.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: restore())
        yield


# Made once and committed; each test runs in a transaction that is rolled back, or what it changed is put back.
_stored: dict[str, World] = {}


def _world(slug: str) -> World:
    # What a test does to a row in its hands stays its own.
    return copy.deepcopy(_stored[slug])


@pytest.fixture(autouse=True, scope="session")
def _static_files_listed_once() -> Iterator[None]:
    """What the packages bring is looked for on the disk once, as in a server, and not anew for every client of a test."""
    listed: dict[str, Any] = {}
    list_files = WhiteNoiseMiddleware.add_files_from_finders

    def add_listed(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_files(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_listed)
        yield


@pytest.fixture
def north(db: None) -> World:
    """The organization a test acts in."""
    return _world("north")


@pytest.fixture
def south(db: None) -> World:
    """The stranger: of the same shape and with the same e-mail addresses, every text of it carries ``south.canary``."""
    return _world("south")


@pytest.fixture
def winnerr() -> Callable[[Member | None], WireClient]:
    """A Winnerr program: ``winnerr(north.agent).get("/v1/contacts")``. None sends no credential."""
    return WireClient


@pytest.fixture
def rentalot() -> Callable[[Member | None], WireClient]:
    """A Rentalot program: ``rentalot(north.agent).get("/api/v1/contacts")``. None sends no credential."""
    return partial(WireClient, secret_of=rentalot_key)


@pytest.fixture
def estateprime() -> Callable[[Member | None], WireClient]:
    """An EstatePrime program: ``estateprime(north.agent).get("/api/contacts")``. None sends no credential."""
    return partial(WireClient, secret_of=estateprime_pair, scheme="Basic")
