"""Asking Twilio for the messages it keeps, for those that it could not bring (RELIABILITY 3.3)."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

# Twilio's most; a page of them is some 600 kB.
PAGE_SIZE: Final = 1000
# A million messages: whoever leads on longer leads in circles.
MOST_PAGES: Final = 1000
LARGEST_PAGE: Final = 16 * 1024 * 1024
ATTEMPTS: Final = 4
# Seconds: before the second attempt, doubled before each further one, and the most a provider may ask for.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


class ListingFailed(Exception):
    """The list could not be had. The text is a sentence for an operator, and holds nothing of what was answered."""


class _TryAgain(Exception):
    """What may pass: the provider was away, too busy, or broke off. ``pause`` is what it asks for, None for nothing."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class MessageList:
    """The messages of one account since a moment. ``secrets`` are tried in their order; ``base`` is the API's address."""

    def __init__(self, *, base: str, account: str, secrets: Sequence[str], timeout: float) -> None:
        self._base = httpx.URL(base.rstrip("/") + "/")
        if self._base.scheme != "https" and not _is_loopback(self._base.host):
            raise ListingFailed("The provider's API is asked over https:// only: the auth token is sent to it.")
        self._account, self._secrets, self._timeout = account, list(secrets), timeout

    def pages(self, since: datetime) -> Iterator[list[dict[str, Any]]]:
        """The messages page by page, the newest first, as the API describes them. Raises ``ListingFailed``."""
        address: httpx.URL | None = self._first_page(since)
        seen: set[httpx.URL] = set()
        # A proxy of the environment is for the way out, not for this machine.
        with httpx.Client(timeout=self._timeout, trust_env=not _is_loopback(self._base.host)) as client:
            while address is not None:
                if address in seen or len(seen) >= MOST_PAGES:
                    raise ListingFailed("The provider's list leads in circles.")
                seen.add(address)
                page = self._page(client, address)
                yield _messages_of(page)
                address = self._next_page(page)

    def _first_page(self, since: datetime) -> httpx.URL:
        path = f"2010-04-01/Accounts/{quote(self._account, safe='')}/Messages.json"
        # The name of this parameter ends with the sign.
        sent = {"DateSent>": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "PageSize": str(PAGE_SIZE)}
        return self._base.join(path).copy_merge_params(sent)

    def _next_page(self, page: dict[str, Any]) -> httpx.URL | None:
        """Where the list goes on, None at its end. Never to another place, which would be sent the auth token."""
        following = page.get("next_page_uri")
        if following in (None, ""):
            return None
        try:
            address = self._base.join(following)
        except (httpx.InvalidURL, TypeError, ValueError) as error:
            raise ListingFailed("The provider's list goes on at an address that is none.") from error
        if _origin(address) != _origin(self._base) or address.userinfo:
            raise ListingFailed("The provider's list goes on at another host; it was not followed.")
        return address

    def _page(self, client: httpx.Client, address: httpx.URL) -> dict[str, Any]:
        pause = _FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._fetched(client, address)
            except _TryAgain as error:
                if attempt == ATTEMPTS:
                    raise ListingFailed(f"The provider's API failed {ATTEMPTS} times, at last: {error}.") from error
                time.sleep(pause if error.pause is None else error.pause)
                pause *= 2
        raise ListingFailed("The provider's API was not asked.")

    def _fetched(self, client: httpx.Client, address: httpx.URL) -> dict[str, Any]:
        """One page with the first secret that is accepted; a provider knows one of two while they change."""
        while True:
            try:
                status, headers, body = _answer(client, address, (self._account, self._secrets[0]))
            except httpx.TimeoutException as error:
                raise _TryAgain("no answer in time") from error
            except httpx.HTTPError as error:
                raise _TryAgain(f"no connection ({type(error).__name__})") from error
            if status != 401 or len(self._secrets) == 1:
                return _document(status, headers, body)
            del self._secrets[0]


def _answer(client: httpx.Client, address: httpx.URL, login: tuple[str, str]) -> tuple[int, httpx.Headers, bytes]:
    with client.stream("GET", address, auth=login, headers={"Accept": "application/json"}) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_PAGE:
                raise ListingFailed("The provider's API answered with more than a page of messages can be.")
        return response.status_code, response.headers, bytes(body)


def _document(status: int, headers: httpx.Headers, body: bytes) -> dict[str, Any]:
    if status == 429 or status >= 500:
        raise _TryAgain(f"status {status}", _pause_of(headers.get("Retry-After", "")))
    if status in (401, 403):
        raise ListingFailed(f"The provider's API refused the account's SID and auth token (status {status}).")
    if status != 200:
        raise ListingFailed(f"The provider's API answered with status {status}; is the account's SID right?")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ListingFailed("The provider's API answered with something that is no JSON.") from error
    if not isinstance(document, dict):
        raise ListingFailed("The provider's API answered with something that is no list of messages.")
    return document


def _messages_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    messages = page.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ListingFailed("The provider's API answered with something that is no list of messages.")
    return messages


def _pause_of(retry_after: str) -> float | None:
    """Seconds; a date, which the header may hold too, counts as nothing said."""
    digits = retry_after.strip()
    return min(float(digits), _LONGEST_PAUSE) if digits.isascii() and digits.isdigit() else None


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
