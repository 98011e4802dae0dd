"""What Winnerr's document says for all of its resources: envelope, pages, errors, credential."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from config.wires.fields import WireField
from config.wires.openapi.document import Contract
from config.wires.openapi.operations import Parameter
from config.wires.openapi.shapes import (
    TEXT,
    WHOLE,
    Component,
    Shape,
    array,
    closed,
    constant,
    described,
    nullable,
    one_of,
    whole,
)
from config.wires.sentences import SENTENCES
from config.wires.winnerr import WINNERR, WORDS

FAULT: Final = Component(
    "Fault",
    closed(
        {
            "field": described(TEXT, "The key of the body, dotted where nested, or the name of the query parameter."),
            "code": one_of(*sorted(SENTENCES)),
            "message": described(TEXT, "A sentence for people."),
        }
    ),
)
ERROR: Final = Component(
    "Error",
    closed(
        {
            "success": constant(False),
            "error": closed(
                {
                    "type": one_of(*sorted({kind for kind, _, _ in WORDS.values()})),
                    "title": TEXT,
                    "status": described(WHOLE, "The HTTP status again."),
                    "detail": described(TEXT, "A sentence for people."),
                },
                optional={"errors": described(array(FAULT), "Every fault at once; with a `validation_error` only.")},
            ),
        }
    ),
)
PAGINATION: Final = Component(
    "Pagination",
    closed(
        {
            "hasMore": {"type": "boolean"},
            "nextCursor": described(nullable(TEXT), "The next page's `cursor`; null on the last page."),
            "total": described(whole(0, 2**53), "How many there are on all pages together."),
            "limit": described(whole(1, 100), "The page size that was used."),
        }
    ),
)


def success(name: str, data: Shape) -> Component:
    """The envelope of an answer about one thing."""
    return Component(name, closed({"success": constant(True), "data": data}))


def success_page(name: str, item: Shape) -> Component:
    """The envelope of a page of a list."""
    return Component(name, closed({"success": constant(True), "data": array(item), "pagination": PAGINATION}))


def success_list(name: str, item: Shape) -> Component:
    """The envelope of a list that is paged only on demand."""
    return Component(
        name, closed({"success": constant(True), "data": array(item)}, optional={"pagination": PAGINATION})
    )


MESSAGE: Final = Component("MessageResponse", closed({"success": constant(True), "message": TEXT}))


def page_parameters(*, default: int, largest: int) -> tuple[Parameter, Parameter]:
    """``limit`` and ``cursor``."""
    limit = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return (
        Parameter(name="limit", shape=limit, description="The page size. More than the largest is the largest."),
        Parameter(
            name="cursor",
            shape=TEXT,
            description="The `nextCursor` of the page before, with the same filters and the same sort.",
        ),
    )


def sort_parameter(columns: Iterable[str], default: str) -> Parameter:
    """``sort``."""
    keys = [f"{name}:{direction}" for name in columns for direction in ("asc", "desc")]
    return Parameter(
        name="sort",
        shape={**array(one_of(*keys)), "default": [default]},
        description="What to sort by, the weightiest first, separated by commas. A name alone ascends.",
    )


def include_parameter(names: Iterable[str], *, absent: str) -> Parameter:
    """``include``; ``absent`` says what comes when it is not sent."""
    return Parameter(
        name="include",
        shape=array(one_of(*names)),
        description=f"Which related rows to carry along, separated by commas; empty for none. {absent}",
    )


def fields_parameter(fields: Iterable[WireField]) -> Parameter:
    """``fields``."""
    return Parameter(
        name="fields",
        shape=array(one_of(*(field.name for field in fields))),
        description="Answer exactly these keys, separated by commas. Unknown ones are ignored.",
    )


def selection(name: str, document: Component) -> Component:
    """The document when ``fields`` asked for some of its keys."""
    properties = document.shape["properties"]
    return Component(name, {"type": "object", "properties": properties, "description": SELECTED})


def either(*shapes: Shape) -> Mapping[str, Any]:
    """One of several shapes."""
    return {"anyOf": [*shapes]}


def with_optional(name: str, document: Component, optional: Mapping[str, Shape]) -> Component:
    """The document with keys that only some answers have."""
    return Component(name, {**document.shape, "properties": {**document.shape["properties"], **optional}})


def ids_in(data: str, names: Collection[str]) -> dict[str, str]:
    """Parameters of a link that are found in the answer's ``data``."""
    return dict.fromkeys(names, f"$response.body#/data/{data}")


SELECTED: Final = "The keys that `fields` asked for."

DESCRIPTION: Final = """
**Credential.** Every request but a login carries `Authorization: Bearer <token>`. A token acts for one member of one
organization, with the role that member has at that moment. Get one from `POST /v1/auth/token`, or ask whoever runs this
server for a long-lived one. Rows of another organization answer like rows that never existed.

**Answers** are JSON in UTF-8, whatever `Accept` says: `{"success": true, "data": ...}`, or
`{"success": false, "error": ...}`. Text that was never set is `null`. Times are UTC in whole seconds.

**Bodies** are JSON of at most 1 MiB in UTF-8. Types are taken as they are: a number where text is documented is refused.
Text is trimmed. Unknown keys are ignored, so that a document may be sent back as it was read. `PUT` and `PATCH` do the
same: what a body leaves out stays as it is, `null` clears.

**Lists** come in pages: send `nextCursor` as `cursor` until `hasMore` is false. An empty query parameter is as good as
none.

**Sending twice.** A `POST` with an `Idempotency-Key` is done once, however often it is sent. A write with `If-Match` is
done only when nobody changed the row in between.

**Addresses** are served with and without a slash at the end. `HEAD` answers as `GET` without the body; any other method
that is not documented is refused with 405 and an `Allow` header.
"""

AUTHENTICATION: Final = "Authentication"
AGENTS: Final = "Agents"
CONTACTS: Final = "Contacts"
TAGS: Final = "Tags"
ACTIVITIES: Final = "Activities"
DEALS: Final = "Deals"

WINNERR_CONTRACT: Final = Contract(
    wire=WINNERR,
    title="Latchkey: Winnerr's contacts API",
    summary="Contacts of a real-estate team, with their tags, activities and deals.",
    description=DESCRIPTION.strip(),
    tags={
        CONTACTS: "People the team knows.",
        TAGS: "Words on contacts, and the catalogue of all of them.",
        ACTIVITIES: "What was done with a contact.",
        DEALS: "Sales, purchases and lettings, each with its contact.",
        AGENTS: "The members of the organization, to whom contacts and deals are assigned.",
        AUTHENTICATION: "Tokens for programs that act for a person.",
    },
    security={
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of `POST /v1/auth/token`, or one that was issued for a program.",
        }
    },
    error=ERROR,
)
