"""Removing what has expired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Credential, CredentialKind, IdempotencyRecord, RefreshToken
from accounts.services.idempotency import KEPT_FOR

BATCH = 1_000
# What other apps have to remove, by name: each gets how many rows at most, and returns how many it was. Added when they load.
further_purges: Final[dict[str, Callable[[int], int]]] = {}
# A revoked session is kept this long, for whoever looks into why it was.
_REVOKED_KEPT_FOR = timedelta(days=1)


def purge_expired(*, limit: int = BATCH) -> dict[str, int]:
    """Remove up to ``limit`` rows of each kind that the organization in scope has no more use for; returns how many.

    ``idempotency_records`` older than 24 hours, ``sessions`` that expired or were revoked a day ago, expired
    ``refresh_tokens`` of others, and what other apps have added. Spent refresh tokens stay until they expire: their return
    gives a thief away.
    """
    now = timezone.now()
    dead = Q(expires_at__lte=now) | Q(revoked_at__lte=now - _REVOKED_KEPT_FOR)
    sessions = Credential.objects.filter(dead, kind=CredentialKind.SESSION)
    with transaction.atomic():
        return {
            "idempotency_records": _remove(IdempotencyRecord.objects.filter(created_at__lte=now - KEPT_FOR), limit),
            "refresh_tokens": _remove(RefreshToken.objects.filter(expires_at__lte=now), limit),
            "sessions": _remove(sessions, limit),
            **{name: purge(limit) for name, purge in further_purges.items()},
        }


def _remove(rows: models.QuerySet[models.Model], limit: int) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    _, by_model = rows.model._default_manager.filter(pk__in=ids).delete()
    return by_model.get(rows.model._meta.label, 0)
