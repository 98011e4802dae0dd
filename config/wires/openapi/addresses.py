"""Where a wire's document is, and the page that shows it. Both are for everybody and hold nothing of anybody's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Final

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, re_path
from django.views.decorators.http import condition

from config.wires.openapi.document import Contract, document_of
from config.wires.problems import Problem

# A program may keep the document for a while; after that it asks whether there is a newer one.
CACHE_CONTROL: Final = "public, max-age=300"

# The page loads its own files and asks its own server. Swagger UI draws some icons from data.
PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def document_addresses(contract: Contract) -> list[URLPattern]:
    """``openapi.json`` and ``docs`` below the wire's prefix."""
    prefix = contract.wire.prefix.lstrip("/")
    shelf = _Shelf(contract)
    return [
        re_path(rf"^{prefix}openapi\.json/?\Z", shelf.document),
        re_path(rf"^{prefix}docs/?\Z", shelf.page),
    ]


class _Shelf:
    """The document and the page of one wire, each made when it is first asked for and kept while the process lives."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    @cached_property
    def _document(self) -> bytes:
        return orjson.dumps(document_of(self.contract))

    @cached_property
    def _page(self) -> bytes:
        wire = self.contract.wire
        context = {"title": self.contract.title, "document": f"{wire.prefix}openapi.json"}
        return render_to_string("openapi/docs.html", context).encode()

    def document(self, request: HttpRequest) -> HttpResponseBase:
        return self._answer(request, lambda: self._document, "application/json")

    def page(self, request: HttpRequest) -> HttpResponseBase:
        response = self._answer(request, lambda: self._page, "text/html; charset=utf-8")
        response["Content-Security-Policy"] = PAGE_POLICY
        return response

    def _answer(self, request: HttpRequest, content: Callable[[], bytes], content_type: str) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            refusal = Problem(kind="method_not_allowed", status=405)
            return self.contract.wire.refuse(refusal, {"Allow": "GET, HEAD"})
        body = content()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'

        def whole(request: HttpRequest) -> HttpResponse:
            return HttpResponse(body, content_type=content_type, headers={"Cache-Control": CACHE_CONTROL})

        return condition(etag_func=lambda request: tag)(whole)(request)
