"""What schemathesis needs to make up requests that get somewhere: the document, with rows that are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.schemas import OpenApiSchema

from accounts.models import Organization
from accounts.tenancy import tenant_models
from activities.models import Deal
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

# Keys of bodies that name a row: a stranger's is refused there, so these are the organization's own.
REFERENCES = {"assignedTo": "agents", "userId": "agents", "contactId": "contacts"}

KEY = "#/components/parameters/IdempotencyKey"
# Of a price range.
MIDDLE = 1_000_000


def schema_of(
    document: dict[str, Any], north: World, south: World, application: WSGIHandler, *, closed: bool
) -> OpenApiSchema:
    """The document as schemathesis reads it, for requests of north's.

    ``closed`` for requests without unknown keys: those are ignored, but they must be JSON within limits.
    """
    prepared = _Prepared(north, south, closed=closed).document(document)
    schema = schemathesis.openapi.from_dict(prepared, config=SchemathesisConfig.from_dict(CONFIG))
    schema.app = application
    return schema


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
        and "pattern" not in items
    )


class _Prepared:
    def __init__(self, north: World, south: World, *, closed: bool) -> None:
        self.closed = {"additionalProperties": False} if closed else {}
        with north.scope():
            deals = [deal.winnerr_id for deal in Deal.objects.order_by("pk")]
        with south.scope():
            strange_deals = [deal.winnerr_id for deal in Deal.objects.order_by("pk")[:1]]
        contacts = [contact.winnerr_id for contact in north.contacts]
        self.own = {"contacts": contacts, "deals": deals, "agents": [member.public_id for member in north.members]}
        self.named = {"contacts": [*contacts, south.contact.winnerr_id], "deals": deals + strange_deals}

    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        sent = [
            operation.get("requestBody") for methods in document["paths"].values() for operation in methods.values()
        ]
        self.bodies = set(_named(sent, document["components"]["schemas"]))
        paths = {path: self._path(path, methods) for path, methods in document["paths"].items()}
        schemas = {name: self._schema(name, shape) for name, shape in document["components"]["schemas"].items()}
        return {**document, "paths": paths, "components": {**document["components"], "schemas": schemas}}

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
            return {**parameter, "schema": {"type": "string", "enum": self.named[path.split("/")[2]]}}
        if parameter.get("name") == "limit":
            # The document says what is served; more than that is asked for in vain, but not refused (CONTRACTS W-S10).
            return {**parameter, "schema": {"type": "integer", "minimum": 1}}
        if parameter.get("name") == "fields":
            # The same with unknown keys (CONTRACTS W-S16).
            return {**parameter, "schema": {"type": "array", "items": {"type": "string"}}}
        if parameter.get("name", "").startswith("amount["):
            # Python writes a large number with an exponent. It is none of the document's bounds, so nothing forbids more.
            bounds = {"minimum": -(10**14), "maximum": 10**14} if self.closed else {}
            return {**parameter, "schema": {"type": "integer", **bounds}}
        return parameter

    def _schema(self, name: str, shape: dict[str, Any]) -> dict[str, Any]:
        properties = dict(shape.get("properties", {}))
        # Only in what is sent: an answer may speak of a contact that was made on the way.
        for key in REFERENCES.keys() & properties.keys() if name in self.bodies else ():
            nothing = [None] if "null" in properties[key]["type"] else []
            properties[key] = {**properties[key], "enum": self.own[REFERENCES[key]] + nothing}
        # What no schema can say: a deal stays with its contact, and a range does not end before it begins.
        if name == "DealChange":
            del properties["contactId"]
        if name == "PriceWrite":
            properties["min"] = {**properties["min"], "maximum": MIDDLE}
            properties["max"] = {**properties["max"], "minimum": MIDDLE}
        closed = self.closed if name in self.bodies else {}
        return {**shape, "properties": properties, **closed} if properties else shape


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
