"""A unit of work that keeps what it did so far, and goes on as the same organization's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.authentication import authority_by_token
from accounts.tenancy import current_organization_id, current_scope, empty_scope
from contacts.models import Contact, ContactEmail
from tests.postgresql import Server
from tests.worlds import World, bearer_token

pytestmark = pytest.mark.django_db(transaction=True)


def add_email(world: World, email: str) -> ContactEmail:
    return ContactEmail.objects.create(contact=world.contact, email=email)


def emails_of(world: World) -> set[str]:
    with world.scope():
        return set(ContactEmail.objects.filter(email__endswith="@commit.example").values_list("email", flat=True))


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return str(cursor.fetchone()[0] or "")


def test_what_was_committed_is_kept_and_what_follows_is_not(north: World) -> None:
    def fail_after_committing() -> None:
        with north.scope() as scope:
            scope.begin(write=True)
            add_email(north, "kept@commit.example")
            scope.commit()
            scope.begin(write=True)
            add_email(north, "lost@commit.example")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_committing()
    assert emails_of(north) == {"kept@commit.example"}
    assert current_scope() is None
    assert not connection.in_atomic_block


def test_it_goes_on_behind_the_same_fence(north: World, south: World) -> None:
    with north.scope() as scope:
        scope.begin(write=True)
        scope.commit()
        assert current_organization_id() == north.organization.pk
        assert {contact.organization_id for contact in Contact.objects.all()} == {north.organization.pk}
        # On SQLite it reads without a transaction again.
        assert connection.in_atomic_block is (connection.vendor == "postgresql")
    assert not connection.in_atomic_block


def test_where_nothing_began_there_is_nothing_to_commit(north: World) -> None:
    with empty_scope() as scope:
        scope.commit()
        assert not connection.in_atomic_block
        scope.fill(north.organization.pk)
        assert Contact.objects.exists()


@pytest.mark.postgresql
@pytest.mark.parametrize(("is_reading", "longest"), [(True, "480ms"), (False, "5s")])
def test_the_database_is_told_again_what_it_knew(north: World, is_reading: bool, longest: str) -> None:
    token = bearer_token(north.agent)
    with empty_scope() as scope:
        authority_by_token(token, is_reading=is_reading)
        first = setting("app.organization"), setting("statement_timeout")
        scope.commit()
        assert (setting("app.organization"), setting("statement_timeout")) == first
        assert first == (str(north.organization.pk), longest)
    assert (setting("app.organization"), setting("statement_timeout")) == ("", "5s")


def test_nothing_is_kept_of_what_was_marked_for_rollback(north: World) -> None:
    with north.scope() as scope:
        scope.begin(write=True)
        add_email(north, "lost@commit.example")
        scope.mark_for_rollback()
        scope.commit()
    assert emails_of(north) == set()


def test_a_transaction_that_broke_unnoticed_is_reported_at_once(north: World) -> None:
    with north.scope() as scope:
        scope.begin(write=True)
        row = add_email(north, "lost@commit.example")
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            ContactEmail.objects.create(pk=row.pk, contact=north.contact, email="twice@commit.example")
        with pytest.raises(transaction.TransactionManagementError):
            scope.commit()
    assert emails_of(north) == set()
    assert not connection.in_atomic_block


def test_inside_another_transaction_it_keeps_the_organization(north: World) -> None:
    with transaction.atomic():
        with north.scope() as scope:
            scope.begin(write=True)
            add_email(north, "kept@commit.example")
            scope.commit()
            assert Contact.objects.exists()
        if connection.vendor == "postgresql":
            assert setting("app.organization") == ""
    assert emails_of(north) == {"kept@commit.example"}


@pytest.mark.postgresql
@pytest.mark.parametrize("moment", ["before the commit", "before the next transaction"])
def test_a_database_that_goes_away_in_between_leaves_nothing_open(
    north: World, postgresql_server: Server, moment: str
) -> None:
    def lose_the_connection(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if moment == "before the next transaction":
            terminate(postgresql_server, backend)
        return execute(sql, parameters, many, context)

    def commit() -> None:
        with north.scope() as scope:
            add_email(north, "first@commit.example")
            if moment == "before the commit":
                terminate(postgresql_server, backend)
            # The next statement is the first of the next transaction.
            with connection.execute_wrapper(lose_the_connection):
                scope.commit()

    backend = pid()
    with pytest.raises(OperationalError):
        commit()
    assert current_scope() is None
    assert not connection.in_atomic_block
    assert setting("app.organization") == ""
    assert pid() != backend
    assert emails_of(north) == (set() if moment == "before the commit" else {"first@commit.example"})


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def terminate(server: Server, backend: int) -> None:
    with server.session(server.application) as beside:
        beside.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
