"""Issuing and revoking what programs show instead of a password (DESIGN section 4, decision 11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.actor import Actor
from accounts.authentication import digest_of, mint_token, new_secret
from accounts.exceptions import FieldError, Forbidden, Invalid
from accounts.models import Credential, CredentialKind, Member, WireName
from accounts.roles import ROLE_RIGHTS, Right, Role
from accounts.services.validation import faults_of
from accounts.tenancy import current_organization

LONGEST_LIFETIME = timedelta(days=366)
# What is shown of a key so that people can tell theirs apart: the scheme and 48 of its 256 bits.
_SHOWN_OF_KEY = len("ra_") + 8


@dataclass(frozen=True)
class IssuedToken:
    """An integration token of the Winnerr wire. ``token`` is shown this once and not kept."""

    token: str
    credential: Credential
    expires_at: datetime


@dataclass(frozen=True)
class IssuedKey:
    """A key, or a public and a secret one, shown this once and not kept."""

    credential: Credential
    key: str = ""
    public_key: str = ""
    secret_key: str = ""


def issue_token(member: Member, *, name: str, lifetime: timedelta, actor: Actor) -> IssuedToken:
    """A named bearer token for a program that runs unattended, good for up to 366 days and until it is revoked.

    Raises ``Invalid``, and ``Forbidden`` when the member may do more than the actor may.
    """
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise Invalid([FieldError("lifetime", "out_of_range", {"maximum": LONGEST_LIFETIME.days})])
    session_id = new_secret()
    # Whole seconds, as the token's own claim has them.
    expires_at = (timezone.now() + lifetime).replace(microsecond=0)
    credential = Credential(
        member=member,
        wire=WireName.WINNERR,
        kind=CredentialKind.TOKEN,
        name=name.strip(),
        digest=digest_of(session_id),
        expires_at=expires_at,
    )
    _store(credential, actor)
    token = mint_token(session_id=session_id, member=member, organization=current_organization(), expires_at=expires_at)
    return IssuedToken(token, credential, expires_at)


def issue_key(member: Member, *, wire: WireName, name: str, actor: Actor) -> IssuedKey:
    """A key of the Rentalot wire or a key pair of EstatePrime's, good until revoked. Raises as ``issue_token`` does."""
    if wire == WireName.RENTALOT:
        key = f"ra_{new_secret()}"
        credential = Credential(
            member=member,
            wire=wire,
            kind=CredentialKind.KEY,
            name=name.strip(),
            digest=digest_of(key),
            prefix=key[:_SHOWN_OF_KEY],
        )
        _store(credential, actor)
        return IssuedKey(credential, key=key)
    if wire == WireName.ESTATEPRIME:
        # Basic credentials are split at the first colon; base64url has none.
        public_key, secret_key = f"pk_{new_secret(16)}", f"sk_{new_secret()}"
        credential = Credential(
            member=member,
            wire=wire,
            kind=CredentialKind.KEY_PAIR,
            name=name.strip(),
            digest=digest_of(f"{public_key}:{secret_key}"),
            prefix=public_key,
        )
        _store(credential, actor)
        return IssuedKey(credential, public_key=public_key, secret_key=secret_key)
    raise Invalid([FieldError("wire", "invalid_value", {"choices": [WireName.RENTALOT, WireName.ESTATEPRIME]})])


def revoke_credential(credential: Credential, *, actor: Actor) -> Credential:
    """Make a credential worthless from the next request on and return it; one revoked already stays as it was."""
    if credential.member_id != actor.member_id:
        actor.require(Right.MANAGE_CREDENTIALS)
    Credential.objects.filter(pk=credential.pk, revoked_at=None).update(revoked_at=timezone.now())
    credential.refresh_from_db()
    return credential


def _store(credential: Credential, actor: Actor) -> None:
    actor.require(Right.MANAGE_CREDENTIALS)
    member = credential.member
    if not ROLE_RIGHTS[Role(member.role)] <= ROLE_RIGHTS[actor.role]:
        # It would act with rights that whoever holds it does not have.
        raise Forbidden(f"the role {actor.role} may not issue credentials for the role {member.role}")
    faults = faults_of(credential, ("name",))
    if not member.is_active or not member.user.is_active:
        faults.append(FieldError("member", "invalid_value", message="The member is not active."))
    if faults:
        raise Invalid(faults)
    credential.save(force_insert=True)
