"""``manage.py export_contacts --format json``: everything a contact is, one document a line."""

from __future__ import annotations

import json
from typing import Any

from contacts.drafts import ContactDraft
from contacts.models import CustomField
from contacts.services import create_contact, update_contact
from contacts.services.custom_fields import create_field
from tests.exports import exported
from tests.worlds import World


def documents(world: World, *options: str) -> list[dict[str, Any]]:
    """The lines of a world's export as JSON."""
    return [json.loads(line) for line in exported(world, "json", *options).data.splitlines()]


def moment(value: Any) -> str:
    return str(value.isoformat()).replace("+00:00", "Z")


def test_a_line_says_everything_that_a_draft_can(north: World, south: World):
    first, *others = documents(north)
    with north.scope():
        contact = north.contact
        contact.refresh_from_db()
        update_contact(north.contacts[1], ContactDraft(extra={"b": 10**20, "a": None}), actor=north.actor())
    canary = north.canary
    assert first == {
        "uuid": str(contact.uuid),
        "number": contact.number,
        "winnerr_key": None,
        "first_name": "Jane",
        "last_name": f"Alpha {canary}",
        "full_name": f"Jane Alpha {canary}",
        "is_company": False,
        "company_name": f"Alpha {canary} Ltd",
        "email": "jane@example.com",
        "email_label": "",
        "email_note": canary,
        "phone": "+1-555-123-4567",
        "phone_label": "",
        "phone_note": "",
        "further_emails": [{"email": f"jane.{canary}@example.com", "label": "work", "note": ""}],
        "further_phones": [{"phone": "+1-555-987-6543", "label": canary, "note": ""}],
        "street": f"1 {canary} Street",
        "city": canary,
        "state": "CA",
        "zip_code": "94016",
        "country": "USA",
        "type": "LEAD",
        "status": "ACTIVE",
        "stage": "prospect",
        "role": "prospect",
        "source": f"website {canary}",
        "referral_source": "",
        "channel_preference": "",
        "language": "en",
        "preferences": {
            "communication_method": "EMAIL",
            "property_types": ["SINGLE_FAMILY"],
            "price_range": {"min": 300_000, "max": 500_000},
            "locations": [f"{canary} Heights"],
        },
        "notes": f"Likes {canary}.",
        "tags": ["vip", f"tag {canary}"],
        "assigned_to": "agent@north.example",
        "further_assignees": ["admin@north.example"],
        "created_by": "owner@north.example",
        "related_people": [
            {
                "first_name": "Pat",
                "last_name": canary,
                "mobile": "",
                "email": f"pat.{canary}@example.com",
                "notes": "",
            }
        ],
        "custom_fields": {f"Budget {canary}": f"High {canary}"},
        "extra": {},
        "lead_score": contact.lead_score,
        "created_at": moment(contact.created_at),
        "updated_at": moment(contact.updated_at),
        "last_contacted_at": moment(contact.last_contacted_at),
        "applied_at": None,
        "converted_at": None,
        "do_not_contact_by": [],
    }
    assert [other["uuid"] for other in others] == [str(other.uuid) for other in north.contacts[1:]]
    assert [other["do_not_contact_by"] for other in others[-2:]] == [[], ["email", "sms", "whatsapp", "telegram"]]
    # Whole numbers of any length stay what they are.
    assert documents(north)[1]["extra"] == {"a": None, "b": 10**20}


def test_nothing_of_another_organization_is_in_any_line(north: World, south: World):
    for format_name in ("json", "csv", "winnerr", "rentalot", "estateprime"):
        data = exported(north, format_name).data.decode()
        assert north.canary in data
        assert south.canary not in data


def test_values_of_the_teams_fields_are_said_by_name_and_retired_ones_not_at_all(north: World):
    with north.scope():
        actor = north.actor()
        several = create_field("Wants", "select_multi", ["2", "x; y"], actor=actor)
        number = create_field("Rooms", "number", [], actor=actor)
        flag = create_field("Pets", "checkbox", [], actor=actor)
        gone = create_field("Gone", "text", [], actor=actor)
        values = {several.number: ["x; y", "2"], number.number: "3.50", flag.number: False, gone.number: "kept"}
        create_contact(ContactDraft(full_name="Gina Holds", custom_values=values), actor=actor)
        CustomField.objects.filter(pk=gone.pk).update(retired_at=north.contact.created_at)
    assert documents(north, "--search", "Gina")[0]["custom_fields"] == {
        "Wants": ["x; y", "2"],
        "Rooms": "3.5",
        "Pets": False,
    }
