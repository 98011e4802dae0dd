"""What goes wrong with requests that are all right, for the answers that are recorded of it."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.db import IntegrityError, OperationalError

from accounts.exceptions import IdempotencyError
from tests.worlds import WireClient

# By the function that fails and the way it does.
FAILURES: Final[dict[str, tuple[str, Exception]]] = {
    "collision": ("contacts.services.create_contact", IntegrityError()),
    "unavailable": ("contacts.services.create_contact", OperationalError()),
    "internal_error": ("contacts.services.create_contact", RuntimeError()),
    "idempotency_in_progress": (
        "accounts.services.idempotency.replay_or_claim",
        IdempotencyError("in_progress"),
    ),
}


def break_by(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a failure is named after happen from now on."""
    target, error = FAILURES[name]

    def broken(*arguments: Any, **facts: Any) -> None:
        raise error

    monkeypatch.setattr(target, broken)


def post_of_unknown_length(client: WireClient, address: str) -> Any:
    """The answer to a body that comes in pieces, without a length."""
    return client.client.request(
        REQUEST_METHOD="POST",
        PATH_INFO=address,
        CONTENT_TYPE="application/json",
        HTTP_TRANSFER_ENCODING="chunked",
        HTTP_AUTHORIZATION=client.headers["Authorization"],
    )
