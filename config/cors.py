"""Whether pages of other origins may read the wires' answers (CONTRACTS W-S27)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from accounts import rates
from accounts.middleware import is_on_a_wire

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class WireCorsMiddleware(CorsMiddleware):
    """django-cors-headers, for the wires alone, and not there at all unless ``CORS_ALLOWED_ORIGINS`` says something.

    No cookie is involved: a page shows the bearer token it has. OPTIONS is answered here, before anybody asks who
    calls, also where there is nothing: otherwise a page could not read the 404.
    """

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not (settings.CORS_ALLOW_ALL_ORIGINS or settings.CORS_ALLOWED_ORIGINS):
            raise MiddlewareNotUsed
        super().__init__(get_response)
        self._answer = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_on_a_wire(request.path_info):
            return self._answer(request)
        response = _options(request) if request.method == "OPTIONS" else self._answer(request)
        return self.add_response_headers(request, response)

    def is_enabled(self, request: HttpRequest) -> bool:
        return True


def _options(request: HttpRequest) -> HttpResponse:
    # Counted and never refused: it does no work, and a page cannot read a refusal of it.
    rates.count(request)
    response = HttpResponse(status=204)
    del response["Content-Type"]
    allowed = _methods_at(request.path_info)
    if allowed:
        response["Allow"] = ", ".join(allowed)
    return response


def _methods_at(path: str) -> list[str]:
    """The methods a route answers, none where there is no route."""
    try:
        actions = {method.upper() for method in getattr(resolve(path).func, "actions", ())}
    except Resolver404:
        return []
    if "GET" in actions:
        actions.add("HEAD")
    return [method for method in METHODS if method in actions or method == "OPTIONS"]
