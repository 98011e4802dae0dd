"""The document of a wire as a yardstick: whether an answer is one that it describes, to the key."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

METHODS = ("get", "post", "put", "patch", "delete")


class Described:
    """A document, and what it says about answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        # A program should not fail on a key that is new. The product does: it has to be in the document first.
        self._schemas = {name: _exact(shape) for name, shape in document["components"]["schemas"].items()}

    @classmethod
    def at(cls, path: str) -> Described:
        return cls(Client().get(path).json())

    def operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By method and path."""
        return {
            (method, path): operation
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if method in METHODS
        }

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation at an address; literal segments win over ids."""
        found = [
            (described.count("{"), operation)
            for (verb, described), operation in self.operations().items()
            if verb == method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", described), path)
        ]
        return min(found, key=lambda pair: pair[0])[1]

    def parameters(self, method: str, path: str) -> list[str]:
        """The names of an operation's parameters, in their order."""
        return [self.resolved(parameter)["name"] for parameter in self.operation(method, path).get("parameters", [])]

    def resolved(self, part: dict[str, Any]) -> Any:
        """A part of the document, or what it refers to."""
        if "$ref" not in part:
            return part
        found: Any = self.document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found

    def faults(self, shape: dict[str, Any], value: Any) -> list[str]:
        """What is wrong with a value."""
        schema = {**_exact(shape), "components": {"schemas": self._schemas}}
        errors = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)
        return [f"{error.json_path}: {error.message}" for error in errors]

    def assert_describes(self, method: str, path: str, response: Any) -> None:
        """The answer has a status, a type, headers and a body that are written down for its address."""
        described = self.resolved(
            self.operation(method, path.partition("?")[0])["responses"][str(response.status_code)]
        )
        if response.status_code in (204, 304):
            assert (response.content, "content" in described) == (b"", False)
            assert not response.has_header("Content-Type")
        else:
            media = described["content"][response["Content-Type"]]
            assert self.faults(media["schema"], response.json()) == []
        # What is left is told where a program needs it: when it is answered, and when it is sent away.
        limits = {f"X-RateLimit-{name}" for name in ("Limit", "Remaining", "Reset", "Resource")}
        tells = response.status_code != 304 and (response.status_code < 300 or response.status_code == 429)
        ours = {"ETag", "Location", "Link", "Retry-After", "WWW-Authenticate", "Idempotency-Replayed", "X-Request-Id"}
        ours |= {"X-Search-Truncated"} | (limits if tells else set())
        assert ours & response.headers.keys() <= described["headers"].keys()


def _exact(shape: Any) -> Any:
    if isinstance(shape, list):
        return [_exact(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    inner = {key: _exact(value) for key, value in shape.items()}
    closed = isinstance(shape.get("properties"), dict) and shape.get("type") == "object"
    return {"additionalProperties": False, **inner} if closed else inner
