"""The documents of all wires: valid, complete, and for everybody to read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from config.wires.openapi.document import routes_of
from config.wires.openapi.estateprime import ESTATEPRIME_CONTRACT
from config.wires.openapi.rentalot import RENTALOT_CONTRACT
from config.wires.openapi.winnerr import WINNERR_CONTRACT
from tests.contracts.described import Described
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, RENTALOT, WINNERR, views_below

EVERY_WIRE = pytest.mark.parametrize("prefix", PROGRAMS)
CONTRACTS = {WINNERR: WINNERR_CONTRACT, RENTALOT: RENTALOT_CONTRACT, ESTATEPRIME: ESTATEPRIME_CONTRACT}
NOT_ALLOWED: dict[str, Any] = {
    WINNERR: {
        "success": False,
        "error": {
            "type": "method_not_allowed_error",
            "title": "Method Not Allowed",
            "status": 405,
            "detail": "This method is not allowed for the requested resource",
        },
    },
    RENTALOT: {
        "type": "https://rentalot.ai/problems/method-not-allowed",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "Method not allowed",
    },
    ESTATEPRIME: {"status": 405, "error_message": "Method not allowed."},
}


@pytest.fixture(scope="module")
def documents() -> dict[str, Described]:
    """By prefix."""
    return {prefix: Described.at(f"/{prefix}openapi.json") for prefix in PROGRAMS}


@EVERY_WIRE
def test_the_document_is_valid(documents: dict[str, Described], prefix: str) -> None:
    document = documents[prefix].document
    validate_schema(document)
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


@EVERY_WIRE
def test_every_route_and_method_is_an_operation_and_every_operation_a_route(
    documents: dict[str, Described], prefix: str
) -> None:
    routed = {
        (method, f"/{prefix}{route}".replace("{identifier}", "{id}"))
        for route, view in views_below(prefix).items()
        for method in view.actions
        if method != "head"
    }

    assert documents[prefix].operations().keys() == routed
    # The document's own idea of what is routed leaves nothing out.
    assert {route.path.removeprefix(prefix) for route in routes_of(CONTRACTS[prefix].wire)} == {*views_below(prefix)}


@EVERY_WIRE
def test_operations_have_names_of_their_own_words_and_a_known_tag(documents: dict[str, Described], prefix: str) -> None:
    operations = documents[prefix].operations().values()
    names = [operation["operationId"] for operation in operations]
    tags = [tag["name"] for tag in documents[prefix].document["tags"]]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)
    assert {operation["tags"][0] for operation in operations} == set(tags)
    assert all(operation["summary"] for operation in operations)


@EVERY_WIRE
def test_every_example_is_described(documents: dict[str, Described], prefix: str) -> None:
    described = documents[prefix]
    for operation in described.operations().values():
        bodies = [operation.get("requestBody", {})]
        for part in [*bodies, *map(described.resolved, operation["responses"].values())]:
            for media in part.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    assert described.faults(media["schema"], example["value"]) == [], operation["operationId"]


@EVERY_WIRE
def test_every_link_leads_to_an_operation_by_its_parameters(documents: dict[str, Described], prefix: str) -> None:
    described = documents[prefix]
    by_name = {operation["operationId"]: address for address, operation in described.operations().items()}
    links = [
        link
        for operation in described.operations().values()
        for response in operation["responses"].values()
        for link in described.resolved(response).get("links", {}).values()
    ]

    assert links
    for link in links:
        assert link["parameters"].keys() <= set(described.parameters(*by_name[link["operationId"]]))


@pytest.mark.django_db
@EVERY_WIRE
@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("openapi.json", "application/json"),
        ("openapi.json/", "application/json"),
        ("docs", "text/html; charset=utf-8"),
        ("docs/", "text/html; charset=utf-8"),
    ],
)
def test_everybody_may_read_both_and_read_them_again_for_nothing(prefix: str, name: str, content_type: str) -> None:
    address = f"/{prefix}{name}"
    client = Client()
    whole = client.get(address)
    again = client.get(address, headers={"If-None-Match": whole["ETag"]})
    head = client.head(address)
    refused = client.post(address)

    assert (whole.status_code, whole["Content-Type"], whole["Cache-Control"]) == (
        200,
        content_type,
        "public, max-age=300",
    )
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
    assert head["Content-Length"] == str(len(whole.content))
    assert (refused.status_code, refused["Allow"], refused.json()) == (405, "GET, HEAD", NOT_ALLOWED[prefix])
    assert not client.cookies


@pytest.mark.django_db
@EVERY_WIRE
def test_the_page_names_files_of_this_server_only_and_may_load_no_others(prefix: str) -> None:
    response = Client().get(f"/{prefix}docs")
    text = response.content.decode()
    named = re.findall(r'(?:src|href|data-document)="([^"]*)"', text)

    assert "<title>Latchkey" in text
    assert len(named) == 7
    assert all(address.startswith(("/static/", f"/{prefix}")) for address in named)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", text)
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
