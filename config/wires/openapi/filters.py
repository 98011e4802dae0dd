"""From the declaration of a list's filters to its query parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from config.wires.filters import AnyOf, Moment, Whole, WireFilterSet, Words
from config.wires.openapi.operations import Parameter
from config.wires.openapi.shapes import MOMENT, Shape, array, one_of

_BOUNDS: Final = {"gte": "at least", "gt": "more than", "lte": "at most", "lt": "at most"}


def filter_parameters(filters: type[WireFilterSet], keys: Mapping[str, str] | None = None) -> tuple[Parameter, ...]:
    """One for each filter, under its exact name. A filter class says in ``shape`` what its base cannot.

    ``keys`` are the keys of the document that filters of another name look at.
    """
    return tuple(
        Parameter(
            name=name,
            shape=_shape_of(wire_filter),
            description=_description((keys or {}).get(name, name.partition("[")[0]), wire_filter),
        )
        for name, wire_filter in filters.base_filters.items()
    )


def _description(key: str, wire_filter: Any) -> str:
    if isinstance(wire_filter, AnyOf):
        return f"Only those whose `{key}` is one of these, separated by commas."
    if isinstance(wire_filter, Words):
        return "Only those that hold each of these words in some part, whatever its case, accents or order."
    words = f"Only those whose `{key}` is {_BOUNDS[wire_filter.lookup_expr]} this"
    return f"{words}; a date alone is a whole day, UTC." if isinstance(wire_filter, Moment) else f"{words}."


def _shape_of(wire_filter: Any) -> Shape:
    declared: Shape | None = getattr(wire_filter, "shape", None)
    return _standard(wire_filter) if declared is None else declared


@singledispatch
def _standard(wire_filter: Any) -> Shape:
    raise ImproperlyConfigured(f"Nobody said what a {type(wire_filter).__name__} filter takes")


@_standard.register
def _(wire_filter: AnyOf) -> Shape:
    # A value of one's own making is told apart from the next by a comma, so it holds none.
    return array(one_of(*wire_filter.choices) if wire_filter.choices else {"type": "string", "pattern": "^[^,]+$"})


@_standard.register
def _(wire_filter: Whole) -> Shape:
    return {"type": "integer"}


@_standard.register
def _(wire_filter: Words) -> Shape:
    return {"type": "string", "maxLength": wire_filter.longest}


@_standard.register
def _(wire_filter: Moment) -> Shape:
    return MOMENT
