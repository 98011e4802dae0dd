"""Who belongs to an organization, and as what."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.actor import Actor, ActorKind, Door
from accounts.exceptions import Duplicate, FieldError, Forbidden, Invalid
from accounts.models import Credential, Member, Organization, User
from accounts.models.user import UserAccounts
from accounts.roles import Right, Role
from accounts.services.validation import email_faults, faults_of, password_faults
from accounts.tenancy import current_organization

_OWN_NAMES = {name: name for name in ("email", "password", "first_name", "last_name")}


def create_member(
    *, email: str, password: str, role: str, first_name: str, last_name: str = "", actor: Actor
) -> Member:
    """Add a person to the organization in scope, making their login unless they have one.

    An existing login keeps its password, whatever ``password`` says. ``member.number`` is one more than the greatest so
    far. Raises ``Invalid`` with every fault at once, ``Duplicate`` when the person is a member already, ``Forbidden``.
    """
    actor.require(Right.MANAGE_MEMBERS)
    faults = faults_of_new_member(email=email, password=password, first_name=first_name, last_name=last_name)
    if role not in Role.values:
        faults.append(FieldError("role", "invalid_value", {"choices": list(Role.values)}))
    if faults:
        raise Invalid(faults)
    with transaction.atomic():
        user = login_of(email, password)
        return add_member(user, role=role, first_name=first_name, last_name=last_name)


def faults_of_new_member(
    *, email: str, password: str, first_name: str, last_name: str, names: Mapping[str, str] = _OWN_NAMES
) -> list[FieldError]:
    """Every fault of a new member's facts; ``names`` are what the caller calls them.

    The password counts only when there is no login yet that would keep its own.
    """
    faults = email_faults(email, names["email"])
    if not faults and not User.objects.filter(email=UserAccounts.canonical_email(email)).exists():
        faults += password_faults(password, email, names["password"])
    member = Member(first_name=first_name.strip(), last_name=last_name.strip())
    return faults + faults_of(member, {name: names[name] for name in ("first_name", "last_name")})


def add_member(user: User, *, role: str, first_name: str, last_name: str) -> Member:
    """Make a user a member of the organization in scope. The facts are valid already. Raises ``Duplicate``."""
    with transaction.atomic():
        lock_members()
        existing = Member.objects.filter(user=user).values_list("pk", flat=True).first()
        if existing is not None:
            raise Duplicate("member", "email", user.email, existing)
        last = Member.objects.aggregate(last=Max("number"))["last"] or 0
        return Member.objects.create(
            user=user, number=last + 1, role=role, first_name=first_name.strip(), last_name=last_name.strip()
        )


def change_role(member: Member, role: str, *, actor: Actor) -> Member:
    """Give a member another role and return it. Raises ``Invalid``, and ``Forbidden`` for the last owner."""
    actor.require(Right.MANAGE_MEMBERS)
    if role not in Role.values:
        raise Invalid([FieldError("role", "invalid_value", {"choices": list(Role.values)})])
    with transaction.atomic():
        member = _locked(member)
        if role != Role.OWNER:
            _keep_an_owner(member)
        member.role = role
        member.save(update_fields=["role"])
    return member


def deactivate_member(member: Member, *, actor: Actor) -> Member:
    """Shut a member out and return it: their credentials are revoked for good, their contacts and history stay.

    Raises ``Forbidden`` for the last owner.
    """
    actor.require(Right.MANAGE_MEMBERS)
    with transaction.atomic():
        member = _locked(member)
        _keep_an_owner(member)
        member.is_active = False
        member.save(update_fields=["is_active"])
        Credential.objects.filter(member=member, revoked_at=None).update(revoked_at=timezone.now())
    return member


def reactivate_member(member: Member, *, actor: Actor) -> Member:
    """Let a member in again and return it. Credentials stay revoked: new ones are issued."""
    actor.require(Right.MANAGE_MEMBERS)
    with transaction.atomic():
        member = _locked(member)
        member.is_active = True
        member.save(update_fields=["is_active"])
    return member


def lock_members() -> None:
    """Make others who change the organization's members wait until this transaction ends."""
    # Rows that refer to the organization may still be written meanwhile (NO KEY).
    Organization.objects.select_for_update(no_key=True).get()


def login_of(email: str, password: str) -> User:
    """The user who logs in with an address, made with this password when there is none yet. The facts are valid already."""
    canonical = UserAccounts.canonical_email(email)
    user = User.objects.filter(email=canonical).first()
    if user is not None:
        return user
    new = User(email=canonical)
    new.set_password(password)
    # Somebody else may make the same login at the same moment: then theirs is the one.
    user, _ = User.objects.get_or_create(
        email=canonical, defaults={"password": new.password, "password_changed_at": new.password_changed_at}
    )
    return user


def login_without_password(email: str) -> tuple[User, bool]:
    """The user who logs in with an address, and whether it was made now: with no password, until its owner sets one."""
    new = User()
    new.set_unusable_password()
    return User.objects.get_or_create(email=UserAccounts.canonical_email(email), defaults={"password": new.password})


def _locked(member: Member) -> Member:
    lock_members()
    return Member.objects.select_related("user").get(pk=member.pk)


def _keep_an_owner(member: Member) -> None:
    if member.role != Role.OWNER or not member.is_active:
        return
    owners = Member.objects.filter(role=Role.OWNER, is_active=True, user__is_active=True)
    if not owners.exclude(pk=member.pk).exists():
        raise Forbidden("an organization keeps at least one owner")


def acting_member(member_id: int, door: Door) -> Actor:
    """A member of the organization in scope as they are now, for what they asked for earlier.

    Raises ``Forbidden`` when they are none any more.
    """
    active = Member.objects.filter(is_active=True, user__is_active=True)
    member = active.filter(pk=member_id).first()
    if member is None:
        raise Forbidden("whoever asked for it is no active member any more")
    role = Role(member.role)
    is_narrowed = role is Role.AGENT and current_organization().agents_see_only_their_contacts
    return Actor(
        kind=ActorKind.MEMBER,
        door=door,
        label=member.full_name,
        role=role,
        member_id=member.pk,
        sees_all_contacts=not is_narrowed,
    )
