"""From the declaration of a wire's fields to the shapes of what is sent and of what is printed.

A field class says in a mapping ``shape`` what its base cannot: a format, a pattern, an example.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import singledispatch
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from rest_framework import serializers

from config.wires.fields import AnyObject, Choice, Document, Flag, Instant, Number, Text, Texts, WireField
from config.wires.openapi.shapes import Component, Shape, array, closed, described, nullable

AnyField = serializers.Field[Any, Any, Any, Any]

# What is left of a text that Python trims: four control characters and one more are blanks to it, but not to JavaScript.
NOT_BLANK: Final = r"[^\s\u001c-\u001f\u0085]"
# Bounds are for what is sent. What is printed may have come in by another way.
_BOUNDS: Final = frozenset({"minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"})


def sent(field: AnyField) -> Shape:
    """What a client may write into a field."""
    shape = _bare(field)
    if isinstance(shape, Mapping):
        shape = {**shape, **getattr(field, "shape", {})}
    return nullable(shape) if field.allow_null else shape


def printed(field: AnyField) -> Shape:
    """What is read back from a field. Arrays, flags and choices are never null; the rest is when it was cleared."""
    if isinstance(field, serializers.ListField):
        return array(printed(field.child))
    if isinstance(field, Document):
        shape: Shape = _document(type(field).__name__, field, printed, required=field.fields)
    else:
        shape = {name: value for name, value in _plain(field).items() if name not in _BOUNDS}
    return nullable(shape) if field.allow_null and not isinstance(field, Choice | Flag) else shape


def sent_document(
    name: str,
    document: Document,
    *,
    prose: Mapping[str, str],
    without: Collection[str] = (),
    instead: Mapping[str, Shape] | None = None,
) -> Component:
    """A body. ``prose`` says a sentence about those of its keys that need one; ``instead`` are shapes told elsewhere."""
    required = [] if document.partial else [key for key, field in document.fields.items() if field.required]
    component = _document(name, document, sent, required=required, prose=prose, without=without)
    properties = {**component.shape["properties"], **(instead or {})}
    return Component(name, {**component.shape, "properties": properties})


def printed_document(
    name: str,
    fields: Iterable[WireField],
    *,
    prose: Mapping[str, str],
    optional: Mapping[str, Shape] | None = None,
    may_lack: Collection[str] = (),
) -> Component:
    """An answer's document: all its fields, but those it ``may_lack``, and ``optional`` ones of another making."""
    shapes = {field.name: _printed_by(field) for field in fields} | dict(optional or {})
    unknown = prose.keys() - shapes.keys()
    if unknown:
        raise ImproperlyConfigured(f"{name} has no {', '.join(sorted(unknown))} to describe")
    told = {key: _told(shape, prose.get(key)) for key, shape in shapes.items()}
    always = {key: shape for key, shape in told.items() if key not in may_lack and key not in (optional or {})}
    return Component(name, {**closed(always), "properties": told})


def _printed_by(field: WireField) -> Shape:
    if field.prints is not None:
        return field.prints
    if field.write is None:
        raise ImproperlyConfigured(f"{field.name} must say how it prints")
    return printed(field.write)


def _document(
    name: str,
    document: Document,
    shape_of: Callable[[AnyField], Shape],
    *,
    required: Iterable[str],
    prose: Mapping[str, str] | None = None,
    without: Collection[str] = (),
) -> Component:
    fields = {key: field for key, field in document.fields.items() if key not in without}
    shape = {
        "type": "object",
        **getattr(document, "shape", {}),
        "required": [key for key in required if key not in without],
        "properties": {key: _told(shape_of(field), (prose or {}).get(key)) for key, field in fields.items()},
    }
    return Component(name, {key: value for key, value in shape.items() if value})


def _told(shape: Shape, sentence: str | None) -> Shape:
    return described(shape, sentence) if sentence else shape


def _plain(field: AnyField) -> Mapping[str, Any]:
    shape = _bare(field)
    if isinstance(shape, Component):
        raise ImproperlyConfigured(f"{type(field).__name__} prints as a document of its own")
    return {**shape, **getattr(field, "shape", {})}


@singledispatch
def _bare(field: Any) -> Shape:
    # A resource's own field may say all of it.
    shape: Shape | None = getattr(field, "shape", None)
    if shape is None:
        raise ImproperlyConfigured(f"Nobody said what JSON a {type(field).__name__} takes")
    return shape


@_bare.register
def _(field: Text) -> Shape:
    shape: dict[str, Any] = {"type": "string", "maxLength": field.maximum}
    # Blank is as good as missing.
    return shape | ({"minLength": 1, "pattern": NOT_BLANK} if field.cannot_be_empty and field.trim else {})


@_bare.register
def _(field: Choice) -> Shape:
    return {"type": "string", "enum": [*field.choices]}


@_bare.register
def _(field: Flag) -> Shape:
    return {"type": "boolean"}


@_bare.register
def _(field: Number) -> Shape:
    return {"type": "number", "minimum": field.minimum, "maximum": field.maximum}


@_bare.register
def _(field: Instant) -> Shape:
    return {"type": "string", "format": "date-time"}


@_bare.register
def _(field: AnyObject) -> Shape:
    return {"type": "object", "additionalProperties": True}


@_bare.register
def _(field: serializers.ListField) -> Shape:
    return array(sent(field.child))


@_bare.register
def _(field: Texts) -> Shape:
    bounds = {"minItems": field.at_least} if field.at_least else {}
    return {**array(sent(field.child)), "maxItems": field.items, **bounds}


@_bare.register
def _(field: Document) -> Shape:
    return _document(
        f"{type(field).__name__}Write",
        field,
        sent,
        required=[key for key, each in field.fields.items() if each.required],
    )
