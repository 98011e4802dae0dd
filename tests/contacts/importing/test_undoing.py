"""Taking an import back: what nobody touched is as it was before, what somebody did is kept and named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from activities.drafts import ActivityDraft
from activities.services import record_activity
from contacts import services
from contacts.drafts import ContactDraft, EmailDraft, PreferencesDraft
from contacts.importing.options import ImportOptions, OnDuplicate
from contacts.models import ChangeVerb, Contact, ContactChange
from contacts.services.children import KINDS, read_children
from contacts.services.rescoring import rescore_contacts
from tests import importing
from tests.worlds import World

pytestmark = pytest.mark.django_db


def undo(world: World, *arguments: str, number: int = 1) -> tuple[int, dict[str, Any]]:
    """Status and answer of the command."""
    out = StringIO()
    try:
        call_command("undo_import", str(number), "--organization", world.organization.slug, *arguments, stdout=out)
        status = 0
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(out.getvalue())


def snapshot(world: World) -> dict[int, dict[str, Any]]:
    """Everything stored of the contacts that are there, apart from how often and when it was written."""
    moved = {"version", "updated_at"}
    columns = [field.attname for field in Contact._meta.concrete_fields if field.attname not in moved]
    with world.scope():
        contacts = list(Contact.objects.active())
        children = read_children([contact.pk for contact in contacts], KINDS)
        return {
            contact.pk: {name: getattr(contact, name) for name in columns} | dict(children[contact.pk].rows)
            for contact in contacts
        }


NEW = [
    ContactDraft(full_name=f"New Person {number}", email=f"new{number}@example.com", tags=("list",))
    for number in range(8)
]
CHANGED = ContactDraft(
    email="jane@example.com",
    first_name="Janet",
    phone="+1 555 000 1111",
    type="CLIENT",
    stage="applicant",
    city="Elsewhere",
    tags=("list",),
    preferences=PreferencesDraft(property_types=("CONDO",)),
    further_emails=(EmailDraft(email="janet@example.com", label="home"),),
    notes="Moved.",
)


def imported(world: World, *, chunk: int = 3) -> None:
    """New people, and two rows about one who is there."""
    drafts = [*NEW[:4], CHANGED, *NEW[4:], ContactDraft(email="JANE@example.com", notes="Moved again.")]
    with world.scope():
        importing.run(world, drafts, ImportOptions(on_duplicate=OnDuplicate.UPDATE), chunk=chunk)


def test_all_is_as_it_was_before(north: World, south: World) -> None:
    before, others = snapshot(north), snapshot(south)
    imported(north)
    assert snapshot(north) != before
    status, rehearsed = undo(north, "--dry-run")
    assert (status, rehearsed) == (0, {"import_id": 1, "removed": 8, "restored": 2, "kept": 0})
    status, answer = undo(north)
    assert (status, answer | {"seconds": 0}) == (0, rehearsed | {"seconds": 0})
    assert snapshot(north) == before
    assert snapshot(south) == others
    with north.scope():
        verbs = ContactChange.objects.filter(actor_label="undo_import").values_list("verb", flat=True)
        assert sorted(verbs) == [ChangeVerb.DELETED] * 8 + [ChangeVerb.UPDATED] * 2


def test_what_somebody_touched_is_kept_and_named(north: World, tmp_path: Path) -> None:
    imported(north)
    with north.scope():
        edited, called, deleted, rescored = (
            Contact.objects.get(email=f"new{number}@example.com") for number in range(4)
        )
        services.update_contact(edited, ContactDraft(notes="Mine."), actor=north.actor())
        record_activity(called, ActivityDraft(type="CALL", description="Called"), actor=north.actor())
        services.delete_contact(deleted, actor=north.actor())
        services.update_contact(north.contact, ContactDraft(notes="Ours."), actor=north.actor())
        rescore_contacts(after=0, actor=north.actor())
    report = tmp_path / "kept.jsonl"
    status, answer = undo(north, "--report", str(report))
    kept = [json.loads(line) for line in report.read_text().splitlines()]
    assert status == 1
    assert (answer["removed"], answer["restored"], answer["kept"]) == (5, 0, 5)
    assert answer["kept_contacts"] == kept
    assert [(row["line"], row["reason"].partition(" on ")[0]) for row in kept] == [
        (1, f"changed by {north.owner.full_name}"),
        (2, "an activity was logged"),
        (3, f"deleted by {north.owner.full_name}"),
        (5, f"changed by {north.owner.full_name}"),
        (10, f"changed by {north.owner.full_name}"),
    ]
    with north.scope():
        assert Contact.objects.active().filter(pk__in=[edited.pk, called.pk]).count() == 2
        assert not Contact.objects.active().filter(pk=rescored.pk).exists()
        assert Contact.objects.get(pk=north.contact.pk).first_name == "Janet"


def test_an_address_that_is_another_contacts_by_now_is_not_taken_from_it(north: World) -> None:
    draft = ContactDraft(full_name=f"Carol Gamma {north.canary}", phone="+1 555 123 0003", email="carol@example.com")
    with north.scope():
        carol = Contact.objects.get(phone="+1 555 123 0003")
        services.update_contact(carol, ContactDraft(email="old@example.com"), actor=north.actor())
        importing.run(north, [draft], ImportOptions(on_duplicate=OnDuplicate.UPDATE))
        services.create_contact(ContactDraft(email="old@example.com"), actor=north.actor())
    status, answer = undo(north)
    assert status == 1
    assert answer["kept_contacts"] == [
        {"line": 1, "contact": carol.number, "reason": "its former e-mail address is another contact's by now"}
    ]


def test_it_is_taken_back_once(north: World, south: World) -> None:
    imported(north)
    assert undo(north)[0] == 0
    with pytest.raises(CommandError, match=r"^Import 1 is taken back\.$") as refused:
        undo(north)
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="There is no import '1'"):
        undo(south)


def test_moments_nobody_records_come_back(north: World) -> None:
    with north.scope():
        applicant = Contact.objects.get(email="e@example.com")
        moment = datetime(2020, 1, 1, tzinfo=UTC)
        Contact.objects.filter(pk=applicant.pk).update(applied_at=moment)
        draft = ContactDraft(email="e@example.com", stage="prospect")
        importing.run(north, [draft], ImportOptions(on_duplicate=OnDuplicate.UPDATE))
    undo(north)
    with north.scope():
        assert Contact.objects.get(pk=applicant.pk).applied_at == moment


def test_imports_that_changed_the_same_contact_can_be_taken_back_in_any_order(north: World) -> None:
    before = snapshot(north)
    options = ImportOptions(on_duplicate=OnDuplicate.UPDATE)
    with north.scope():
        for name in ("Janet", "Janice"):
            importing.run(north, [ContactDraft(email="jane@example.com", first_name=name)], options)
    status, answer = undo(north)
    assert (status, answer["kept"]) == (1, 1)
    assert answer["kept_contacts"][0]["reason"].startswith(f"changed by {north.owner.full_name}")
    assert undo(north, number=2)[0] == 0
    # What was kept is tried again: nobody but the other import had changed it, and that was taken back.
    status, answer = undo(north)
    assert (status, answer["restored"], answer["kept"]) == (0, 1, 0)
    assert snapshot(north) == before
