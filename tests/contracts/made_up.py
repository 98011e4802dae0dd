"""What schemathesis needs to make up requests that get somewhere: the document, with rows that are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import schemathesis
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.schemas import OpenApiSchema

from accounts.models import Member, Organization
from accounts.tenancy import tenant_models
from activities.api.estateprime.serializers import CHANNELS
from activities.models import Communication, Conversation, Deal
from contacts.models import Source, Tag
from tests.contracts.routed import ESTATEPRIME, FAR, PROGRAMS, RENTALOT, WINNERR
from tests.worlds import World

# No part of it looks at anything but the document: neither at the product's source nor at what an earlier run found.
CONFIG = {
    "generation": {
        "database": "none",
        "mode": "positive",
        "with-security-parameters": False,
        # Unknown keys and parameters are ignored, and NUL is refused in every text.
        "allow-extra-parameters": False,
        "allow-x00": False,
    },
    "analysis": {"constants": {"enabled": False}},
    # Whether an If-Match or a session is still good is not for a schema to say.
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "401", "404", "409", "412", "429"]},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "412", "422", "429"]},
    },
}

KEY = "#/components/parameters/IdempotencyKey"
# Of a price range.
MIDDLE = 1_000_000
# The same requests in every run; nothing is shrunk, for what fails is one request.
BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What is there to be asked for: ``named`` in addresses by resource, the stranger's among them; ``own`` in bodies
    by key, where a stranger's is refused: ids, or lists of such."""

    named: Mapping[str, list[str]]
    own: Mapping[str, Sequence[str | int]]


@dataclass(frozen=True, kw_only=True)
class Documented:
    """A wire and its document: the operations by their label, ``GET /v1/contacts``.

    ``rows_of`` finds north's rows and the stranger's, ``unsaid`` takes out of a named schema's properties what is
    refused though no schema can say so, and ``secret`` are the operations that take what cannot be guessed.
    """

    prefix: str
    rows_of: Callable[[World, World], Rows]
    unsaid: Callable[[str, Properties], Properties]
    secret: Collection[str] = ()

    @cached_property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = schemathesis.openapi.from_wsgi(f"/{self.prefix}openapi.json", WSGIHandler()).raw_schema
        return found

    @cached_property
    def operations(self) -> dict[str, dict[str, Any]]:
        return {
            f"{method.upper()} {path}": operation
            for path, methods in sorted(self.document["paths"].items())
            for method, operation in sorted(methods.items())
        }

    @property
    def forbidding(self) -> list[str]:
        """Where something can be wrong with a request: it has parameters or a body."""
        said = ("parameters", "requestBody")
        return [label for label, operation in self.operations.items() if any(operation.get(part) for part in said)]

    @property
    def linked(self) -> set[str]:
        """What the links of the document lead to."""
        return {
            link["operationId"]
            for operation in self.operations.values()
            for response in operation["responses"].values()
            for link in response.get("links", {}).values()
        }

    def schema(self, north: World, south: World, application: WSGIHandler, *, closed: bool) -> OpenApiSchema:
        """The document as schemathesis reads it, for requests of north's.

        ``closed`` for requests without unknown keys: those are ignored, but they must be JSON within limits.
        """
        prepared = _Prepared(self, self.rows_of(north, south), closed=closed).document()
        # It writes into the document what it finds out.
        schema = schemathesis.openapi.from_dict(deepcopy(prepared), config=SchemathesisConfig.from_dict(CONFIG))
        schema.app = application
        return schema

    def headers(self, member: Member) -> dict[str, str]:
        return dict(PROGRAMS[self.prefix](member).headers)


def _winnerr_rows(north: World, south: World) -> Rows:
    with north.scope():
        deals = [deal.winnerr_id for deal in Deal.objects.order_by("pk")]
    with south.scope():
        strange_deals = [deal.winnerr_id for deal in Deal.objects.order_by("pk")[:1]]
    contacts = [contact.winnerr_id for contact in north.contacts]
    agents = [member.public_id for member in north.members]
    return Rows(
        named={"contacts": [*contacts, south.contact.winnerr_id], "deals": deals + strange_deals},
        own={"assignedTo": agents, "userId": agents, "contactId": contacts},
    )


def _unsaid_on_winnerrs(name: str, properties: Properties) -> Properties:
    # A deal stays with its contact, and a range does not end before it begins.
    if name == "DealChange":
        return {key: shape for key, shape in properties.items() if key != "contactId"}
    if name == "PriceWrite":
        bounds = {"min": {"maximum": MIDDLE}, "max": {"minimum": MIDDLE}}
        return {key: {**shape, **bounds.get(key, {})} for key, shape in properties.items()}
    return properties


def _rentalot_rows(north: World, south: World) -> Rows:
    named = {"contacts": [str(contact.uuid) for contact in [*north.contacts, south.contact]], "conversations": []}
    for world in (north, south):
        with world.scope():
            named["conversations"] += map(str, Conversation.objects.order_by("pk").values_list("uuid", flat=True)[:2])
    return Rows(named=named, own={})


def _unsaid_on_rentalots(name: str, properties: Properties) -> Properties:
    # Which way to reach a contact is the last one depends on the contact.
    if name == "ContactChange":
        said = {
            "email": {"type": "string", "format": "email", "maxLength": 200},
            "phone": {"type": "string", "pattern": "^[+0-9][0-9 ()./x-]{1,28}[0-9]$"},
        }
        return properties | said
    return properties


def _estateprime_rows(north: World, south: World) -> Rows:
    with north.scope():
        said = [str(number) for number in Communication.objects.order_by("pk").values_list("number", flat=True)]
        sources, tags = (
            [*model._default_manager.order_by("number").values_list("number", flat=True)] for model in (Source, Tag)
        )
    contacts = [contact.number for contact in north.contacts]
    members = [member.number for member in north.members]
    # Two organizations may count alike: of the stranger's rows only those are named that north has none like.
    strange = [str(number) for number in (south.contact.number, FAR) if number not in contacts]
    own = {
        "source_id": sources,
        "tags": tags,
        "users": members,
        "created_by": members,
        "user_id": members,
        "contact_id": contacts,
        "channel": [*CHANNELS],
    }
    return Rows(
        named={"contacts": [*map(str, contacts), *strange], "communication": [*said, str(FAR)]},
        # Ids may come as their digits.
        own={key: [*numbers, *map(str, numbers)] for key, numbers in own.items()},
    )


def _unsaid_on_estateprimes(name: str, properties: Properties) -> Properties:
    # What a field takes is the team's business, and so is which fields there are.
    value = {
        "type": "object",
        "required": ["custom_field_id", "value"],
        "properties": {"custom_field_id": {"enum": [1, "1"]}, "value": {"enum": [1, "2", "", None]}},
    }
    said: Properties = {
        # The one there is, and none may be named twice.
        "custom_fields": {"type": ["array", "null"], "items": value, "maxItems": 1},
        # Of what looks like a day some is none.
        "communication_date": {"type": "string", "enum": ["2025-01-15 18:00:05", "2026-03-02T09:30:00Z"]},
    }
    # Communications have tags of nobody's.
    if name == "CommunicationCreate":
        said["tags"] = {"type": ["array", "null"], "items": {"type": "integer", "minimum": 1}, "maxItems": 100}
    is_sent = name in ("ContactCreate", "ContactChange", "CommunicationCreate")
    return properties | {key: shape for key, shape in said.items() if is_sent and key in properties}


WINNERRS = Documented(
    prefix=WINNERR,
    rows_of=_winnerr_rows,
    unsaid=_unsaid_on_winnerrs,
    # A password, and a token for a new one.
    secret=("POST /v1/auth/token", "POST /v1/auth/refresh"),
)
RENTALOTS = Documented(prefix=RENTALOT, rows_of=_rentalot_rows, unsaid=_unsaid_on_rentalots)
ESTATEPRIMES = Documented(prefix=ESTATEPRIME, rows_of=_estateprime_rows, unsaid=_unsaid_on_estateprimes)


def ask(wire: Documented, label: str, mode: GenerationMode, north: World, south: World) -> None:
    """Make requests of one operation, each checked against the document; the stranger has no part in any of them."""
    before = everything_of(south)
    headers = wire.headers(north.owner)
    successes: list[int] = []
    with served() as application:
        schema = wire.schema(north, south, application, closed=mode is GenerationMode.POSITIVE)
        method, path = label.split()
        operation = schema[path][method]

        @BOUNDED
        @given(case=operation.as_strategy(mode))
        def once(case: Any) -> None:
            # An empty parameter is as good as none, and so is an object or a list of nothing: no address can hold them.
            assume("" not in case.query.values() and is_trimmed(case.body))
            assume(not any(isinstance(value, dict | list) for value in case.query.values()))
            response = case.call_and_validate(headers=headers)
            assert south.canary not in response.text
            successes.extend([response.status_code] * (response.status_code < 300))

        once()
    assert everything_of(south) == before
    # What is forbidden fails by the check of its own.
    assert successes or mode is GenerationMode.NEGATIVE or label in wire.secret


def walk(wire: Documented, north: World, south: World) -> set[str]:
    """Follow the document's links; the names of the operations that succeeded on the way."""
    before = everything_of(south)
    headers = wire.headers(north.owner)
    succeeded: set[str] = set()
    with served() as application:
        schema = wire.schema(north, south, application, closed=True)

        class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made of the document
            def setup(self) -> None:
                # Every walk begins where the first one did.
                self.began = transaction.savepoint()

            def get_call_kwargs(self, case: Any) -> dict[str, Any]:
                return {"headers": headers}

            def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
                case.validate_response(
                    response,
                    # A body may name what an earlier step made, which the document does not list, or deleted.
                    excluded_checks=[positive_data_acceptance, negative_data_rejection],
                    headers=headers,
                    transport_kwargs=kwargs,
                    recorder=self.recorder,
                )
                assert south.canary not in response.text
                if response.status_code < 300:
                    succeeded.add(wire.operations[case.operation.label]["operationId"])

            def teardown(self) -> None:
                assert everything_of(south) == before
                transaction.savepoint_rollback(self.began)

        run_state_machine_as_test(Walk, settings=settings(BOUNDED, max_examples=25, stateful_step_count=10))
    return succeeded


@contextmanager
def served() -> Iterator[WSGIHandler]:
    """The product without the end of its connections, which would end a test's transaction; so has it Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield WSGIHandler()
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def everything_of(world: World) -> dict[str, list[Any]]:
    """Every row of the organization."""
    with world.scope():
        rows = {
            model.__name__: [*model._base_manager.order_by("pk").values()] for model in tenant_models(apps.get_models())
        }
        return rows | {"Organization": [*Organization.objects.filter(pk=world.organization.pk).values()]}


def _is_any_text(parameter: dict[str, Any]) -> bool:
    """Whether nothing can be wrong with a parameter: a list of words, and in an address everything is words."""
    shape = parameter.get("schema", {})
    items = shape.get("items", {})
    return (
        shape.get("type") == "array"
        and items.get("type") == "string"
        and "enum" not in items
        # A comma ends a value, and none at all is as good as no parameter.
        and items.get("pattern") in (None, "^[^,]+$")
    )


class _Prepared:
    """The document of one wire while it is made one that schemathesis gets somewhere with."""

    def __init__(self, wire: Documented, rows: Rows, *, closed: bool) -> None:
        self.wire = wire
        self.rows = rows
        self.closed = {"additionalProperties": False} if closed else {}

    def document(self) -> dict[str, Any]:
        document = self.wire.document
        schemas = document["components"]["schemas"]
        sent = [operation.get("requestBody") for operation in self.wire.operations.values()]
        self.bodies = set(_named(sent, schemas))
        paths = {path: self._path(path, methods) for path, methods in document["paths"].items()}
        prepared = {name: self._schema(name, shape) for name, shape in schemas.items()}
        return {**document, "paths": paths, "components": {**document["components"], "schemas": prepared}}

    def _path(self, path: str, methods: dict[str, Any]) -> dict[str, Any]:
        return {
            method: {
                **operation,
                "parameters": [
                    self._parameter(path, parameter)
                    for parameter in operation.get("parameters", [])
                    # Cursors cannot be made up, and a key may be used once: test_winnerr_paging.py, ..._idempotency.py.
                    if parameter.get("name") != "cursor"
                    and not (self.closed and parameter.get("$ref") == KEY)
                    and (self.closed or not _is_any_text(parameter))
                ],
            }
            for method, operation in methods.items()
        }

    def _parameter(self, path: str, parameter: dict[str, Any]) -> dict[str, Any]:
        if parameter.get("in") == "path" and parameter["name"] == "id":
            return {**parameter, "schema": {"type": "string", "enum": self.rows.named[self._resource(path)]}}
        if parameter.get("name") == "limit":
            # The document says what is served; more than that is asked for in vain, but not refused (CONTRACTS W-S10).
            return {**parameter, "schema": {"type": "integer", "minimum": 1}}
        if parameter.get("name") == "fields":
            # The same with unknown keys (CONTRACTS W-S16).
            return {**parameter, "schema": {"type": "array", "items": {"type": "string"}}}
        if re.fullmatch(r"(date_created|communication_date)\[m..\]", parameter.get("name", "")) and self.closed:
            # Of what looks like a day some is none.
            return {**parameter, "schema": {"type": "string", "enum": ["2025-02-24", "2026-03-02 09:30:00"]}}
        if parameter.get("name", "").startswith("amount["):
            # Python writes a large number with an exponent. It is none of the document's bounds, so nothing forbids more.
            bounds = {"minimum": -(10**14), "maximum": 10**14} if self.closed else {}
            return {**parameter, "schema": {"type": "integer", **bounds}}
        return parameter

    def _resource(self, path: str) -> str:
        return path.removeprefix(f"/{self.wire.prefix}").partition("/")[0]

    def _schema(self, name: str, shape: dict[str, Any]) -> dict[str, Any]:
        properties = dict(shape.get("properties", {}))
        # Only in what is sent: an answer may speak of a contact that was made on the way.
        for key in self.rows.own.keys() & properties.keys() if name in self.bodies else ():
            properties[key] = _narrowed(properties[key], self.rows.own[key])
        properties = self.wire.unsaid(name, properties)
        closed = self.closed if name in self.bodies else {}
        return {**shape, "properties": properties, **closed} if properties else shape


def _narrowed(shape: dict[str, Any], own: Sequence[str | int]) -> dict[str, Any]:
    """The shape of an id, or of a list of ids, when no other ids are meant."""
    if "items" in shape:
        return {**shape, "items": {**shape["items"], "enum": [*own]}}
    is_nullable = "null" in shape.get("type", ()) or any(
        other.get("type") == "null" for other in shape.get("anyOf", ())
    )
    return {**shape, "enum": [*own, *([None] if is_nullable else [])]}


def _named(node: Any, schemas: dict[str, Any]) -> Iterator[str]:
    """The names of all schemas that a part of the document leads to."""
    if isinstance(node, dict) and "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield name
        yield from _named(schemas[name], schemas)
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _named(value, schemas)


def is_trimmed(node: Any) -> bool:
    """Whether no text in a body begins or ends with a blank: what is too long may be short enough without."""
    if isinstance(node, dict):
        return all(map(is_trimmed, node.values()))
    if isinstance(node, list):
        return all(map(is_trimmed, node))
    return not isinstance(node, str) or node == node.strip()
