"""What Rentalot's document says for all of its resources: envelope, pages, problems, credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from accounts.plans import Plan
from config.wires.openapi.document import Contract
from config.wires.openapi.headers import OF_A_LIMIT
from config.wires.openapi.operations import Parameter
from config.wires.openapi.shapes import TEXT, WHOLE, Component, Shape, array, closed, described, whole
from config.wires.problems import Problem
from config.wires.rentalot import IDEMPOTENCY_WORDS, RENTALOT, WORDS

UUID: Final[Mapping[str, Any]] = {
    "type": "string",
    "format": "uuid",
    "examples": ["550e8400-e29b-41d4-a716-446655440000"],
}
FAULT: Final = Component(
    "Fault",
    closed(
        {
            "field": described(TEXT, "The key of the body, or the name of the query parameter."),
            "message": described(TEXT, "A sentence for people."),
        }
    ),
)
PROBLEM: Final = Component(
    "Problem",
    closed(
        {
            "type": {
                "type": "string",
                "format": "uri",
                "description": "What went wrong, for programs: the last part is one of "
                + ", ".join(sorted({f"`{kind}`" for kind, _, _ in [*WORDS.values(), *IDEMPOTENCY_WORDS.values()]}))
                + ".",
            },
            "title": TEXT,
            "status": described(WHOLE, "The HTTP status again."),
            "detail": described(TEXT, "A sentence for people."),
        },
        optional={
            "errors": described(array(FAULT), "Every fault at once; with a `validation-error` only."),
            "existingId": {
                **UUID,
                "description": "The contact that has the address; with a `conflict` only, when the requester may see it.",
            },
        },
    ),
)
PAGINATION: Final = Component(
    "Pagination",
    closed(
        {
            "page": described(whole(1, 10**18), "The page that was asked for; beyond the last one it is empty."),
            "limit": described(whole(1, 200), "The page size that was used."),
            "total": described(whole(0, 2**53), "How many there are on all pages together."),
            "totalPages": described(whole(0, 2**53), "How many pages that is; 0 when there are none."),
        }
    ),
)


def enveloped(name: str, data: Shape) -> Component:
    """The envelope of an answer about one thing."""
    return Component(name, closed({"data": data}))


def enveloped_page(name: str, item: Shape) -> Component:
    """The envelope of a page of a list."""
    return Component(name, closed({"data": array(item), "pagination": PAGINATION}))


def page_parameters(*, default: int, largest: int) -> tuple[Parameter, Parameter]:
    """``page`` and ``limit``; ``largest`` is what the largest plan allows."""
    limit = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return (
        Parameter(name="page", shape={"type": "integer", "minimum": 1, "default": 1}, description="Which page."),
        Parameter(
            name="limit",
            shape=limit,
            description="The page size. More than the plan's largest page is the largest page.",
        ),
    )


DESCRIPTION: Final = """
**Credential.** Every request carries `Authorization: Bearer ra_...`. A key acts for one member of one organization, with
the role that member has at that moment; whoever runs this server issues and revokes it. Rows of another organization
answer like rows that never existed.

**Answers** are JSON in UTF-8, whatever `Accept` says: `{"data": ...}`, with `pagination` beside it for lists. A failure is
a problem (RFC 9457) of the type `application/problem+json`, with a `detail` for people and, where fields are at fault,
`errors`. Times are UTC in whole seconds.

**Bodies** are JSON of at most 1 MiB in UTF-8. Types are taken as they are: a number where text is documented is refused.
Text is trimmed. Unknown keys are ignored, and empty text is as good as none.

**Lists** come in pages by number, newest first. An empty query parameter is as good as none, and several values of a
filter, repeated or separated by commas, mean any of them.

**Limits.** The organization's plan says how many requests it has a minute and a day, how many contacts its programs may
make and delete, how large a page is, and whether they may write at all. `X-RateLimit-*` headers tell on every answer; a
429 says in `Retry-After` when to come back.

**Sending twice.** A `POST` with an `Idempotency-Key` is done once, however often it is sent. A write with `If-Match` is
done only when nobody changed the row in between.

**Addresses** are served with and without a slash at the end. `HEAD` answers as `GET` without the body; any other method
that is not documented is refused with 405 and an `Allow` header.
"""

CONTACTS: Final = "Contacts"
CONVERSATIONS: Final = "Conversations"

RENTALOT_CONTRACT: Final = Contract(
    wire=RENTALOT,
    title="Latchkey: Rentalot's contacts API",
    summary="Contacts of a real-estate team, and what was said with them.",
    description=DESCRIPTION.strip(),
    tags={
        CONTACTS: "People the team knows.",
        CONVERSATIONS: "What was said with a contact through one medium; read only.",
    },
    security={
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key: `ra_` and 43 more characters.",
        }
    },
    error=PROBLEM,
    limit_headers=(*OF_A_LIMIT, "X-RateLimit-Resource"),
    refusals=(Problem(kind="forbidden", status=403, resource="plan", reason="none", value=Plan.FREE_TRIAL.label),),
)
