"""Times in the dashboard are the team's; on the wires they are UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from accounts.models import Member, Organization
from contacts.drafts import ContactDraft
from contacts.services import create_contact
from tests.dashboard import CONTACTS, browser_of
from tests.worlds import WireClient, World


def test_the_dashboard_shows_the_teams_time(
    north: World, south: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    with north.scope():
        Organization.objects.update(time_zone="Asia/Tokyo")
        draft = ContactDraft(full_name="Night Owl", created_at=datetime(2025, 3, 2, 20, 30, tzinfo=UTC))
        contact = create_contact(draft, actor=north.actor())
    page = browser_of(north.viewer).get(f"{CONTACTS}?q=night+owl").content.decode()
    assert "March 3, 2025, 5:30 a.m." in page
    wire = winnerr(north.viewer).get(f"/v1/contacts/{contact.winnerr_id}").json()["data"]
    assert wire["createdAt"] == "2025-03-02T20:30:00Z"


def test_one_teams_zone_does_not_stay_for_the_next_request(north: World, south: World) -> None:
    with north.scope():
        Organization.objects.update(time_zone="Asia/Tokyo")
    with south.scope():
        draft = ContactDraft(full_name="Day Lark", created_at=datetime(2025, 3, 2, 20, 30, tzinfo=UTC))
        create_contact(draft, actor=south.actor())
    browser_of(north.viewer).get(CONTACTS)
    page = browser_of(south.viewer).get(f"{CONTACTS}?q=day+lark").content.decode()
    assert "March 2, 2025, 8:30 p.m." in page
