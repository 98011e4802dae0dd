"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's network address, as far as we may believe it.

    ``ALLAUTH_TRUSTED_PROXY_COUNT`` proxies of ours each append the address they saw to ``X-Forwarded-For``; everything before
    those is the caller's own claim and is not used. With no proxy the header is ignored.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    count: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if count == 0:
        return direct
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return forwarded[-count] if len(forwarded) >= count else direct
