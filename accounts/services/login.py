"""Who may have a token for an e-mail address and a password, and for which organization."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from accounts.authentication import Membership, memberships
from accounts.exceptions import FieldError, Invalid, NotAuthenticated, TooManyAttempts
from accounts.identifiers import parse_public_id
from accounts.models import Organization, User
from accounts.models.user import UserAccounts
from accounts.network import client_network
from accounts.services.attempts import AttemptLimit, give_back
from accounts.tenancy import empty_scope

PER_EMAIL = AttemptLimit("email", allowed=10, period=timedelta(minutes=10))
# An office behind one address shares this.
PER_CLIENT = AttemptLimit("client", allowed=30, period=timedelta(minutes=10))
PER_SECOND_FACTOR = AttemptLimit("second-factor", allowed=5, period=timedelta(minutes=15))


def check_password_login(email: str, password: str, otp: str | None, *, client: str) -> User:
    """The active user behind an e-mail address and password, and a valid one-time or recovery code where one is enrolled.

    ``client`` is the caller's network address; empty, attempts are counted by e-mail address alone. Call it while the
    unit of work is still empty: what it counts must survive the refusal. Raises ``NotAuthenticated``, the same for
    unknown addresses, wrong passwords and missing codes, and ``TooManyAttempts`` before anything is hashed.
    """
    canonical = UserAccounts.canonical_email(email)
    slots = _take_slots(canonical, client)
    user = User.objects.filter(email=canonical).first()
    if user is None:
        # As long as the comparison would have taken.
        make_password(password)
        raise NotAuthenticated
    if not user.check_password(password) or not user.is_active or not _passes_second_factor(user, otp):
        raise NotAuthenticated
    for slot in slots:
        give_back(slot)
    return user


def choose_membership(user: User, organization: str | None) -> Membership:
    """The user's membership in the organization named by slug or public id, or their only one when none is named.

    Whoever belongs to several has to say which: a program must not write into an organization nobody meant. Raises
    ``Invalid`` on ``organization``: ``required`` with the slugs as ``choices``, or ``not_found`` for one that is not
    theirs or does not exist; ``NotAuthenticated`` for a user who belongs nowhere.
    """
    # A unit of work of its own, so that the caller's stays empty.
    with empty_scope():
        found = memberships(user.pk)
    if not found:
        raise NotAuthenticated
    if organization:
        found = [membership for membership in found if _is_named(membership, organization)]
        if not found:
            raise Invalid([FieldError("organization", "not_found")])
    if len(found) > 1:
        slugs = [membership.organization_slug for membership in found]
        raise Invalid([FieldError("organization", "required", {"choices": slugs})])
    return found[0]


def _take_slots(email: str, client: str) -> list[str]:
    slots = [PER_CLIENT.take(client_network(client))] if client else []
    try:
        return [*slots, PER_EMAIL.take(email)]
    except TooManyAttempts:
        # Nothing was tried: a colleague's locked address must not lock the office.
        for slot in slots:
            give_back(slot)
        raise


def _passes_second_factor(user: User, otp: str | None) -> bool:
    enrolled = list(Authenticator.objects.filter(user_id=user.pk))
    if not enrolled:
        return True
    if not otp:
        return False
    slot = PER_SECOND_FACTOR.take(str(user.pk))
    for authenticator in enrolled:
        # allauth's own check, which takes each code once. A security key has no code to type.
        if authenticator.type != Authenticator.Type.WEBAUTHN and authenticator.wrap().validate_code(otp):
            authenticator.refresh_from_db()
            authenticator.record_usage()
            give_back(slot)
            return True
    return False


def _is_named(membership: Membership, organization: str) -> bool:
    if organization == membership.organization_slug:
        return True
    uuid = parse_public_id("org", organization)
    if uuid is None:
        return False
    with empty_scope() as scope:
        scope.fill(membership.organization_id)
        return Organization.objects.filter(uuid=uuid).exists()
