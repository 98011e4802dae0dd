"""What EstatePrime's document says for all of its resources: envelopes, pages, errors, credential."""

from __future__ import annotations

from typing import Any, Final

from config.wires.estateprime import ESTATEPRIME, PAGE_SIZE
from config.wires.estateprime_values import LARGEST_NUMBER
from config.wires.openapi.document import Contract
from config.wires.openapi.operations import Parameter
from config.wires.openapi.shapes import TEXT, WHOLE, Component, Shape, array, closed, described, whole
from config.wires.problems import Problem

STATUS: Final[Shape] = described(WHOLE, "The HTTP status again.")
ERROR: Final = Component(
    "Error",
    closed(
        {"status": STATUS, "error_message": described(TEXT, "What is wrong: the first thing, where it is several.")}
    ),
)
IDENTIFIER: Final[Shape] = whole(1, LARGEST_NUMBER)
MOMENT: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$",
    "description": "On the organization's clock.",
    "examples": ["2025-01-15 18:00:05"],
}


def success(name: str, data: Shape) -> Component:
    """The envelope of an answer about one thing, or of a lookup."""
    return Component(name, closed({"status": STATUS, "data": data}))


def success_page(name: str, item: Shape) -> Component:
    """The envelope of a page of a list."""
    total = described(whole(0, 2**53), "How many there are on all pages together.")
    return Component(
        name,
        closed(
            {
                "status": STATUS,
                "page": described(whole(1, 10**18), "The page that was asked for; beyond the last one it is empty."),
                "total_pages": whole(0, 2**53),
                "results_per_page": whole(PAGE_SIZE, PAGE_SIZE),
                "total_results": total,
                "data": array(item),
            }
        ),
    )


def numbered(name: str, key: str) -> Component:
    """The answer that names what was made or deleted."""
    return Component(name, closed({"status": STATUS, key: IDENTIFIER}))


def page_parameter() -> Parameter:
    """``page``."""
    return Parameter(
        name="page",
        shape={"type": "integer", "minimum": 1, "default": 1},
        description=f"Which page; all have {PAGE_SIZE} rows.",
    )


def range_parameters(key: str, done: str) -> tuple[Parameter, ...]:
    """``key[min]`` and ``key[max]``; ``done`` is what was done then."""
    return tuple(
        Parameter(
            name=f"{key}[{bound}]",
            shape={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$"},
            description=f"Only those {done} {words} this moment on the organization's clock; a date alone is the whole day.",
        )
        for bound, words in (("min", "at or after"), ("max", "at or before"))
    )


# What can be wrong with the body that a GET may bring.
OF_PARAMETERS: Final = (
    Problem(kind="malformed", status=400, reason="Syntax error at line 1 column 2"),
    Problem(kind="length_required", status=411),
    Problem(kind="too_large", status=413),
    Problem(kind="unsupported_media_type", status=415),
)

DESCRIPTION: Final = f"""
**Credential.** Every request carries `Authorization: Basic` with a public and a secret key. A pair acts for one member of
one organization, with the role that member has at that moment; whoever runs this server issues and revokes it. Rows of
another organization answer like rows that never existed.

**Answers** are JSON in UTF-8, whatever `Accept` says, with `status` in every body: `{{"status": 200, "data": ...}}`, or
`{{"status": 400, "error_message": ...}}`, which names the first thing that is wrong. Times are on the organization's clock.

**Parameters** of a `GET` come in the query string, or in a JSON body, which wins key by key: `date_created[min]` in the one
is `{{"date_created": {{"min": ...}}}}` in the other.

**Bodies** are JSON of at most 1 MiB in UTF-8. Types are taken as they are: a number where text is documented is refused; an
id may come as its digits. Text is trimmed. Unknown keys are ignored, so that a document may be sent back as it was read.

**Lists** come in pages of {PAGE_SIZE}, the newest number first.

**Changing** a contact with `PATCH` is an addition of this server's: lists replace as a whole, `custom_fields` merge by id.

**Sending twice.** A `POST` with an `Idempotency-Key` is done once, however often it is sent. A write with `If-Match` is
done only when nobody changed the row in between.
"""

CONTACTS: Final = "Contacts"
COMMUNICATION: Final = "Communication"
USERS: Final = "Users"

ESTATEPRIME_CONTRACT: Final = Contract(
    wire=ESTATEPRIME,
    title="Latchkey: EstatePrime's contacts API",
    summary="Contacts of a real-estate team with the team's own fields, and what was said with them.",
    description=DESCRIPTION.strip(),
    tags={
        CONTACTS: "People and companies the team knows, and the lists they are described with.",
        COMMUNICATION: "What was said with a contact.",
        USERS: "The members of the organization.",
    },
    security={
        "pair": {"type": "http", "scheme": "basic", "description": "The public key, and the secret key as password."}
    },
    error=ERROR,
    failures={"validation": "What was sent cannot be accepted; the first fault is named."},
)
