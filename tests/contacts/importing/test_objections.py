"""Who said stop is left alone wherever their contact goes: objections survive an export and an import."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.exceptions import FieldError, Invalid
from contacts.drafts import ContactDraft
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.importing.outcomes import Fate
from contacts.models import Consent, Contact, ContactStatus, Medium
from contacts.services import create_contact, update_contact, update_contacts
from contacts.services.consenting import Statement, record_consents
from contacts.services.objecting import SAID_ELSEWHERE
from tests import importing
from tests.contacts.importing.test_import_command import ended
from tests.exports import exported
from tests.worlds import MOMENT, World

SUFFIXES = {"json": ".jsonl", "csv": ".csv", "xlsx": ".xlsx", "vcard": ".vcf"}
EVERY = ["email", "sms", "whatsapp", "telegram"]
TOLD = {
    "quiet@new.example": ["telegram"],
    "silent@new.example": ["email", "sms"],
    "closed@new.example": EVERY,
    "open@new.example": [],
}


def person(email: str, **said: Any) -> ContactDraft:
    return ContactDraft(email=email, first_name=email.partition("@")[0].capitalize(), tags=("moving",), **said)


def say(world: World, contact: Contact, *media: str, is_given: bool = False) -> None:
    """What the contact said of media in the world's scope, before anything that is written now."""
    statements = [
        Statement(contact_id=contact.pk, medium=medium, is_given=is_given, words="said", stated_at=MOMENT)
        for medium in media
    ]
    record_consents(statements, actor=world.actor())


def told(world: World, *options: str) -> dict[str, list[str]]:
    """By the e-mail of those who move, the media their export names."""
    lines = exported(world, "json", "--tag", "moving", *options).data.splitlines()
    return {document["email"]: document["do_not_contact_by"] for document in map(json.loads, lines)}


def objections(world: World) -> list[tuple[str, str, bool, str, str]]:
    """Address, medium, whether given, words and who for everything said of those who move, inside the world's scope."""
    said = Consent.objects.filter(contact__tags__name="moving").order_by("id")
    return list(said.values_list("contact__email", "medium", "is_given", "words", "actor_label"))


def moving(world: World, path: Path, format_name: str) -> Path:
    """A file of people of whom some said stop."""
    with world.scope():
        # Made by nobody in particular: whoever it was is no member where the file goes.
        nobody = replace(world.actor(), member_id=None)
        for email, media in TOLD.items():
            is_closed = media == EVERY
            status = ContactStatus.DO_NOT_CONTACT if is_closed else ContactStatus.ACTIVE
            contact = create_contact(person(email, status=status), actor=nobody)
            say(world, contact, *([] if is_closed else media))
    assert told(world) == TOLD
    file = path / f"people{SUFFIXES[format_name]}"
    file.write_bytes(exported(world, format_name, "--tag", "moving").data)
    return file


@pytest.mark.parametrize("format_name", SUFFIXES)
def test_who_said_stop_is_left_alone_where_the_file_goes(north: World, south: World, tmp_path: Path, format_name: str):
    file = moving(north, tmp_path, format_name)
    assert ended(south, file).counts == (4, 0, 0, 0, 4)
    assert told(south) == TOLD
    for medium in Medium.values:
        reached = {email for email, media in TOLD.items() if medium not in media}
        assert told(south, "--contactable", medium).keys() == reached
    with south.scope():
        # What follows from the status is nothing anybody said.
        assert sorted(row[:4] for row in objections(south)) == [
            ("quiet@new.example", "telegram", False, SAID_ELSEWHERE),
            ("silent@new.example", "email", False, SAID_ELSEWHERE),
            ("silent@new.example", "sms", False, SAID_ELSEWHERE),
        ]


@pytest.mark.parametrize("policy", [OnDuplicate.SKIP, OnDuplicate.FILL, OnDuplicate.UPDATE])
def test_of_who_is_there_already_the_objection_is_kept_and_told_once(north: World, policy: OnDuplicate):
    drafts = [
        person("here@new.example", do_not_contact_by=("email", "telegram")),
        person("here@new.example", do_not_contact_by=("telegram", "sms")),
        person("new@new.example", do_not_contact_by=("sms",)),
        person("shut@new.example", do_not_contact_by=("sms",)),
    ]
    with north.scope():
        here = create_contact(person("here@new.example"), actor=north.actor())
        create_contact(person("shut@new.example", status="DO_NOT_CONTACT"), actor=north.actor())
        say(north, here, "email")
        say(north, here, "sms", is_given=True)
        outcomes = importing.run(north, drafts, ImportOptions(on_duplicate=policy))
        assert [(outcome.fate, list(outcome.notes)) for outcome in outcomes] == [
            (Fate.SKIP, ["objection by telegram recorded"]),
            (Fate.SKIP, ["objection by sms recorded"]),
            (Fate.CREATE, ["objection by sms recorded"]),
            (Fate.SKIP, []),
        ]
        label = north.actor().label
        assert sorted(objections(north)) == sorted(
            [
                ("here@new.example", "email", False, "said", label),
                ("here@new.example", "sms", True, "said", label),
                ("here@new.example", "sms", False, SAID_ELSEWHERE, label),
                ("here@new.example", "telegram", False, SAID_ELSEWHERE, label),
                ("new@new.example", "sms", False, SAID_ELSEWHERE, label),
            ]
        )
        # The same once more says nothing new.
        again = importing.run(north, drafts, ImportOptions(on_duplicate=policy))
        assert [(outcome.fate, list(outcome.notes)) for outcome in again] == [(Fate.SKIP, [])] * 4


def test_a_row_that_fails_and_one_about_a_colleagues_contact_record_nothing(north: World):
    with north.scope():
        create_contact(person("here@new.example"), actor=north.actor())
        drafts = [person("here@new.example", do_not_contact_by=("sms",))]
        (failed,) = importing.run(north, drafts, ImportOptions(on_duplicate=OnDuplicate.ERROR))
        assert (failed.fate, list(failed.notes)) == (Fate.FAIL, [])
        agent = replace(north.actor(north.agent), sees_all_contacts=False)
        (skipped,) = importing.run(north, drafts, ImportOptions(), actor=agent)
        unseen = "objection by sms not recorded: somebody else looks after the contact"
        assert (skipped.fate, skipped.notes, objections(north)) == (Fate.SKIP, [unseen], [])


def test_a_plan_says_what_is_recorded_and_holds_where_somebody_said_stop_since(
    north: World, south: World, tmp_path: Path
):
    file = moving(north, tmp_path, "json")
    with south.scope():
        quiet = create_contact(person("quiet@new.example"), actor=south.actor())
    report = tmp_path / "report.jsonl"
    planned = ended(south, file, "--dry-run", "--report", str(report), "--chunk", "1")
    notes = {line["line"]: line.get("notes") for line in map(json.loads, report.read_text().splitlines())}
    said = ["objection by email recorded", "objection by sms recorded"]
    assert notes == {1: ["objection by telegram recorded"], 2: said, 3: None, 4: None}
    with south.scope():
        assert objections(south) == []
        say(south, quiet, "telegram")
    done = ended(south, file, "--plan", planned.answer["plan"], "--report", str(report))
    assert done.counts == (3, 0, 1, 0, 4)
    notes = {line["line"]: line.get("notes") for line in map(json.loads, report.read_text().splitlines())}
    assert notes == {1: None, 2: said, 3: None, 4: None}
    assert told(south) == TOLD


def test_the_verbs_of_the_address_book_record_it_too(north: World, south: World):
    with north.scope():
        actor = north.actor()
        one = create_contact(person("one@new.example", do_not_contact_by=("sms", "sms")), actor=actor)
        two = create_contact(person("two@new.example"), actor=actor)
        version = two.version
        changed = update_contacts([one.pk, two.pk], ContactDraft(do_not_contact_by=("sms", "email")), actor=actor)
        # Nothing that a wire shows is another.
        assert changed[two.pk].version == version
        update_contact(two, ContactDraft(do_not_contact_by=()), actor=actor)
        assert sorted(row[:3] for row in objections(north)) == [
            ("one@new.example", "email", False),
            ("one@new.example", "sms", False),
            ("two@new.example", "email", False),
            ("two@new.example", "sms", False),
        ]
        with pytest.raises(Invalid) as refused:
            create_contact(person("three@new.example", do_not_contact_by=("sms", "fax")), actor=actor)
        assert refused.value.errors == (FieldError("do_not_contact_by.1", "invalid_value", {"choices": EVERY}),)
    with south.scope():
        assert objections(south) == []


def test_what_people_said_stays_where_an_import_is_taken_back(north: World, tmp_path: Path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"email": "ann@new.example", "do_not_contact_by": ["email"]}\n')
    assert ended(north, path).counts == (1, 0, 0, 0, 1)
    call_command("undo_import", "1", "--organization", "north", stdout=StringIO())
    with north.scope():
        assert not Contact.objects.active().filter(email="ann@new.example").exists()
        create_contact(person("ann@new.example"), actor=north.actor())
    assert told(north) == {"ann@new.example": ["email"]}


def test_a_medium_there_is_not_fails_the_row(north: World, tmp_path: Path):
    table = tmp_path / "people.csv"
    table.write_text("First Name,Email,Do not contact by\nAnn,ann@new.example,fax\n")
    lines = tmp_path / "people.jsonl"
    lines.write_text('{"email": "ann@new.example", "do_not_contact_by": ["fax"]}\n')
    seen = []
    for path in (table, lines):
        report = tmp_path / "report.jsonl"
        done = ended(north, path, "--report", str(report))
        ((error,),) = [json.loads(line)["errors"] for line in report.read_text().splitlines()]
        seen.append((done.answer["failed"], error["column"], error["value"], error["code"]))
    assert seen == [
        (1, "Do not contact by", "fax", "invalid_value"),
        (1, "do_not_contact_by.0", "fax", "invalid_value"),
    ]
