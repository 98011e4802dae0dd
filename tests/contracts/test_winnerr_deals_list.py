"""Winnerr's list of deals: filters, sorts, pages and refusals (CONTRACTS 1.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import Member
from accounts.tenancy import tenant_scope
from activities.drafts import DealDraft, TimelineDraft
from activities.models import Deal
from activities.services import create_deal
from contacts.models import Contact
from tests.contracts.test_winnerr_deals import DEALS, faults, titles
from tests.worlds import WireClient, actor_of


@pytest.fixture
def pipeline(office: Member, john: Contact) -> list[Deal]:
    """Six deals with John; nothing is known of the last but its title."""
    drafts = [
        DealDraft(
            title=f"Deal {number}",
            type=("SALE", "LEASE")[number % 2],
            stage=("LEAD", "CLOSING", "LOST")[number % 3],
            status=("ACTIVE", "ON_HOLD")[number // 3],
            amount=Decimal(f"{number * 1000}.29"),
            probability=number * 10,
            assigned_to=office.pk if number < 2 else None,
            timeline=TimelineDraft(closing_date=datetime(2024, 5, 1 + number, tzinfo=UTC)),
            created_at=datetime(2024, 1, 1 + number, tzinfo=UTC),
        )
        for number in range(5)
    ]
    drafts.append(DealDraft(title="Deal 5", created_at=datetime(2024, 1, 6, tzinfo=UTC)))
    with tenant_scope(office.organization):
        return [create_deal(john, draft, actor=actor_of(office)) for draft in drafts]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "543210"),
        ({"type": "SALE"}, "420"),
        ({"type": "SALE,LEASE"}, "43210"),
        ({"stage": "CLOSING,LOST"}, "421"),
        ({"status": "ON_HOLD"}, "43"),
        ({"amount[gte]": "2000"}, "432"),
        ({"amount[gte]": "2000.291"}, "43"),
        ({"amount[lte]": "1000.29"}, "10"),
        ({"amount[lte]": "1000.285"}, "0"),
        ({"amount[gte]": "999999999999999999"}, ""),
        ({"amount[lte]": "999999999999999999"}, "43210"),
        ({"amount[lte]": "9" * 300 + ".5"}, "43210"),
        ({"probability[gte]": "30"}, "43"),
        ({"probability[gte]": "99999999999999999"}, ""),
        ({"createdAt[gte]": "2024-01-04"}, "543"),
        ({"closingDate[gte]": "2024-05-04T00:00:00Z"}, "43"),
        ({"type": "SALE", "status": "ACTIVE", "amount[gte]": "0", "amount[lte]": "1500"}, "0"),
        ({"sort": "title"}, "012345"),
        ({"sort": "amount"}, "501234"),
        ({"sort": "amount:desc"}, "432105"),
        ({"sort": "probability:desc"}, "432105"),
        ({"sort": "closingDate"}, "501234"),
        ({"sort": "status,stage:desc,createdAt"}, "205134"),
        ({"sort": "updatedAt:desc"}, "543210"),
    ],
)
def test_filters_and_sorts(client: WireClient, pipeline: list[Deal], query: dict[str, str], found: str) -> None:
    assert "".join(titles(client, query)) == found
    assert client.get(DEALS, query).json()["pagination"]["total"] == len(found)


def test_deals_of_an_agent(client: WireClient, office: Member, pipeline: list[Deal]) -> None:
    assert titles(client, {"assignedTo": office.public_id}) == ["1", "0"]
    assert titles(client, {"assignedTo": "agent_1"}) == []


@pytest.mark.parametrize(
    "sort",
    ["", "amount", "amount:desc", "probability", "closingDate:desc", "title:desc", "type,amount:desc", "stage,status"],
)
def test_pages_by_cursor_show_every_deal_once(client: WireClient, pipeline: list[Deal], sort: str) -> None:
    whole = titles(client, {"sort": sort})
    paged: list[str] = []
    query = {"sort": sort, "limit": 2}
    for _ in range(3):
        body = client.get(DEALS, query).json()
        assert (body["pagination"]["total"], body["pagination"]["limit"]) == (6, 2)
        paged += [item["title"].removeprefix("Deal ") for item in body["data"]]
        query["cursor"] = body["pagination"]["nextCursor"]
    assert paged == whole
    assert query["cursor"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("cursor", "nonsense"),
        ("type", "GIFT"),
        ("stage", "lead"),
        ("status", "DONE"),
        ("amount[gte]", "much"),
        ("amount[lte]", "1e3"),
        ("amount[lte]", "NaN"),
        ("probability[gte]", "0.5"),
        ("createdAt[gte]", "soon"),
        ("closingDate[gte]", "2024-13-01"),
        ("sort", "contact"),
        ("sort", "amount:up"),
        ("include", "contact,tasks"),
        ("include", "secrets"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(client: WireClient, john: Contact, name: str, value: str) -> None:
    assert [field for field, _ in faults(client.get(DEALS, {name: value}))] == [name]
