"""The OpenAPI document of one wire, assembled from its routes and from what its resources declare.

Every routed action of the wire is in it, or it cannot be built: an address nobody described is a mistake that the tests
find. Nothing here runs while a request of the wire is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, get_resolver

from config.version import VERSION
from config.wires.base import PUBLIC, READING, Wire, WireViewSet
from config.wires.openapi.headers import OF_A_LIMIT, OF_EVERY_ANSWER, REQUEST_HEADERS, RESPONSE_HEADERS
from config.wires.openapi.operations import Answer, Operation, Parameter
from config.wires.openapi.refusals import Refusal, refusal_of, refusals_of
from config.wires.openapi.shapes import Component
from config.wires.problems import Problem

OPENAPI: Final = "3.1.0"
_GROUP = re.compile(r"\(\?P<(\w+)>\[\^/\]\+\)")
_REGULAR = re.compile(r"[\\()?^$*+\[\]|]")
_END = re.compile(r"(/\?)?(\\Z|\$)\Z")


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a wire's document says beside its operations: who it is for, how one is let in, what a failure looks like.

    ``failures`` describe a kind of failure where the wire has it otherwise than most. ``tags`` group the operations, in
    this order; ``security`` are the schemes of OpenAPI by name, each of which alone is enough. ``limit_headers`` tell how
    much a caller has left. ``refusals`` are failures of all operations that need a credential, beside those that every
    wire has.
    """

    wire: Wire
    title: str
    summary: str
    description: str
    tags: Mapping[str, str]
    security: Mapping[str, Mapping[str, Any]]
    error: Component
    failures: Mapping[str, str] = field(default_factory=dict)
    limit_headers: Sequence[str] = OF_A_LIMIT
    refusals: Sequence[Problem] = ()


@dataclass(frozen=True)
class Route:
    """An address of a wire: its path with the names of its groups in braces, who answers, and which action by method."""

    path: str
    viewset: type[WireViewSet]
    actions: Mapping[str, str]


def routes_of(wire: Wire) -> Iterator[Route]:
    """The wire's routes, in the order they are tried."""
    for path, callback in _patterns(get_resolver(), ""):
        viewset = getattr(callback, "cls", None)
        if isinstance(viewset, type) and issubclass(viewset, WireViewSet) and viewset.wire is wire:
            if _REGULAR.search(path):
                raise ImproperlyConfigured(f"{path} is more of a regular expression than a path can be")
            yield Route(path, viewset, callback.actions)


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        pattern = str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield prefix + _template(pattern), entry.callback
        else:
            yield from _patterns(entry, prefix + pattern)


def _template(pattern: str) -> str:
    return _END.sub("", _GROUP.sub(r"{\1}", pattern.removeprefix("^")))


def document_of(contract: Contract) -> dict[str, Any]:
    """The whole document. Raises ``ImproperlyConfigured`` for a routed action that its resource does not describe."""
    return _Assembly(contract).document()


class _Assembly:
    """One document while it is being put together, and the components met on the way."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schemas: dict[str, Any] = {}
        self.responses: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.headers: dict[str, Any] = {}

    def document(self) -> dict[str, Any]:
        contract = self.contract
        paths = self._paths()
        used = {operation["tags"][0] for methods in paths.values() for operation in methods.values()}
        return {
            "openapi": OPENAPI,
            "info": {
                "title": contract.title,
                "summary": contract.summary,
                "description": contract.description,
                "version": VERSION,
            },
            "servers": [{"url": "/", "description": "The server this document was read from."}],
            "tags": [{"name": name, "description": text} for name, text in contract.tags.items() if name in used],
            "paths": paths,
            "components": {
                "schemas": _sorted(self.schemas),
                "responses": _sorted(self.responses),
                "parameters": _sorted(self.parameters),
                "headers": _sorted(self.headers),
                "securitySchemes": dict(contract.security),
            },
        }

    def _paths(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        described = [
            (tag_place, route, method, operation)
            for route in routes_of(self.contract.wire)
            for method, operation, tag_place in self._operations(route)
        ]
        # By tag, and within one by the order of the routes.
        for _, route, method, operation in sorted(described, key=lambda entry: entry[0]):
            path = f"/{route.path}"
            for group, parameter in operation.path.items():
                path = path.replace(f"{{{group}}}", f"{{{parameter.name}}}")
            paths.setdefault(path, {})[method] = self._operation(route, method, operation)
        return paths

    def _operations(self, route: Route) -> Iterator[tuple[str, Operation, int]]:
        places = {name: place for place, name in enumerate(self.contract.tags)}
        for method, action in route.actions.items():
            operation = getattr(route.viewset, "operations", {}).get(action)
            # DRF answers HEAD with the action of GET; OpenAPI readers expect as much.
            if method == "head":
                continue
            if operation is None:
                raise ImproperlyConfigured(f"{route.viewset.__name__} must describe its action {action}")
            if set(_groups(route.path)) != operation.path.keys():
                raise ImproperlyConfigured(f"{operation.name} must describe the path parameters of {route.path}")
            yield method, operation, places[operation.tag]

    def _operation(self, route: Route, method: str, operation: Operation) -> dict[str, Any]:
        grant = route.viewset.grants[route.actions[method]]
        public = grant is PUBLIC
        writes = method.upper() not in READING
        once = method == "post" and not public
        refusals = refusals_of(operation, public=public, writes=writes, once=once)
        refusals += [] if public else map(refusal_of, self.contract.refusals)
        documented: dict[str, Any] = {
            "operationId": operation.name,
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": operation.description,
            "parameters": self._parameters(operation, writes=writes, once=once),
            "requestBody": self._body(operation),
            "responses": {
                str(operation.answer.status): self._answer(operation.answer, once=once),
                **(self._not_modified() if operation.conditional and not writes else {}),
                **self._refusals(refusals),
            },
            "security": [] if public else [{name: []} for name in self.contract.security],
        }
        kept = ("security", "responses")
        return {key: value for key, value in documented.items() if value or key in kept}

    def _parameters(self, operation: Operation, *, writes: bool, once: bool) -> list[Any]:
        condition = "If-Match" if writes else "If-None-Match"
        headers = [condition] * operation.conditional + ["Idempotency-Key"] * once
        for name in headers:
            self.parameters[_camel(name)] = {"name": name, "in": "header", **REQUEST_HEADERS[name]}
        return [
            *(self._parameter(parameter, "path") for parameter in operation.path.values()),
            *(self._parameter(parameter, "query") for parameter in operation.query),
            *({"$ref": f"#/components/parameters/{_camel(name)}"} for name in headers),
        ]

    def _parameter(self, parameter: Parameter, place: str) -> dict[str, Any]:
        schema = self._resolved(parameter.shape)
        style = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
        return {
            "name": parameter.name,
            "in": place,
            "description": parameter.description,
            **({"required": True} if place == "path" or parameter.required else {}),
            **style,
            "schema": schema,
        }

    def _body(self, operation: Operation) -> dict[str, Any] | None:
        if operation.body is None:
            return None
        media = {"schema": self._resolved(operation.body), "examples": _examples(operation.body_examples)}
        return {"required": True, "content": {"application/json": _without_empty(media)}}

    def _answer(self, answer: Answer, *, once: bool) -> dict[str, Any]:
        headers = [*answer.headers, *["Idempotency-Replayed"] * once, *OF_EVERY_ANSWER]
        headers += self.contract.limit_headers
        media = {"schema": self._resolved(answer.shape), "examples": _examples(answer.examples)}
        content = {self.contract.wire.content_type: _without_empty(media)} if answer.shape else {}
        links = {
            link.operation: {"operationId": link.operation, "parameters": dict(link.parameters)}
            for link in answer.links
        }
        return _without_empty(
            {
                "description": answer.description,
                "headers": self._headers(headers),
                "content": content,
                "links": links,
            }
        )

    def _not_modified(self) -> dict[str, Any]:
        headers = self._headers(["ETag", *OF_EVERY_ANSWER])
        self.responses["NotModified"] = {
            "description": "The version is one that `If-None-Match` names.",
            "headers": headers,
        }
        return {"304": {"$ref": "#/components/responses/NotModified"}}

    def _refusals(self, refusals: Sequence[Refusal]) -> dict[str, Any]:
        by_status: dict[int, list[Refusal]] = {}
        for refusal in refusals:
            by_status.setdefault(self.contract.wire.status_of(refusal.problem), []).append(refusal)
        return {str(status): self._refusal(by_status[status]) for status in sorted(by_status)}

    def _refusal(self, refusals: Sequence[Refusal]) -> dict[str, Any]:
        """The response to one or several failures of one status; that to a single one has a name."""
        wire = self.contract.wire
        headers = dict.fromkeys(header for refusal in refusals for header in refusal.headers)
        if any(refusal.problem.kind == "rate_limited" for refusal in refusals):
            headers |= dict.fromkeys(self.contract.limit_headers)
        bodies = {refusal.name: wire.problem_body(refusal.problem) for refusal in refusals}
        response = {
            "description": " ".join(dict.fromkeys(map(self._described, refusals))),
            "headers": self._headers([*headers, *OF_EVERY_ANSWER]),
            "content": {
                wire.problem_content_type: {
                    "schema": self._resolved(self.contract.error),
                    "examples": _examples(bodies),
                }
            },
        }
        if len(refusals) > 1:
            return response
        self._keep(self.responses, refusals[0].name, response)
        return {"$ref": f"#/components/responses/{refusals[0].name}"}

    def _described(self, refusal: Refusal) -> str:
        return self.contract.failures.get(refusal.problem.kind, refusal.description)

    def _headers(self, names: Iterable[str]) -> dict[str, Any]:
        for name in names:
            self.headers[_camel(name)] = RESPONSE_HEADERS[name]
        return {name: {"$ref": f"#/components/headers/{_camel(name)}"} for name in names}

    def _resolved(self, shape: Any) -> Any:
        """The shape with a reference in place of each component, which is kept."""
        if isinstance(shape, Component):
            self._keep(self.schemas, shape.name, self._resolved(shape.shape))
            return {"$ref": f"#/components/schemas/{shape.name}"}
        if isinstance(shape, Mapping):
            return {key: self._resolved(value) for key, value in shape.items()}
        if isinstance(shape, list | tuple):
            return [self._resolved(value) for value in shape]
        return shape

    def _keep(self, components: dict[str, Any], name: str, component: Any) -> None:
        if components.setdefault(name, component) != component:
            raise ImproperlyConfigured(f"Two different components are called {name}")


def _groups(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _examples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


def _camel(header: str) -> str:
    return header.replace("-", "")


def _sorted(components: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(components.items()))


def _without_empty(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value}
