"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

# One household or one rented server has this much of IPv6 to itself.
_IPV6_NETWORK = 64


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


# Reading an address takes longer than everything else that is counted by it.
@lru_cache(maxsize=1_024)
def client_network(address: str) -> str:
    """Whom what comes from an address is counted for: the IPv4 address itself, the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
