"""The contact list's export: what the list shows, as a file, for those who may."""

from __future__ import annotations

import csv
import io
import logging
import re
from html import unescape
from logging.handlers import BufferingHandler
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.admin.contacts import ContactAdmin
from contacts.admin.exporting import ExportingMixin
from contacts.drafts import ContactDraft
from contacts.exporting.formats import FORMATS
from contacts.exporting.tables import CsvWriter
from contacts.models import Source, Tag
from contacts.services import create_contact, delete_contact, update_contact
from tests.dashboard import CONTACTS, browser_of
from tests.exports import exported
from tests.worlds import World

CSV = f"{CONTACTS}export/csv/"


def bytes_of(browser: Client, path: str, query: dict[str, Any] | None = None) -> bytes:
    response = browser.get(path, query)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]  # of a streamed response


def numbers_of(world: World, data: bytes) -> list[int]:
    """Which of the world's contacts are in a table, counted from 1."""
    places = {str(contact.uuid): place for place, contact in enumerate([*world.contacts, world.deleted], 1)}
    return [places[row["ID"]] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def test_the_file_is_that_of_the_command_in_the_order_of_the_list(north: World, south: World):
    browser = browser_of(north.owner)
    response = browser.get(f"{CONTACTS}export/json/")
    today = timezone.localdate().isoformat()
    assert response["Content-Disposition"] == f'attachment; filename="contacts-north-{today}.jsonl"'
    assert response["Content-Type"] == "application/x-ndjson"
    lines = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]  # of a streamed response
    assert lines[::-1] == exported(north, "json").data.splitlines()


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_is_in_the_menu_and_is_what_the_command_writes(north: World, format_name: str):
    browser = browser_of(north.admin)
    assert f'href="{CONTACTS}export/{format_name}/"' in browser.get(CONTACTS).content.decode()
    # In an order both can be asked for: by one contact.
    found = bytes_of(browser, f"{CONTACTS}export/{format_name}/", {"q": "jane"})
    written = exported(north, format_name, "--search", "jane").data
    assert found == written or (format_name == "xlsx" and len(found) > 5_000)


def test_the_menu_has_the_formats_there_are():
    (menu,) = ExportingMixin.actions_list
    assert [name.removeprefix("export_") for name in menu["items"]] == list(FORMATS)


def test_the_buttons_lead_to_what_the_list_shows(north: World, south: World):
    browser = browser_of(north.owner)
    query = {"type": "LEAD", "q": north.canary, "o": "1", "contactable": "email"}
    page = browser.get(CONTACTS, query).content.decode()
    shown = [int(key) for key in re.findall(r"/admin/contacts/contact/(\d+)/change/", page)]
    (address,) = set(re.findall(r'href="(/admin/contacts/contact/export/csv/[^"]*)"', page))
    by_key = {contact.pk: place for place, contact in enumerate(north.contacts, 1)}
    expected = [by_key[key] for key in dict.fromkeys(shown)]
    assert len(expected) == 4
    assert numbers_of(north, bytes_of(browser, unescape(address))) == expected


def test_those_who_may_are_owners_and_admins(north: World, south: World):
    may = {
        member.role: (browser_of(member).get(CSV).status_code, CSV in browser_of(member).get(CONTACTS).content.decode())
        for member in north.members
    }
    assert may == {"owner": (200, True), "admin": (200, True), "agent": (403, False), "viewer": (403, False)}
    assert Client().get(CSV).status_code == 302


def test_deleted_contacts_are_in_no_file(north: World, south: World):
    browser = browser_of(north.owner)
    assert browser.get(CSV, {"state": "deleted"}).status_code == 403
    assert CSV not in browser.get(CONTACTS, {"state": "deleted"}).content.decode()
    assert 7 not in numbers_of(north, bytes_of(browser, CSV))


def test_what_is_no_filter_of_the_list_is_none_of_the_file(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ContactAdmin, "list_per_page", 2)
    browser = browser_of(north.owner)
    assert browser.get(CSV, {"email__startswith": "a"}).status_code == 400
    assert browser.get(CSV, {"p": "99"})["Location"] == f"{CONTACTS}?e=1"


@pytest.mark.parametrize(
    "query",
    [
        "contactable=bogus",
        "tag=nosuch",
        "tag=0",
        "type=BOGUS",
        "status=x",
        "score=1",
        "source=x",
        "assignee=x",
        "state=x",
    ],
)
def test_a_value_that_nobody_can_have_is_nobody_and_not_everybody(north: World, south: World, query: str):
    browser = browser_of(north.owner)
    assert numbers_of(north, bytes_of(browser, f"{CSV}?{query}")) == []
    page = browser.get(f"{CONTACTS}?{query}")
    assert (page.status_code, re.findall(r"/admin/contacts/contact/\d+/change/", page.content.decode())) == (200, [])


def test_a_filter_without_choices_still_leaves_out_whom_it_is_to(north: World, south: World):
    with north.scope():
        Source.objects.all().delete()
        Tag.objects.all().delete()
    browser = browser_of(north.owner)
    assert [numbers_of(north, bytes_of(browser, f"{CSV}?{name}=x")) for name in ("tag", "source")] == [[], []]


def test_a_filter_there_is_not_leaves_no_traceback_in_the_log(north: World):
    logger = logging.getLogger("django.security.DisallowedModelAdminLookup")
    handler = BufferingHandler(capacity=10)
    logger.addHandler(handler)
    try:
        assert browser_of(north.owner).get(CSV, {"email__startswith": "a"}).status_code == 400
    finally:
        logger.removeHandler(handler)
    assert handler.buffer == []


def test_whatever_is_written_meanwhile_each_contact_is_in_the_file_once(
    north: World, south: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(CsvWriter, "slice_size", 2)
    response = browser_of(north.owner).get(CSV)
    pieces = iter(response.streaming_content)  # type: ignore[attr-defined]  # of a streamed response
    data = next(pieces) + next(pieces)
    assert numbers_of(north, data) == [6, 5]
    with north.scope():
        actor = north.actor()
        create_contact(ContactDraft(full_name="Late"), actor=actor)
        delete_contact(north.contacts[2], actor=actor)
        update_contact(north.contacts[0], ContactDraft(full_name="Jane Renamed"), actor=actor)
        update_contact(north.contacts[5], ContactDraft(full_name="Frank Renamed"), actor=actor)
    data += b"".join(pieces)
    assert numbers_of(north, data) == [6, 5, 4, 2, 1]
    assert b"Jane Renamed" in data
    assert b"Frank Renamed" not in data


def test_who_took_out_how_many_is_in_the_log_and_nothing_about_anybody(
    north: World, south: World, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO, "latchkey.exports"):
        bytes_of(browser_of(north.admin), CSV, {"q": "jane", "status": "ACTIVE"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "latchkey.exports"]
    assert line == (
        f"organization {north.organization.pk}: 1 of 1 chosen contacts exported as csv by member {north.admin.pk},"
        " filtered by q, status"
    )
