"""Asking people to join by mail, and letting them in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication import digest_of, new_secret, organization_id_by_invitation
from accounts.exceptions import Duplicate, FieldError, Forbidden, Invalid, NotAuthenticated, NotFound
from accounts.models import Invitation, Member, Organization, User
from accounts.models.user import UserAccounts
from accounts.roles import Right, Role
from accounts.services.login import check_password_login
from accounts.services.members import add_member, faults_of_new_member, lock_members, login_of
from accounts.services.validation import email_faults
from accounts.tenancy import current_organization, empty_scope

LIFETIME = timedelta(days=7)
# Under PUBLIC_BASE_URL; the browser's page for it asks for a name and a password. The secret is no part of the path:
# paths are what access logs and error logs keep.
PATH = "/accounts/invitation/?secret={secret}"


def invite(email: str, role: str, *, actor: Actor) -> tuple[Invitation, str]:
    """Ask somebody to join the organization in scope; returns the invitation and the secret that accepts it.

    The mail leaves when the unit of work commits. An open invitation to the same address is sent again, with a new
    secret and another seven days; the link sent before stops working. Raises ``Invalid``, ``Forbidden``, and ``Duplicate``
    when the address belongs to an active member.
    """
    actor.require(Right.MANAGE_MEMBERS)
    faults = email_faults(email)
    if role not in Role.values:
        faults.append(FieldError("role", "invalid_value", {"choices": list(Role.values)}))
    if faults:
        raise Invalid(faults)
    canonical = UserAccounts.canonical_email(email)
    secret = new_secret()
    with transaction.atomic():
        lock_members()
        existing = Member.objects.filter(user__email=canonical, is_active=True).values_list("pk", flat=True).first()
        if existing is not None:
            raise Duplicate("member", "email", canonical, existing)
        invitation = _open_invitation(canonical, role, secret, actor)
        text = _mail_text(secret, _name_of(actor))
        subject = f"Join {current_organization().name} on Latchkey"
        # Robust: the invitation stands when the mail server does not answer, and can be sent again.
        transaction.on_commit(lambda: _send(subject, text, canonical), robust=True)
    return invitation, secret


def accept_invitation(
    secret: str, *, first_name: str, last_name: str, password: str | None, user: User | None
) -> Member:
    """Make whom the invitation was sent to a member, in a unit of work of its own.

    ``user`` is who is logged in. Somebody who has a login already must be logged in with it or give its own password,
    which is never changed; anybody else chooses one. A member who was shut out comes back with the invitation's role.

    Raises ``NotFound`` for a secret that is unknown, used, revoked or older than seven days; ``Forbidden`` when somebody
    else is logged in; ``Invalid``; ``NotAuthenticated`` and ``TooManyAttempts`` as ``check_password_login`` does, so call
    it while the unit of work is still empty unless somebody is logged in.
    """
    invitation, _ = read_invitation(secret)
    known = User.objects.filter(email=invitation.email).first()
    if user is not None and user.email != invitation.email:
        raise Forbidden("the invitation was sent to another address")
    faults = faults_of_new_member(
        email=invitation.email, password=password or "", first_name=first_name, last_name=last_name
    )
    if faults:
        raise Invalid(faults)
    if known is not None and user is None:
        check_password_login(invitation.email, password or "", None, client="")
    if known is not None and not known.is_active:
        raise NotAuthenticated
    with empty_scope() as scope:
        scope.begin(write=True)
        scope.fill(invitation.organization_id)
        lock_members()
        invitation = _open(secret)
        # Made meanwhile by another invitation, it is not this caller's to enter.
        if known is None and User.objects.filter(email=invitation.email).exists():
            raise NotAuthenticated
        member = _admit(invitation, known or login_of(invitation.email, password or ""), first_name, last_name)
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
    return member


def read_invitation(secret: str) -> tuple[Invitation, Organization]:
    """An open invitation and where it leads to, in a unit of work of its own. Raises ``NotFound`` as accepting does."""
    organization_id = _organization_of(secret)
    with empty_scope() as scope:
        scope.fill(organization_id)
        return _open(secret), current_organization()


def revoke_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Make an open invitation worthless and return it; one that was accepted or revoked stays as it was."""
    actor.require(Right.MANAGE_MEMBERS)
    open_one = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    open_one.update(revoked_at=timezone.now())
    invitation.refresh_from_db()
    return invitation


def _open_invitation(email: str, role: str, secret: str, actor: Actor) -> Invitation:
    invitation = Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None).first()
    invitation = invitation or Invitation(email=email)
    invitation.role = role
    invitation.digest = digest_of(secret)
    invitation.invited_by_id = actor.member_id
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.save()
    return invitation


def _name_of(actor: Actor) -> str:
    if actor.member_id is None:
        return ""
    return Member.objects.get(pk=actor.member_id).full_name


def _mail_text(secret: str, inviter: str) -> str:
    facts = {
        "organization": current_organization().name,
        "inviter": inviter,
        "address": f"{settings.PUBLIC_BASE_URL}{PATH.format(secret=secret)}",
        "days": LIFETIME.days,
    }
    return render_to_string("accounts/mail/invitation.txt", facts)


def _send(subject: str, text: str, email: str) -> None:
    # A name with a line break would be a header of the sender's choosing; Django refuses to send such a subject.
    send_mail(" ".join(subject.split()), text, None, [email])


def _organization_of(secret: str) -> int:
    with empty_scope():
        organization_id = organization_id_by_invitation(digest_of(secret))
    if organization_id is None:
        raise NotFound("invitation", "")
    return organization_id


def _open(secret: str) -> Invitation:
    found = Invitation.objects.filter(digest=digest_of(secret), accepted_at=None, revoked_at=None)
    invitation = found.filter(expires_at__gt=timezone.now()).first()
    if invitation is None:
        raise NotFound("invitation", "")
    return invitation


def _admit(invitation: Invitation, user: User, first_name: str, last_name: str) -> Member:
    former = Member.objects.filter(user=user, is_active=False).first()
    if former is None:
        return add_member(user, role=invitation.role, first_name=first_name, last_name=last_name)
    former.is_active = True
    former.role = invitation.role
    former.first_name, former.last_name = first_name.strip(), last_name.strip()
    former.save(update_fields=["is_active", "role", "first_name", "last_name"])
    return former
