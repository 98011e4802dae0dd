"""The dashboard as a browser sees it: log in, read a form out of a page, send it back."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from accounts.models import Member
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, RelatedPersonDraft
from contacts.models import Contact
from contacts.services import create_contact
from contacts.services.custom_fields import create_field
from tests.worlds import World

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
            value = given.get("value", "on" if kind == "checkbox" else "")
            # An input has a single line; the standard makes one of any value.
            self.data[name] = value if kind == "hidden" else value.replace("\r", "").replace("\n", "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.data[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # Browsers leave out the line break behind the opening tag.
            text = self.data[self._textarea].replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.data[self._textarea] = text.replace("\n", "\r\n")
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


LINES = "one\ntwo\r\nthree\rfour"
CUSTOM = ("text", "textarea", "wysiwyg", "address", "phone")


def contact_of_many_lines(world: World) -> Contact:
    """A contact with several lines in everything that a program may have written them to."""
    fields = {kind: create_field(f"My {kind}", kind, actor=world.actor()) for kind in CUSTOM}
    draft = ContactDraft(
        first_name=LINES,
        last_name=LINES,
        company_name=LINES,
        email="lines@example.com",
        email_label=LINES,
        email_note=LINES,
        phone="1\n2",
        phone_label=LINES,
        phone_note=LINES,
        street=LINES,
        source=LINES,
        referral_source=LINES,
        channel_preference=LINES,
        language="e\nn",
        notes=LINES,
        preferences=PreferencesDraft(communication_method=LINES, property_types=("a  b", LINES), locations=(LINES,)),
        tags=(LINES, "two  blanks"),
        further_emails=(EmailDraft(email="more@example.com", label=LINES, note=LINES),),
        further_phones=(PhoneDraft(phone="3\n4", label=LINES, note=LINES),),
        related_people=(RelatedPersonDraft(first_name=LINES, last_name=LINES, mobile="5\n6", notes=LINES),),
        custom_values={field.number: "7\n8\r\n9" for field in fields.values()},
    )
    return create_contact(draft, actor=world.actor())
