"""The dashboard as a browser sees it: log in, read a form out of a page, send it back."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from accounts.models import Member

CONTACTS = "/admin/contacts/contact/"


def browser_of(member: Member) -> Client:
    """A browser in which the member is logged in."""
    browser = Client()
    browser.force_login(member.user)
    return browser


class _Fields(HTMLParser):
    """What a browser would send for the form with an id, untouched."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.is_inside = False
        self.data: dict[str, Any] = {}
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = given.get("id") == self.form_id
        elif not self.is_inside:
            return
        elif tag == "input":
            self._take_input(given, attrs)
        elif tag == "textarea":
            self._textarea = given.get("name", "")
            self.data[self._textarea] = ""
        elif tag == "select":
            self._select = given.get("name", "")
            self.data.setdefault(self._select, [] if "multiple" in given else "")
        elif tag == "option" and self._select and "selected" in given:
            chosen = given.get("value", "")
            several = self.data[self._select]
            self.data[self._select] = [*several, chosen] if isinstance(several, list) else chosen

    def _take_input(self, given: dict[str, str], attrs: list[tuple[str, str | None]]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        is_checked = any(attribute == "checked" for attribute, _ in attrs)
        if name and kind not in ("submit", "button") and (kind not in ("checkbox", "radio") or is_checked):
            self.data[name] = given.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.data[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # Browsers leave out the line break behind the opening tag.
            self.data[self._textarea] = self.data[self._textarea].removeprefix("\r\n").removeprefix("\n")
            self._textarea = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self.is_inside = False


def fields_of(response: Any, form_id: str) -> dict[str, Any]:
    """The values of a page's form as they would be sent back."""
    fields = _Fields(form_id)
    fields.feed(response.content.decode())
    return {name: value for name, value in fields.data.items() if "__prefix__" not in name}


def text_of(response: Any) -> str:
    """The words of a page, without tags, blanks made single."""
    words = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


def add_row(data: dict[str, Any], prefix: str, **values: Any) -> dict[str, Any]:
    """The form with one more child row, as the page's "add another" makes it."""
    number = int(data[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{number}-{name}": value for name, value in values.items()}
    return {**data, f"{prefix}-TOTAL_FORMS": number + 1, **row}
