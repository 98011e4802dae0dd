"""Organizations written into directories and taken in again, and one with everything that is hard to move."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from accounts.authentication import organization_id_by_slug
from accounts.identifiers import uuid7
from accounts.models import Member, Organization
from accounts.services import deactivate_member
from accounts.tenancy import tenant_scope
from activities.drafts import (
    ActivityDraft,
    CommissionDraft,
    CommunicationDraft,
    DealDraft,
    DocumentDraft,
    PropertyDraft,
    TaskDraft,
    TeamMemberDraft,
    TimelineDraft,
)
from activities.models import Communication, Deal
from activities.services import create_deal, record_activity, record_communication
from activities.services.communicating import delete_communication
from activities.services.dealing import delete_deal, update_deal
from contacts.drafts import ContactDraft
from contacts.models import Contact, MergeSuggestion, Rescore
from contacts.services import create_contact, delete_contact, update_contact
from contacts.services.custom_fields import change_kind, create_field, retire_field
from contacts.services.deleting import restore_contact
from contacts.services.suggesting import dismiss_merge
from contacts.services.weighing import change_weights
from tests.worlds import MOMENT, World

MANIFEST = "manifest.json"
# What a program may send and neither Python nor PostgreSQL keeps as it was: exponents, more digits than 64 bits have, a
# zero with a sign; and a name that elsewhere holds a member's key.
HARD: dict[str, Any] = {
    "large": 1e16,
    "larger": 1e300,
    "whole": 123456789012345678901234567890,
    "hundred": 100.0,
    "small": 1e-7,
    "zero": -0.0,
    "text": 'Ünïcode 𝔸 \u2028 \t "quoted" \\u0000 \x7f',
    "member_id": 1,
    "assigned_to_id": 1,
    "nested": {"b": [{"z": 1, "a": None}], "a": True},
}


def export(slug: str, directory: Path) -> dict[str, Any]:
    """What the command prints."""
    return _answer("export_organization", slug, str(directory))


def take_in(directory: Path, slug: str) -> dict[str, Any]:
    """What the command prints."""
    return _answer("import_organization", str(directory), "--slug", slug)


def _answer(*arguments: str) -> dict[str, Any]:
    printed = StringIO()
    call_command(*arguments, stdout=printed)
    assert printed.getvalue().count("\n") == 1
    answer: dict[str, Any] = json.loads(printed.getvalue())
    return answer


def files_of(directory: Path) -> dict[str, bytes]:
    """The content of each file."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def rows_of(directory: Path, name: str) -> list[dict[str, Any]]:
    """The documents of one file."""
    return [json.loads(line) for line in (directory / f"{name}.jsonl").read_text().split("\n") if line]


def rewrite(directory: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Put other rows into a file, with a manifest that knows of it."""
    rewrite_text(directory, name, "".join(json.dumps(row) + "\n" for row in rows).encode())


def rewrite_text(directory: Path, name: str, content: bytes) -> None:
    """Put anything into a file, with a manifest that knows of it."""
    (directory / f"{name}.jsonl").write_bytes(content)
    manifest = json.loads((directory / MANIFEST).read_text())
    (facts,) = [each for each in manifest["files"] if each["name"] == f"{name}.jsonl"]
    facts |= {"rows": content.count(b"\n"), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (directory / MANIFEST).write_text(json.dumps(manifest))


def move_away(world: World) -> None:
    """Give the world's organization another id: to archives of it, this is now an instance that never had it."""
    with world.scope():
        Organization.objects.update(uuid=uuid7())


def exists(slug: str) -> bool:
    return organization_id_by_slug(slug) is not None


def members_by_number(slug: str) -> dict[int, Member]:
    organization_id = organization_id_by_slug(slug)
    assert organization_id is not None
    with tenant_scope(organization_id):
        return {member.number: member for member in Member.objects.select_related("organization")}


def enrich(world: World) -> None:
    """Give a world what is hard to move, with ids that are not what the other database would give."""
    with world.scope():
        _catalogue(world)
        _people(world)
        _business(world)
        _messages(world)
        deactivate_member(world.viewer, actor=world.actor())
        dismiss_merge(MergeSuggestion.objects.get(), actor=world.actor(world.admin))
        change_weights({"source_referral": 7}, actor=world.actor())


def _catalogue(world: World) -> None:
    actor = world.actor()
    typed = create_field(f"Typed {world.canary}", "text", actor=actor)
    friend = create_field(f"Friend {world.canary}", "contact", actor=actor)
    helpers = create_field(f"Looked after by {world.canary}", "user_multi", actor=actor)
    old = create_field(f"Old {world.canary}", "checkbox", actor=actor)
    values = {
        typed.number: "5",
        friend.number: world.contacts[2].number,
        helpers.number: [world.agent.number, world.admin.number],
        old.number: True,
    }
    update_contact(world.contact, ContactDraft(custom_values=values), actor=actor)
    change_kind(typed, "number", actor=actor)
    retire_field(old, actor=actor)
    Rescore.objects.create(
        requested_at=MOMENT,
        superseded_at=MOMENT,
        actor_label="Agent",
        member_id=world.agent.pk,
        position=world.contact.pk,
        overrides={"a": 1},
    )


def _people(world: World) -> None:
    actor = world.actor(world.admin)
    bob, carol, delta = world.contacts[1:4]
    update_contact(
        bob,
        ContactDraft(
            assigned_to=world.viewer.pk, further_assignees=(world.agent.pk, world.owner.pk), notes="a\r\nb\u2028c"
        ),
        actor=actor,
    )
    update_contact(bob, ContactDraft(assigned_to=None, further_assignees=(world.owner.pk,), tags=()), actor=actor)
    delete_contact(carol, actor=actor)
    restore_contact(carol, actor=actor)
    delete_contact(delta, actor=actor)
    kept = create_contact(
        ContactDraft(
            full_name="Kept Żółć", winnerr_key="contact_from_elsewhere", created_at=datetime(2019, 1, 1, tzinfo=UTC)
        ),
        actor=actor,
    )
    # A vendor's number, and numbers of JSON as no two databases keep them.
    Contact.objects.filter(pk=kept.pk).update(number=7_000_000, extra=HARD)
    update_contact(kept, ContactDraft(first_name="Still"), actor=actor)


def _business(world: World) -> None:
    actor = world.actor()
    deal = create_deal(
        world.contact,
        DealDraft(
            title="Villa",
            amount=Decimal("1234567.89"),
            assigned_to=world.agent.pk,
            commission=CommissionDraft(rate=2.5, amount=100.0),
            property_details=PropertyDraft(address="1 Hill", bedrooms=3),
            team_members=(
                TeamMemberDraft(member_id=world.admin.pk, role="LISTING_AGENT", commission_split=40),
                TeamMemberDraft(member_id=world.viewer.pk),
            ),
            timeline=TimelineDraft(closing_date=datetime(2027, 1, 1, 12, 30, 15, 123, tzinfo=UTC)),
            documents=(DocumentDraft(name="Deed", url="https://files.example.com/1"),),
            tasks=(TaskDraft(title="Call"),),
            tags=("b", "a"),
        ),
        actor=actor,
    )
    change = DealDraft(assigned_to=None, team_members=(TeamMemberDraft(member_id=world.owner.pk),))
    update_deal(deal, change, actor=actor)
    delete_deal(Deal.objects.exclude(pk=deal.pk).first(), actor=actor)  # type: ignore[arg-type]  # both worlds have two


def _messages(world: World) -> None:
    actor = world.actor(world.agent)
    said = record_communication(
        world.contact,
        CommunicationDraft(
            kind="telegram",
            direction="inbound",
            body="Hello",
            occurred_at=MOMENT + timedelta(microseconds=7),
            metadata=HARD,
            provider_message_id="7",
        ),
        actor=actor,
    )
    told = ActivityDraft(type="TELEGRAM_RECEIVED", communication=said.pk, metadata=HARD, created_at=MOMENT)
    record_activity(world.contact, told, actor=actor)
    other = Communication.objects.exclude(pk=said.pk).filter(contact=world.contact).get()
    delete_communication(other, actor=actor)
