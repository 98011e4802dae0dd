"""``manage.py export_contacts``: who is in the file, where it goes, and what is said about it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.exporting.formats import Writer, writer_of
from contacts.exporting.workbooks import WorkbookWriter
from contacts.models import Contact
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.consenting import Statement, record_consents
from tests.exports import exported
from tests.worlds import MOMENT, World


def numbers(world: World, *options: str) -> list[int]:
    """Which of the world's contacts are in an export, counted from 1."""
    places = {str(contact.uuid): place for place, contact in enumerate(world.contacts, 1)}
    return [places[json.loads(line)["uuid"]] for line in exported(world, "json", *options).data.splitlines()]


def refusal(world: World, *options: str, **streams: Any) -> str:
    arguments = ("--organization", world.organization.slug, "--format", "json", *options)
    with pytest.raises(CommandError) as refused:
        call_command("export_contacts", *arguments, **streams)
    return str(refused.value)


FILTERS: dict[tuple[str, ...], list[int]] = {
    (): [1, 2, 3, 4, 5, 6],
    ("--type", "CLIENT"): [3],
    ("--type", "CLIENT", "--type", "LEAD"): [1, 2, 3, 4, 5, 6],
    ("--status", "DO_NOT_CONTACT"): [6],
    ("--stage", "applicant"): [5],
    ("--role", "prospect", "--stage", "applicant"): [5],
    ("--role", "tenant"): [],
    ("--source", "website {canary}"): [1],
    ("--tag", "vip"): [1, 2],
    ("--tag", "vip", "--tag", "tag {canary}"): [1],
    ("--assigned-to", "Agent@{slug}.example"): [1, 2],
    ("--assigned-to", "admin@{slug}.example"): [1],
    ("--search", "évelyne OSTLUND"): [5],
    ("--search", "555 123 4567"): [1],
    ("--tag", "vip", "--search", "bob"): [2],
    ("--created-to", "1999-12-31"): [],
    ("--created-from", "2000-01-01", "--created-to", "9999-12-30"): [1, 2, 3, 4, 5, 6],
    ("--contactable", "email"): [1, 2, 3, 4, 5],
}


def test_all_filters_together_say_who_is_in_it(north: World, south: World):
    words = {"canary": north.canary, "slug": "north"}
    found = {filters: numbers(north, *(text.format(**words) for text in filters)) for filters in FILTERS}
    assert found == FILTERS


def test_days_and_seconds_are_in_it_whole_and_on_the_organizations_clock(north: World):
    with north.scope():
        Organization.objects.update(time_zone="Asia/Tokyo")
        # Ten to midnight in Tokyo, and ten past.
        for contact, minute in ((north.contacts[0], "14:50:30.7"), (north.contacts[1], "15:10")):
            Contact.objects.filter(pk=contact.pk).update(created_at=f"2026-03-02T{minute}+00:00")
    assert numbers(north, "--created-from", "2026-03-02", "--created-to", "2026-03-02") == [1]
    assert numbers(north, "--created-from", "2026-03-03", "--created-to", "2026-03-03") == [2]
    assert numbers(north, "--created-from", "2026-03-02T14:50:30Z", "--created-to", "2026-03-02T14:50:30Z") == [1]
    assert numbers(north, "--created-from", "2026-03-03 00:10", "--created-to", "2026-03-03 00:10") == [2]


def say(world: World, place: int, medium: str, *, is_given: bool = False, minute: int = 0) -> Statement:
    contact_id = world.contacts[place].pk
    stated_at = MOMENT + timedelta(minutes=minute)
    return Statement(contact_id=contact_id, medium=medium, is_given=is_given, words="said", stated_at=stated_at)


def test_who_objected_is_in_it_and_says_so_and_is_kept_out_where_a_medium_is_asked_for(north: World, south: World):
    jane, bob, _, delta, *_ = north.contacts
    with north.scope():
        actor = north.actor()
        statements = [
            say(north, 2, "sms"),
            say(north, 0, "whatsapp"),
            say(north, 0, "whatsapp", is_given=True, minute=5),
            say(north, 4, "telegram"),
        ]
        record_consents(statements, actor=actor)
        # Carol's telephone, on others: one of several, and the only one of somebody who agreed later.
        update_contact(delta, ContactDraft(further_phones=(PhoneDraft(phone="+15551230003"),)), actor=actor)
        update_contact(bob, ContactDraft(phone="(555) 123-0003"), actor=actor)
        record_consents([say(north, 1, "sms", is_given=True, minute=9)], actor=actor)
        # An objection outlives the contact it was written on.
        gone = create_contact(ContactDraft(email="jane.else@example.com", last_name="Else"), actor=actor)
        record_consents([replace(say(north, 0, "email"), contact_id=gone.pk)], actor=actor)
        delete_contact(gone, actor=actor)
        update_contact(jane, ContactDraft(further_emails=(EmailDraft(email="Jane.Else@example.com"),)), actor=actor)
    lines = [json.loads(line) for line in exported(north, "json").data.splitlines()]
    closed = [line["do_not_contact_by"] for line in lines]
    every = ["email", "sms", "whatsapp", "telegram"]
    assert closed == [["email"], [], ["sms"], ["sms"], ["telegram"], every]
    for medium in every:
        is_open = [place for place, media in enumerate(closed, 1) if medium not in media]
        assert numbers(north, "--contactable", medium) == is_open
        assert numbers(south, "--contactable", medium) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--tag", "vipp", "--tag", "vip"), "tag: there is no tag 'vipp'."),
        (("--source", "nowhere"), "source: there is no source 'nowhere'."),
        (
            ("--assigned-to", "owner@south.example"),
            "assigned_to: the organization has no member with the e-mail address 'owner@south.example'.",
        ),
        (("--tag", "a", "--source", "b"), "tag: there is no tag 'a'. source: there is no source 'b'."),
        (
            ("--created-from", "yesterday"),
            "--created-from: 'yesterday' is no day or moment like 2026-01-31 or 2026-01-31T12:00Z.",
        ),
        (
            ("--created-to", "9999-12-31"),
            "--created-to: '9999-12-31' is no day or moment like 2026-01-31 or 2026-01-31T12:00Z.",
        ),
        (("--output", "/nowhere/at/all"), "The contacts cannot be written: No such file or directory."),
        (("--output", "/dev/null"), "--output: '/dev/null' is no file."),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(north: World, south: World, options: tuple[str, ...], sentence: str):
    assert refusal(north, *options) == sentence


@pytest.mark.parametrize("option", ["--type", "--status", "--stage", "--role", "--contactable", "--format"])
def test_a_value_outside_of_a_closed_list_is_refused_with_the_list(north: World, option: str):
    assert "invalid choice: 'x' (choose from" in refusal(north, option, "x")


def test_a_file_has_the_contacts_and_standard_output_the_summary(north: World, south: World, tmp_path: Path):
    file, stdout = tmp_path / "contacts.json", io.StringIO()
    file.write_text("older")
    arguments = ("--organization", "north", "--format", "json", "--output", str(file))
    call_command("export_contacts", *arguments, stdout=stdout)
    summary = json.loads(stdout.getvalue())
    assert file.read_bytes() == exported(north, "json").data
    assert summary.pop("seconds") >= 0
    assert summary == {"contacts": 6, "bytes": file.stat().st_size}
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("format_name", ["json", "xlsx"])
def test_an_export_that_breaks_leaves_the_file_of_before(
    north: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_name: str
):
    writer = writer_of(format_name)
    monkeypatch.setattr(writer, "slice_size", 2)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    written = writer.add

    def breaks(self: Writer, keys: Any) -> bytes:
        if self.contacts == 4:
            raise OSError(28, "No space left on device")
        return written(self, keys)

    monkeypatch.setattr(writer, "add", breaks)
    file = tmp_path / "contacts"
    file.write_text("older")
    said = refusal(north, "--format", format_name, "--output", str(file))
    assert said == "The contacts cannot be written: No space left on device."
    assert file.read_text() == "older"
    assert list(tmp_path.iterdir()) == [file]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_no_workbook(north: World):
    said = refusal(north, "--format", "xlsx", stdout=Terminal())
    assert said == "A terminal cannot show the format xlsx: say --output FILE."


def test_no_more_contacts_than_a_workbook_has_rows(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(WorkbookWriter, "most", 5)
    said = refusal(north, "--format", "xlsx")
    assert said == "format: a file of this format holds at most 5 contacts, and these are 6."


@pytest.mark.parametrize("format_name", ["csv", "xlsx", "json", "winnerr", "rentalot", "estateprime"])
def test_a_slice_costs_the_same_statements_however_many_contacts_are_in_it(north: World, format_name: str):
    def statements(size: int) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer_of(format_name), "slice_size", size)
            with CaptureQueriesContext(connection) as captured:
                exported(north, format_name)
        return len(captured)

    once, twice, thrice = statements(6), statements(3), statements(2)
    assert thrice - twice == twice - once
    # The contacts, and for two of the wires the organization's id and clock.
    own = 2 if format_name in {"winnerr", "estateprime"} else 1
    # On PostgreSQL, the unit of work is a savepoint and its end here, and the organization is set before and after.
    assert twice - once == own + (4 if connection.vendor == "postgresql" else 0)
