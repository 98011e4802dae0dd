"""The unit of work: it belongs to one organization, ends with what it began, and never ends well when it broke."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.authentication import authority_by_credential, authority_by_session, authority_by_token, memberships
from accounts.exceptions import NotAuthenticated, TenantMismatch, TenantNotSet
from accounts.models import Organization, WireName
from accounts.tenancy import current_organization, current_organization_id, current_scope, empty_scope, tenant_scope
from contacts.models import Contact, ContactEmail
from tests.worlds import World, bearer_token


def organization_in_database() -> str | None:
    """What row-level security goes by; None where there is none."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.organization', true)")
        return str(cursor.fetchone()[0] or "")


def expected(world: World | None) -> str | None:
    if connection.vendor != "postgresql":
        return None
    return str(world.organization.pk) if world else ""


def add_email(world: World, email: str) -> ContactEmail:
    return ContactEmail.objects.create(contact=world.contact, email=email)


def emails_of(world: World) -> set[str]:
    with world.scope():
        return set(ContactEmail.objects.values_list("email", flat=True))


def test_a_scope_of_the_same_organization_joins_the_outer_one(north: World):
    with north.scope() as outer:
        with north.scope() as inner:
            assert inner is outer
        assert current_organization_id() == north.organization.pk
        assert organization_in_database() == expected(north)
    assert current_scope() is None


def test_a_scope_of_another_organization_inside_one_is_refused(north: World, south: World):
    with north.scope():
        with pytest.raises(TenantMismatch), south.scope():
            pytest.fail("never entered")
        assert current_organization() == north.organization
        assert organization_in_database() == expected(north)


def test_a_scope_is_filled_once(north: World, south: World):
    with empty_scope() as scope:
        scope.fill(north.organization.pk)
        scope.fill(north.organization.pk)
        with pytest.raises(TenantMismatch):
            scope.fill(south.organization.pk)
        assert current_organization_id() == north.organization.pk
        assert organization_in_database() == expected(north)


def test_a_scope_ends_with_its_block_and_takes_the_organization_with_it(north: World):
    with north.scope() as scope:
        assert organization_in_database() == expected(north)
    assert current_scope() is None
    assert scope.organization_id is None
    assert organization_in_database() == expected(None)


def test_a_scope_ends_when_its_block_fails(north: World):
    with pytest.raises(ZeroDivisionError), north.scope():
        raise ZeroDivisionError
    assert current_scope() is None
    assert organization_in_database() == expected(None)
    with pytest.raises(TenantNotSet):
        Contact.objects.exists()


def test_an_empty_scope_inside_a_filled_one_gives_the_organization_back(north: World, south: World):
    with north.scope():
        with empty_scope() as request:
            request.fill(south.organization.pk)
            assert Organization.objects.get() == south.organization
        assert Organization.objects.get() == north.organization
        assert organization_in_database() == expected(north)


@pytest.mark.django_db(transaction=True)
def test_a_failed_block_keeps_nothing(north: World):
    before = emails_of(north)

    def fail_after_writing() -> None:
        with north.scope() as scope:
            scope.begin(write=True)
            add_email(north, "lost@example.com")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert emails_of(north) == before


@pytest.mark.django_db(transaction=True)
def test_a_unit_of_work_marked_for_rollback_keeps_nothing_and_says_nothing(north: World):
    before = emails_of(north)
    with north.scope() as scope:
        scope.begin(write=True)
        add_email(north, "lost@example.com")
        scope.mark_for_rollback()
    assert emails_of(north) == before
    assert current_scope() is None


@pytest.mark.django_db(transaction=True)
def test_a_unit_of_work_keeps_what_was_written_when_it_ends_well(north: World):
    before = emails_of(north)
    with north.scope() as scope:
        scope.begin(write=True)
        add_email(north, "kept@example.com")
    assert emails_of(north) == before | {"kept@example.com"}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_broke_unnoticed_is_reported(north: World):
    before = emails_of(north)

    def break_unnoticed() -> None:
        with north.scope() as scope:
            scope.begin(write=True)
            add_email(north, "lost@example.com")
            # Somebody swallowed an error without a savepoint of their own.
            with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
                ContactEmail.objects.create(pk=ContactEmail.objects.get(email="lost@example.com").pk, email="twice")

    with pytest.raises(transaction.TransactionManagementError):
        break_unnoticed()
    assert emails_of(north) == before
    assert current_scope() is None


@pytest.mark.django_db(transaction=True)
def test_a_reference_refused_at_the_end_is_reported(north: World):
    before = emails_of(north)

    def refer_to_nothing() -> None:
        with north.scope() as scope:
            scope.begin(write=True)
            ContactEmail.objects.create(contact_id=2**40, email="dangling@example.com")

    with pytest.raises(IntegrityError):
        refer_to_nothing()
    assert emails_of(north) == before
    assert current_scope() is None
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_on_sqlite_reading_takes_no_write_lock_and_on_postgresql_it_is_a_transaction(north: World):
    with north.scope() as scope:
        assert Contact.objects.exists()
        assert connection.in_atomic_block is (connection.vendor == "postgresql")
        scope.begin(write=True)
        assert connection.in_atomic_block
    assert not connection.in_atomic_block


def test_an_organization_without_a_key_opens_nothing(north: World):
    with tenant_scope(Organization()), pytest.raises(TenantNotSet):
        Contact.objects.exists()


def test_a_token_fills_the_scope_with_its_own_organization(north: World, south: World):
    for world in (north, south):
        token = bearer_token(world.agent)
        with empty_scope():
            authority = authority_by_token(token)
            assert (authority.organization_id, authority.member_id) == (world.organization.pk, world.agent.pk)
            assert current_organization() == world.organization
            assert organization_in_database() == expected(world)
            assert {contact.organization_id for contact in Contact.objects.all()} == {world.organization.pk}
        assert organization_in_database() == expected(None)


def test_a_token_of_another_organization_does_not_fill_a_filled_scope(north: World, south: World):
    token = bearer_token(south.owner)
    with north.scope(), pytest.raises(TenantMismatch):
        authority_by_token(token)


def test_a_session_reaches_only_organizations_its_user_belongs_to(north: World, south: World):
    with empty_scope(), pytest.raises(NotAuthenticated):
        authority_by_session(north.owner.user_id, south.organization.pk)
    assert [each.organization_slug for each in memberships(north.owner.user_id)] == ["north"]


def test_an_unknown_credential_leaves_the_scope_empty(north: World):
    with empty_scope() as scope:
        with pytest.raises(NotAuthenticated):
            authority_by_credential(WireName.WINNERR, "0" * 64)
        assert scope.organization_id is None
        assert organization_in_database() == expected(None)


def test_authentication_outside_a_unit_of_work_is_refused_and_leaves_nothing_set(north: World):
    token = bearer_token(north.agent)
    with pytest.raises(RuntimeError):
        authority_by_token(token)
    assert current_scope() is None
    assert organization_in_database() == expected(None)
