"""What a resource says about each of its actions; what follows from its other declarations is not said again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.wires.openapi.shapes import Component, Shape
from config.wires.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the path or the query. A list is sent as one value, separated by commas."""

    name: str
    shape: Shape
    description: str
    # Of the query; one of the path always is.
    required: bool = False
    # A path parameter: how the request fails when there is no such thing.
    missing: Problem | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where to go from an answer: another operation, and which of its path parameters the answer holds."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer when all goes well, without a body when ``shape`` is None. ``headers`` are names the document knows."""

    description: str
    shape: Shape | None = None
    status: int = 200
    headers: Sequence[str] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)
    links: Sequence[Link] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One action.

    ``name`` is the operation's id, for client generators. ``path`` is by the names of the route's groups. ``refusals``
    are those nothing else announces: who is let in, what is read and what a path names tell the rest.
    ``conditional`` when it heeds ``If-Match``, or, reading, ``If-None-Match``.
    """

    name: str
    tag: str
    summary: str
    answer: Answer
    description: str = ""
    path: Mapping[str, Parameter] = field(default_factory=dict)
    query: Sequence[Parameter] = ()
    body: Component | None = None
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    refusals: Sequence[Problem] = ()
    conditional: bool = False
