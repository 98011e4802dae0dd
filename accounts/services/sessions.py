"""Login sessions of programs: a short access token and a refresh token that is used once.

A session is one ``Credential``; its secret, the session id, stands in every access token as ``sid`` and in front of every
refresh token, so that it stays the same through refreshes and only its digest is kept. It opens nothing by itself: an
access token needs our signature, a refresh token needs its second half. Access tokens from before a refresh therefore
live out their 15 minutes, unless the session ends, which ends them all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.authentication import digest_of, mint_token, new_secret, organization_id_by_refresh_token
from accounts.exceptions import NotAuthenticated
from accounts.models import Credential, CredentialKind, Member, RefreshToken, WireName
from accounts.tenancy import current_organization, empty_scope

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class SessionTokens:
    """What a program gets at login. ``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def open_session(member: Member) -> SessionTokens:
    """Begin a session of a member of the organization in scope who has just proved who they are."""
    session_id = new_secret()
    now = timezone.now()
    with transaction.atomic():
        credential = Credential.objects.create(
            member=member,
            wire=WireName.WINNERR,
            kind=CredentialKind.SESSION,
            name="Login session",
            digest=digest_of(session_id),
            expires_at=now + REFRESH_LIFETIME,
        )
        return _tokens(credential, session_id, now)


def refresh_session(refresh_token: str) -> SessionTokens:
    """New tokens for an unspent refresh token, which is spent by it; of several calls at once one succeeds.

    A spent token coming back means that two hold it: the whole session is revoked, and stays so although the caller is
    refused. That is committed here, so call it while the unit of work is still empty. Raises ``NotAuthenticated``.
    """
    with _session_of(refresh_token) as token:
        tokens = _rotate(token, refresh_token) if token is not None else None
    if tokens is None:
        raise NotAuthenticated
    return tokens


def end_session(refresh_token: str) -> None:
    """End the session a refresh token belongs to, spent or not. Says nothing about tokens that belong to none (RFC 7009).

    Commits by itself, so call it while the unit of work is still empty.
    """
    with _session_of(refresh_token) as token:
        if token is not None:
            _revoke(token.credential)


@contextmanager
def _session_of(refresh_token: str) -> Iterator[RefreshToken | None]:
    """A unit of work that holds the token's session locked, and that no refusal around it rolls back."""
    digest = digest_of(refresh_token)
    # Durable: inside somebody's transaction this raises instead of promising what that one may undo.
    with transaction.atomic(durable=True), empty_scope() as scope:
        organization_id = organization_id_by_refresh_token(digest)
        if organization_id is None:
            yield None
            return
        scope.fill(organization_id)
        tokens = RefreshToken.objects.select_related("credential__member__user")
        yield tokens.select_for_update(of=("self", "credential")).filter(digest=digest).first()


def _rotate(token: RefreshToken, text: str) -> SessionTokens | None:
    now = timezone.now()
    if token.used_at is not None:
        _revoke(token.credential)
        return None
    if not _is_alive(token, now):
        return None
    token.used_at = now
    token.save(update_fields=["used_at"])
    token.credential.expires_at = now + REFRESH_LIFETIME
    token.credential.save(update_fields=["expires_at"])
    session_id, _, _ = text.partition(".")
    return _tokens(token.credential, session_id, now)


def _is_alive(token: RefreshToken, now: datetime) -> bool:
    member = token.credential.member
    return (
        token.credential.revoked_at is None
        and token.expires_at > now
        and member.is_active
        and member.user.is_active
        and token.credential.created_at >= member.user.password_changed_at
    )


def _revoke(credential: Credential) -> None:
    Credential.objects.filter(pk=credential.pk, revoked_at=None).update(revoked_at=timezone.now())


def _tokens(credential: Credential, session_id: str, now: datetime) -> SessionTokens:
    refresh_token = f"{session_id}.{new_secret()}"
    RefreshToken.objects.create(
        credential=credential, digest=digest_of(refresh_token), expires_at=now + REFRESH_LIFETIME
    )
    access_token = mint_token(
        session_id=session_id,
        member=credential.member,
        organization=current_organization(),
        expires_at=now + ACCESS_LIFETIME,
        issued_at=now,
    )
    return SessionTokens(access_token, refresh_token, int(ACCESS_LIFETIME.total_seconds()))
