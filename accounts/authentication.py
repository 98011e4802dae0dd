"""Finding out who asks before the organization is known: the one module that may look outside the fence for it.

Each kind of proof is one statement that returns the member's authority as it is now, and on PostgreSQL sets the
organization in the same breath (an audited ``SECURITY DEFINER`` function, see migration 0002). Nothing is cached: a
revoked credential, a lowered role or a disabled user counts from the next request on.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.actor import Actor, ActorKind, Door
from accounts.exceptions import NotAuthenticated
from accounts.identifiers import public_id
from accounts.models import Credential, CredentialKind, Invitation, Member, Organization, RefreshToken, WireName
from accounts.prepared import statement_cursor
from accounts.roles import Role
from accounts.tenancy import current_scope, empty_scope

JWT_ALGORITHM = "HS256"
JWT_ISSUER = "latchkey"
LONGEST_TOKEN = 4_096
LAST_USED_PRECISION = timedelta(minutes=5)
# Tokens whose signature a process need not compute again; what they are good for is asked each time.
VERIFIED_TOKENS = 4_096
# As PostgreSQL's statement_timeout has it: given up within half a second, what it takes to stop included.
LONGEST_READ = "480ms"


@dataclass(frozen=True)
class Authority:
    """What one authority statement says: an organization, a member of it, and the credential shown, if any."""

    organization_id: int
    organization_uuid: UUID
    organization_slug: str
    organization_name: str
    time_zone: str
    phone_region: str
    plan: str
    agents_see_only_their_contacts: bool
    organization_created_at: datetime
    member_id: int
    member_uuid: UUID
    member_number: int
    role: str
    first_name: str
    last_name: str
    user_id: int
    credential_id: int | None = None
    credential_name: str = ""
    credential_kind: str = ""

    @property
    def organization_public_id(self) -> str:
        return public_id("org", self.organization_uuid)

    def organization(self) -> Organization:
        """The organization as one object, without asking the database again."""
        return Organization(
            id=self.organization_id,
            uuid=self.organization_uuid,
            slug=self.organization_slug,
            name=self.organization_name,
            time_zone=self.time_zone,
            phone_region=self.phone_region,
            plan=self.plan,
            agents_see_only_their_contacts=self.agents_see_only_their_contacts,
            created_at=self.organization_created_at,
        )

    def actor(self, door: Door, request_id: str = "") -> Actor:
        """The requester, come in by ``door``, as services want it."""
        role = Role(self.role)
        name = f"{self.first_name} {self.last_name}".strip()
        return Actor(
            kind=ActorKind.CREDENTIAL if self.credential_id else ActorKind.MEMBER,
            door=door,
            label=f"{name} ({self.credential_name})" if self.credential_name else name,
            role=role,
            member_id=self.member_id,
            credential_id=self.credential_id,
            sees_all_contacts=role is not Role.AGENT or not self.agents_see_only_their_contacts,
            request_id=request_id,
        )


@dataclass(frozen=True)
class Membership:
    """One organization a user belongs to."""

    organization_id: int
    organization_name: str
    organization_slug: str
    member_id: int
    role: str


_ORGANIZATION_PATHS = (
    "organization_id",
    "organization__uuid",
    "organization__slug",
    "organization__name",
    "organization__time_zone",
    "organization__phone_region",
    "organization__plan",
    "organization__agents_see_only_their_contacts",
    "organization__created_at",
)
_MEMBER_PATHS = ("id", "uuid", "number", "role", "first_name", "last_name", "user_id")


def authority_by_credential(wire: WireName, digest: str, *, is_reading: bool = False) -> Authority:
    """The authority behind a credential's digest on one wire, with the scope filled. Raises ``NotAuthenticated``.

    ``is_reading`` says that the request only reads: on PostgreSQL none of its statements may take longer than
    ``LONGEST_READ`` then, so that one question nobody foresaw does not slow all the others down.
    """
    longest = LONGEST_READ if is_reading else None
    if connection.vendor == "postgresql":
        row = _call("accounts_authority_by_credential", [wire.value, digest, longest])
    else:
        row = _credential_row(wire, digest)
    return _enter(row, longest)


def authority_by_session(user_id: int, organization_id: int) -> Authority:
    """The authority of a logged-in user in one organization, with the scope filled. Raises ``NotAuthenticated``."""
    if connection.vendor == "postgresql":
        row = _call("accounts_authority_by_session", [user_id, organization_id])
    else:
        row = (
            Member.objects.unscoped()
            .filter(user_id=user_id, organization_id=organization_id, is_active=True, user__is_active=True)
            .values_list(*_ORGANIZATION_PATHS, *_MEMBER_PATHS)
            .first()
        )
    return _enter(row)


def memberships(user_id: int) -> list[Membership]:
    """The organizations an active user belongs to, by name. Sets no scope."""
    if connection.vendor == "postgresql":
        rows = _call_all("accounts_memberships", [user_id])
    else:
        rows = list(
            Member.objects.unscoped()
            .filter(user_id=user_id, is_active=True, user__is_active=True)
            .order_by("organization__name", "organization_id")
            .values_list("organization_id", "organization__name", "organization__slug", "id", "role")
        )
    return [Membership(*row) for row in rows]


def organization_id_by_slug(slug: str) -> int | None:
    """The organization a command names."""
    if connection.vendor == "postgresql":
        row = _call("accounts_organization_by_slug", [slug])
        return row[0] if row else None
    return Organization.objects.unscoped().filter(slug=slug).values_list("id", flat=True).first()


def organization_id_by_refresh_token(digest: str) -> int | None:
    """The organization of a refresh token, spent or not."""
    if connection.vendor == "postgresql":
        row = _call("accounts_organization_by_refresh_token", [digest])
        return row[0] if row else None
    return RefreshToken.objects.unscoped().filter(digest=digest).values_list("organization_id", flat=True).first()


def organization_id_by_invitation(digest: str) -> int | None:
    """The organization an invitation's secret leads to."""
    if connection.vendor == "postgresql":
        row = _call("accounts_organization_by_invitation", [digest])
        return row[0] if row else None
    return Invitation.objects.unscoped().filter(digest=digest).values_list("organization_id", flat=True).first()


def digest_of(secret: str) -> str:
    """SHA-256 in hex: how high-entropy secrets are stored and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret(length: int = 32) -> str:
    """A random secret of ``length`` bytes in base64url without padding."""
    return secrets.token_urlsafe(length)


def mint_token(
    *,
    session_id: str,
    member: Member,
    organization: Organization,
    expires_at: datetime,
    issued_at: datetime | None = None,
) -> str:
    """A signed access token of the Winnerr wire for a credential whose digest is that of ``session_id``."""
    claims = {
        "iss": JWT_ISSUER,
        "aud": WireName.WINNERR.value,
        "sub": member.public_id,
        "org": organization.public_id,
        "sid": session_id,
        "jti": secrets.token_hex(16),
        "iat": int((issued_at or timezone.now()).timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, _signing_key(settings.SECRET_KEY), algorithm=JWT_ALGORITHM)


def authority_by_token(token: str, *, is_reading: bool = False) -> Authority:
    """The authority behind an access token, with the scope filled; ``is_reading`` as in ``authority_by_credential``.

    Signature, algorithm, issuer, audience and times are checked before the database is asked.
    Raises ``NotAuthenticated``.
    """
    claims = _verified_claims(token)
    authority = authority_by_credential(WireName.WINNERR, digest_of(claims["sid"]), is_reading=is_reading)
    # The claims repeat what the credential says; a token whose copy differs was not minted for it.
    stated = (claims["org"], claims["sub"])
    actual = (authority.organization_public_id, public_id("agent", authority.member_uuid))
    if not hmac.compare_digest(repr(stated).encode(), repr(actual).encode()):
        raise NotAuthenticated
    return authority


def _verified_claims(token: str) -> dict[str, Any]:
    if len(token) > LONGEST_TOKEN:
        raise NotAuthenticated
    claims = _claims(token, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    # All else that was verified stays true; this does not.
    if claims["exp"] <= time.time():
        raise NotAuthenticated
    return claims


@lru_cache(maxsize=VERIFIED_TOKENS)
def _claims(token: str, secrets_in_order: tuple[str, ...]) -> dict[str, Any]:
    """What a token says, verified once; one that is refused is not remembered. Nobody may change it."""
    for key in map(_signing_key, secrets_in_order):
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[JWT_ALGORITHM],
                issuer=JWT_ISSUER,
                audience=WireName.WINNERR.value,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "org"]},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise NotAuthenticated from error
        if all(isinstance(claims[name], str) for name in ("sid", "org", "sub", "jti")):
            return claims
        raise NotAuthenticated
    raise NotAuthenticated


def _signing_key(secret: str) -> bytes:
    return salted_hmac("accounts.authentication.jwt", "", secret=secret, algorithm="sha256").digest()


def _credential_row(wire: WireName, digest: str) -> tuple[Any, ...] | None:
    now = timezone.now()
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    # A login session ends when its user's password changes.
    current = ~Q(kind=CredentialKind.SESSION) | Q(created_at__gte=F("member__user__password_changed_at"))
    found = (
        Credential.objects.unscoped()
        .filter(live, current, wire=wire, digest=digest, revoked_at=None)
        .filter(member__is_active=True, member__user__is_active=True)
        .values_list(
            *_ORGANIZATION_PATHS, *(f"member__{path}" for path in _MEMBER_PATHS), "id", "name", "kind", "last_used_at"
        )
        .first()
    )
    if found is None:
        return None
    *row, last_used_at = found
    if last_used_at is None or last_used_at < now - LAST_USED_PRECISION:
        Credential.objects.unscoped().filter(digest=digest).update(last_used_at=now)
    return tuple(row)


def _enter(row: tuple[Any, ...] | None, longest_statement: str | None = None) -> Authority:
    if row is None:
        raise NotAuthenticated
    authority = Authority(*row)
    scope = current_scope()
    if scope is None:
        raise RuntimeError("authentication happens inside a unit of work")
    is_set = connection.vendor == "postgresql"
    scope.fill(authority.organization_id, database_knows=is_set, longest_statement=longest_statement)
    scope.organization = authority.organization()
    return authority


def _call(function: str, arguments: list[Any]) -> tuple[Any, ...] | None:
    rows = _call_all(function, arguments)
    return rows[0] if rows else None


def _call_all(function: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    scope = current_scope()
    if scope is None:
        with empty_scope():
            return _call_all(function, arguments)
    # What the function sets lives as long as the transaction, so the scope's must be open before it is called.
    scope.begin()
    placeholders = ", ".join(["%s"] * len(arguments))
    with statement_cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({placeholders})", arguments)  # noqa: S608 - a name from this module
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
