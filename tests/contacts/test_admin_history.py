"""The history of a contact, as the page tells it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from activities.drafts import (
    ActivityDraft,
    CommissionDraft,
    CommunicationDraft,
    DealDraft,
    PropertyDraft,
    TaskDraft,
    TeamMemberDraft,
    TimelineDraft,
)
from activities.services import (
    create_deal,
    delete_communication,
    delete_deal,
    record_activity,
    record_communication,
    update_deal,
)
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.services import update_contact
from tests.dashboard import CONTACTS, browser_of
from tests.worlds import World


@pytest.fixture
def agent(north: World) -> Client:
    return browser_of(north.agent)


def told(browser: Client, world: World) -> list[str]:
    """The cards of the contact's history, newest first: a line each for the heading, without its moment, and every row."""
    page = browser.get(f"{CONTACTS}{world.contact.pk}/history/").content.decode()
    _, *cards = re.split(r'<div class="border border-base-200 rounded-default shadow-xs', page)
    return [card for text in cards if (card := _lines(text))]


def _lines(card: str) -> str:
    heading, *rows = re.split(r"<tr", card.split("</table>")[0])
    cells = [" | ".join(_words(cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)) for row in rows]
    spans = [_words(span) for span in re.findall(r"<span.*?</span>", heading, re.DOTALL)[:3]]
    return "\n".join([" | ".join(spans), *cells])


def _words(fragment: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", fragment)).split())


def test_an_activity_is_told_by_its_kind_and_words(north: World, agent: Client):
    with north.scope():
        record_activity(
            north.contact,
            ActivityDraft(type="SHOWING", description="Visit of 77 Sailmaker Street"),
            actor=north.actor(north.agent),
        )
        record_activity(north.contact, ActivityDraft(type="KEY_HANDED_OVER"), actor=north.actor(north.agent))
    lines = told(agent, north)
    assert f"Activity: Showing — Visit of 77 Sailmaker Street | {north.agent.full_name} | Dashboard" in lines
    assert f"Activity: Key handed over | {north.agent.full_name} | Dashboard" in lines


@pytest.mark.parametrize(
    ("kind", "direction", "subject", "body", "line"),
    [
        ("email", "inbound", "Miami condo", "Is it free?", "E-mail received: Miami condo"),
        ("email", "outbound", "", "It is.", "E-mail sent: It is."),
        ("call", "outbound", "", "", "Call made"),
        ("in_person", "inbound", "Coffee", "", "Met in person: Coffee"),
        ("other", "inbound", "", "Hello", "Message received: Hello"),
    ],
)
def test_a_communication_is_told_by_its_medium_and_subject(
    north: World, agent: Client, kind: str, direction: str, subject: str, body: str, line: str
):
    draft = CommunicationDraft(kind=kind, direction=direction, subject=subject, body=body)
    with north.scope():
        record_communication(north.contact, draft, actor=north.actor(north.agent))
    assert f"{line} | {north.agent.full_name} | Dashboard" in told(agent, north)


def test_a_communication_that_was_removed_is_told_without_its_words(north: World, agent: Client):
    draft = CommunicationDraft(kind="call", direction="outbound", subject="A mistake")
    with north.scope():
        mistake = record_communication(north.contact, draft, actor=north.actor(north.agent))
        delete_communication(mistake, actor=north.actor(north.agent))
    assert f"Removed: Call made | {north.agent.full_name} | Dashboard" in told(agent, north)


def test_a_deal_is_told_in_one_line_then_by_what_changed(north: World, agent: Client):
    actor = north.actor(north.agent)
    with north.scope():
        north.organization.time_zone = "America/New_York"
        north.organization.save()
        begun = DealDraft(title="Miami condo", stage="NEGOTIATION", amount=Decimal(450_000))
        deal = create_deal(north.contact, begun, actor=actor)
        changed = DealDraft(
            stage="CONTRACT",
            amount=Decimal("460000.50"),
            probability=80,
            tags=("beach", "sunny"),
            assigned_to=north.owner.pk,
            commission=CommissionDraft(rate=3),
            property_details=PropertyDraft(id="x-77", address="77 Sailmaker Street", type="CONDO", bedrooms=2),
            team_members=(TeamMemberDraft(member_id=north.admin.pk, role="closer", commission_split=25),),
            timeline=TimelineDraft(closing_date=datetime(2026, 7, 1, 16, 30, tzinfo=UTC)),
            tasks=(TaskDraft(id="t-1", title="Order the appraisal", completed=True),),
        )
        update_deal(deal, changed, actor=actor)
        delete_deal(deal, actor=actor)
    who = f"{north.agent.full_name} | Dashboard"
    assert told(agent, north)[:3] == [
        f"Deal removed: Miami condo | {who}",
        "\n".join(
            [
                f"Deal changed: Miami condo | {who}",
                "Field | Before | After",
                f"Assigned to | — | {north.owner.full_name}",
                "Stage | Negotiation | Contract",
                "Amount | 450,000 | 460,000.50",
                "Probability | — | 80%",
                "Tags | — | beach, sunny",
                f"Team members | — | {north.admin.full_name} (closer, 25%)",
                "Tasks | — | Order the appraisal (done)",
                "Closing date | — | July 1, 2026, 12:30 p.m.",
                "Commission rate | — | 3%",
                "Property address | — | 77 Sailmaker Street",
                "Property bedrooms | — | 2",
                "Property type | — | Condo",
            ]
        ),
        f"Deal added: Miami condo, Negotiation, 450,000 | {who}",
    ]


def test_a_changed_contact_is_told_field_by_field_in_words(north: World, agent: Client):
    draft = ContactDraft(
        type="PAST_CLIENT",
        assigned_to=None,
        preferences=PreferencesDraft(
            property_types=("SINGLE_FAMILY", "CONDO"), price_range=PriceRange(min=None, max=600_000)
        ),
        further_emails=(),
        further_phones=(PhoneDraft(phone="+1-555-987-0000", label="work", note="mornings"),),
        further_assignees=(north.owner.pk, north.admin.pk),
        related_people=(RelatedPersonDraft(first_name="Sam", last_name="Poe", mobile="+1-555-987-1111"),),
        tags=("vip",),
    )
    with north.scope():
        update_contact(north.contact, draft, actor=north.actor(north.agent))
    assert told(agent, north)[0].splitlines() == [
        f"Changed | {north.agent.full_name} | Dashboard",
        "Field | Before | After",
        "Type | Lead | Past client",
        f"Assigned to | {north.agent.full_name} | —",
        f"Further assignees | {north.admin.full_name} | {north.owner.full_name}, {north.admin.full_name}",
        f"Further e-mails | jane.{north.canary}@example.com (work) | —",
        f"Further phones | +1-555-987-6543 ({north.canary}) | +1-555-987-0000 (work, mornings)",
        "Price range | 300,000 to 500,000 | up to 600,000",
        "Property types | Single family | Single family, Condo",
        f"Related people | Pat {north.canary}, pat.{north.canary}@example.com | Sam Poe, +1-555-987-1111",
        f"Tags | vip, tag {north.canary} | vip",
    ]


def test_a_new_contact_is_told_without_a_column_for_before(north: World, agent: Client):
    created = told(agent, north)[-1].splitlines()
    assert created[0] == f"Created | {north.owner.full_name} | Dashboard"
    assert created[1] == "Field | After"
    assert f"Company name | Alpha {north.canary} Ltd" in created
    assert "Communication method | Email" in created
    assert all(not line.endswith("—") for line in created)


def test_no_line_shows_an_id(north: World, agent: Client):
    with north.scope():
        update_contact(
            north.contact,
            ContactDraft(further_emails=(EmailDraft(email="second@example.com"),)),
            actor=north.actor(north.agent),
        )
    words = "\n".join(told(agent, north))
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-|\bid\b|_", words)
