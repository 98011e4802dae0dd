"""What browsers may do with our answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from accounts.middleware import is_for_programs

# The dashboard's interactive parts are Alpine.js, which evaluates expressions in attributes; nothing is loaded from
# anywhere else, and no script stands in a page.
FOR_BROWSERS: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
FOR_PROGRAMS: Final = "default-src 'none'; frame-ancestors 'none'"


class ContentSecurityPolicyMiddleware:
    """A policy on every answer, errors included; a view that set its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = FOR_PROGRAMS if is_for_programs(request.path) else FOR_BROWSERS
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
