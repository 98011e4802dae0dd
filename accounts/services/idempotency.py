"""Answering a repeated request once (RELIABILITY 1.1): the answer commits with the change it reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.exceptions import IdempotencyError
from accounts.models import IdempotencyRecord
from accounts.tenancy import current_organization_id, current_scope

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255
_PRINTABLE = re.compile(r"[\x20-\x7e]+\Z")
# A string of structured fields (RFC 8941), as the header's draft writes it: only quotes and backslashes are escaped.
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"\Z')
_ESCAPED = re.compile(r'\\(["\\])')


def parse_key(header: str) -> str:
    """The key in an ``Idempotency-Key`` header; quoted and bare spellings of one value are one key.

    Raises ``IdempotencyError("malformed")`` unless it is 1 to 255 printable ASCII characters. Repeated headers arrive
    joined by commas, so a bare key has none.
    """
    text = header.strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.match(text)
        key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    else:
        key = "" if "," in text else text
    if len(key) > LONGEST_KEY or not _PRINTABLE.match(key):
        raise IdempotencyError("malformed")
    return key


def replay_or_claim(credential_id: int, key: str, fingerprint: str) -> IdempotencyRecord | None:
    """The stored answer for this key of this credential, or None when the caller is to do the work.

    The key is then the caller's until the unit of work ends. Raises ``IdempotencyError``: ``in_progress`` when somebody
    else has it, ``reused`` when it was used for another request. On SQLite the second request waits for the first
    instead, behind the one write lock. An answer older than 24 hours is forgotten.
    """
    scope = current_scope()
    if scope is not None:
        # The claim lasts as long as the transaction, so there must be one.
        scope.begin(write=True)
    if not _lock(credential_id, key):
        raise IdempotencyError("in_progress")
    records = IdempotencyRecord.objects.filter(credential_id=credential_id, key=key)
    record = records.first()
    if record is None:
        return None
    if record.created_at <= timezone.now() - KEPT_FOR:
        records.delete()
        return None
    if record.fingerprint != fingerprint:
        raise IdempotencyError("reused")
    return record


def store_answer(
    credential_id: int, key: str, fingerprint: str, status_code: int, headers: Mapping[str, str], body: str
) -> None:
    """Keep the answer for a key claimed in this unit of work. Refusals are not kept: trying again tries again."""
    if not 200 <= status_code < 300:
        return
    IdempotencyRecord.objects.create(
        credential_id=credential_id,
        key=key,
        fingerprint=fingerprint,
        status_code=status_code,
        headers=dict(headers),
        body=body,
    )


def _lock(credential_id: int, key: str) -> bool:
    """Take the key for this transaction, or say at once that it is taken."""
    if connection.vendor != "postgresql":
        return True
    name = f"idempotency:{current_organization_id()}:{credential_id}:{key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        (taken,) = cursor.fetchone()
    return bool(taken)
