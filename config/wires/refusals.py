"""Failures outside any view: unknown addresses, refused hosts, broken transactions. Decided by the path's prefix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views import defaults

from accounts import rates
from accounts.authentication import Authority
from accounts.exceptions import Forbidden, NotAuthenticated, TooManyAttempts
from config.wires.base import Wire
from config.wires.problems import Problem, current_problem, problem_from


class Refusals:
    """Django's error handlers in the words of the wire whose prefix the path has, in Django's own pages elsewhere."""

    def __init__(self, wires: Sequence[Wire]) -> None:
        """``wires`` in the order they are tried."""
        self.wires = tuple(wires)

    def bad_request(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        wire = self._wire(request)
        if wire is None:
            return defaults.bad_request(request, exception)
        return _refused(wire, request, problem_from(exception))

    def forbidden(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        wire = self._wire(request)
        if wire is None:
            return defaults.permission_denied(request, exception)
        return _refused(wire, request, problem_from(exception))

    def not_found(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        wire = self._wire(request)
        if wire is None:
            return defaults.page_not_found(request, exception)
        return _refused(wire, request, Problem(kind="no_route", status=404))

    def server_error(self, request: HttpRequest, *args: Any) -> HttpResponse:
        """Also where a commit that failed ends up: the database is away, and that passes."""
        problem = current_problem()
        wire = self._wire(request)
        if wire is not None:
            return wire.refuse(problem)
        response = defaults.server_error(request)
        if problem.status == 503:
            response.status_code = 503
            response["Retry-After"] = problem.headers["Retry-After"]
        return response

    def _wire(self, request: HttpRequest) -> Wire | None:
        # However many slashes a client joined its base address with.
        path = f"/{request.path_info.lstrip('/')}/"
        return next((wire for wire in self.wires if path.startswith(wire.prefix)), None)


def _refused(wire: Wire, request: HttpRequest, problem: Problem) -> HttpResponse:
    """The refusal, counted for whoever asks; one that comes too often, or without a plan that allows any, is refused as that."""
    try:
        wire.count(request, _authority(wire, request))
    except (Forbidden, TooManyAttempts) as error:
        problem = problem_from(error)
    return wire.refuse(problem)


def _authority(wire: Wire, request: HttpRequest) -> Authority | None:
    """Who asks, None for a stranger: an address that is not there is told as that to both."""
    if "Authorization" not in request.headers or rates.counted(request) is not None:
        return None
    try:
        return wire.authenticate(request)
    except (NotAuthenticated, DatabaseError):
        return None
