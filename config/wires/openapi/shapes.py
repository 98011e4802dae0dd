"""How values look in JSON: the vocabulary of the documents (JSON Schema 2020-12, as OpenAPI 3.1 has it).

A shape is a schema in which a ``Component`` may stand wherever a schema may; the document puts a reference there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias


@dataclass(frozen=True)
class Component:
    """A shape with a name, under which client generators make a type of it."""

    name: str
    shape: Mapping[str, Any]


Shape: TypeAlias = Mapping[str, Any] | Component

NULL: Final[Shape] = {"type": "null"}
TEXT: Final[Shape] = {"type": "string"}
WHOLE: Final[Shape] = {"type": "integer"}
MOMENT: Final[Shape] = {"type": "string", "format": "date-time", "examples": ["2024-01-15T10:30:00Z"]}
EMAIL: Final[Shape] = {"type": "string", "examples": ["john.doe@example.com"]}


def identifier(prefix: str) -> Mapping[str, Any]:
    """An opaque id that begins with a prefix."""
    return {"type": "string", "examples": [f"{prefix}_123e4567-e89b-12d3-a456-426614174000"]}


def whole(minimum: int, maximum: int) -> Mapping[str, Any]:
    """An integer within bounds."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def one_of(*values: str) -> Mapping[str, Any]:
    """One of a closed list of strings."""
    return {"type": "string", "enum": [*values]}


def constant(value: bool) -> Mapping[str, Any]:
    """Always the same."""
    return {"type": "boolean", "const": value}


def array(items: Shape) -> Mapping[str, Any]:
    """Any number of them."""
    return {"type": "array", "items": items}


def closed(properties: Mapping[str, Shape], *, optional: Mapping[str, Shape] | None = None) -> Mapping[str, Any]:
    """An object that has each of the properties and may have the optional ones.

    It is not said to have no others: a program that reads it should not fail on the day a key is added.
    """
    return {"type": "object", "required": [*properties], "properties": {**properties, **(optional or {})}}


def nullable(shape: Shape) -> Mapping[str, Any]:
    """The shape, or null."""
    if isinstance(shape, Component) or not isinstance(shape.get("type"), str):
        return {"anyOf": [shape, NULL]}
    enum = {"enum": [*shape["enum"], None]} if "enum" in shape else {}
    return {**shape, "type": [shape["type"], "null"], **enum}


def described(shape: Shape, description: str) -> Mapping[str, Any]:
    """The shape, with a sentence for people."""
    if isinstance(shape, Component):
        return {"allOf": [shape], "description": description}
    return {**shape, "description": description}
