"""A real Chromium against a live server; left out, with the reason, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import Member
from tests.worlds import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.nodeid.split("/"):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium is installed (make setup-browser)"))


class Watched:
    """A page, and whatever went wrong behind it: foreign requests, errors on the console, failed answers."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.faults: list[str] = []
        page.on("request", self._see_request)
        page.on("console", self._see_message)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("response", lambda answer: self._see_status(answer.status, answer.url))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.origin}{path}", wait_until="networkidle")
        return self.page

    def log_in(self, member: Member) -> Page:
        page = self.open("/admin/")
        page.fill("input[name=login]", member.user.email)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{self.origin}/admin/")
        return page

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:")):
            self.faults.append(f"outside: {request.url}")

    def _see_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _see_status(self, status: int, url: str) -> None:
        if status >= 400:
            self.faults.append(f"{status}: {url}")


@pytest.fixture
def watched(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A browser of its own. Anything that went wrong behind the page fails the test."""
    # Playwright's event loop runs in this thread until the browser is closed, so no other test meets it; what this test
    # asks the database meanwhile is not concurrent with anything.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        # Without its sandbox, which containers and root cannot set up: the only pages are our own.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(10_000)
        window = Watched(context.new_page(), live_server.url)
        yield window
        chromium.close()
        # Beside a running loop this thread has a second connection, which would keep the database from being dropped.
        connections.close_all()
    assert window.faults == []
