"""The headers every wire reads and writes, as the documents describe them."""

from __future__ import annotations

from typing import Any, Final

_WHOLE: Final = {"type": "integer", "minimum": 0}

REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "If-Match": {
        "description": "Change only what was read: the `ETag` of an earlier answer, or `*` for any version.",
        "schema": {"type": "string", "examples": ['"7"']},
    },
    "If-None-Match": {
        "description": "Answer only what is new: the `ETag` of an earlier answer. A version it names is answered 304, "
        "without a body.",
        "schema": {"type": "string", "examples": ['"7"']},
    },
    "Idempotency-Key": {
        "description": "A key of the program's own. For 24 hours, the same key with the same body gives the first "
        "answer again instead of doing the work twice. Printable ASCII; quoted if there is a comma in it.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[!#-+\\--~]([ -+\\--~]*[!-+\\--~])?$",
        },
    },
}

RESPONSE_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "ETag": {
        "description": "The version of the document, for `If-Match`.",
        "schema": {"type": "string", "examples": ['"7"']},
    },
    "Location": {
        "description": "The address of what was made.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Link": {
        "description": 'With `rel="duplicate"`: the address of the row that has the value, when the requester may see it.',
        "schema": {"type": "string"},
    },
    "Allow": {
        "description": "The methods the address knows.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "How to present a credential.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the stored answer to an earlier request with the same `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "X-Search-Truncated": {
        "description": "`true` when more was found than a search pages through.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "X-Request-Id": {
        "description": "The request's name in the server's log: the one the request came with, if that had 8 to 64 "
        "letters, digits, hyphens and underscores, else a new one.",
        "schema": {"type": "string"},
    },
    "X-RateLimit-Limit": {
        "description": "Requests allowed in the current window.",
        "schema": _WHOLE,
    },
    "X-RateLimit-Remaining": {
        "description": "Requests left in the current window.",
        "schema": _WHOLE,
    },
    "X-RateLimit-Reset": {
        "description": "When the window ends, in seconds since 1970-01-01T00:00:00Z.",
        "schema": _WHOLE,
    },
    "X-RateLimit-Resource": {
        "description": "The resource that the request was about, `api` where it is none; a plan may count its writes.",
        "schema": {"type": "string"},
    },
}

OF_EVERY_ANSWER: Final = ("X-Request-Id",)
# Refusals have these too. They are told where a program needs them: when it is answered, and when it is sent away.
OF_A_LIMIT: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
