"""Founding an organization, and the plan it is on."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

from accounts.actor import Actor
from accounts.authentication import organization_id_by_slug
from accounts.exceptions import Duplicate, Invalid, TenantMismatch
from accounts.models import Member, Organization
from accounts.roles import Right, Role
from accounts.services.members import create_member, faults_of_new_member
from accounts.services.validation import faults_of
from accounts.tenancy import current_scope, empty_scope

_OWNER_NAMES = {
    "email": "owner_email",
    "password": "owner_password",
    "first_name": "owner_first_name",
    "last_name": "owner_last_name",
}


def create_organization(
    *,
    name: str,
    slug: str,
    plan: str = "unlimited",
    time_zone: str = "UTC",
    phone_region: str = "US",
    owner_email: str,
    owner_password: str,
    owner_first_name: str,
    owner_last_name: str = "",
) -> Member:
    """Found an organization with its first owner, in a unit of work of its own; returns the owner.

    An owner who has a login already keeps its password. Raises ``Invalid`` with every fault at once and ``Duplicate``
    when the slug is taken.
    """
    scope = current_scope()
    if scope is not None and scope.organization_id is not None:
        raise TenantMismatch("an organization is not founded inside another")
    organization = Organization(
        name=name.strip(), slug=slug, plan=plan, time_zone=time_zone, phone_region=phone_region.upper()
    )
    owner = {
        "email": owner_email,
        "password": owner_password,
        "first_name": owner_first_name,
        "last_name": owner_last_name,
    }
    faults = faults_of(organization, ("name", "slug", "plan", "time_zone", "phone_region"))
    if faults := faults + faults_of_new_member(**owner, names=_OWNER_NAMES):
        raise Invalid(faults)
    with empty_scope() as scope:
        scope.begin(write=True)
        insert_organization(organization)
        member = create_member(**owner, role=Role.OWNER, actor=Actor.system("founding"))
        member.organization = organization
    return member


def change_plan(plan: str, *, actor: Actor) -> Organization:
    """Put the organization in scope on another plan, from its next request on, and return it.

    What was counted stays counted: a larger plan has room at once. Raises ``Invalid``, ``Forbidden``.
    """
    actor.require(Right.MANAGE_ORGANIZATION)
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get()
        organization.plan = plan
        if faults := faults_of(organization, ("plan",)):
            raise Invalid(faults)
        organization.save(update_fields=["plan"])
    scope = current_scope()
    if scope is not None:
        scope.organization = organization
    return organization


def insert_organization(organization: Organization) -> None:
    """Store a new organization and fill the unit of work, which is empty, with it. The facts are valid already.

    Raises ``Duplicate`` when its slug or, of one that keeps an id from elsewhere, its UUID is taken; then the same object
    can be tried with another.
    """
    _refuse_taken_slug(organization.slug)
    scope = current_scope()
    if scope is None:
        raise TenantMismatch("an organization is founded in a unit of work")
    if connection.vendor == "postgresql" and organization.pk is None:
        # Wall 2 lets in only the row whose id is the organization in force: the id has to be known before the row is.
        organization.pk = _next_id()
        scope.fill(organization.pk)
    try:
        with transaction.atomic():
            organization.save(force_insert=True)
    except IntegrityError as error:
        # Between the look and the insert somebody else may have taken it.
        _refuse_taken_slug(organization.slug)
        raise Duplicate("organization", "uuid", str(organization.uuid)) from error
    scope.fill(organization.pk)
    scope.organization = organization


def _refuse_taken_slug(slug: str) -> None:
    if organization_id_by_slug(slug) is not None:
        raise Duplicate("organization", "slug", slug)


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_organization', 'id'))")
        (value,) = cursor.fetchone()
    return int(value)
