"""Business with contacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.exceptions import FieldError, Forbidden, Invalid
from activities.drafts import (
    CommissionDraft,
    DealDraft,
    DocumentDraft,
    PropertyDraft,
    TaskDraft,
    TeamMemberDraft,
    TimelineDraft,
)
from activities.exceptions import DealNotFound
from activities.models import Deal
from activities.services import create_deal, delete_deal, update_deal
from contacts.exceptions import ContactNotFound
from contacts.models import ContactChange
from contacts.services import delete_contact
from tests.worlds import World

CLOSING = datetime(2026, 6, 30, 16, tzinfo=UTC)
DEAL = DealDraft(
    title="Condo Purchase",
    description="Two rooms by the water",
    type="PURCHASE",
    stage="NEGOTIATION",
    status="ACTIVE",
    amount=Decimal("450000.005"),
    probability=75,
    source="REFERRAL",
    notes="Cash",
    tags=("waterfront", "cash", "waterfront"),
    commission=CommissionDraft(rate=2.5, amount=11_250, split=70),
    property_details=PropertyDraft(
        id="property_9", address="1 Quay", type="CONDO", bedrooms=2, bathrooms=1.5, square_footage=980
    ),
    timeline=TimelineDraft(listing_date=datetime(2026, 1, 2, tzinfo=UTC), closing_date=CLOSING),
    documents=(
        DocumentDraft(id="document_1", name="Contract", type="CONTRACT", url="https://files.example.com/1.pdf"),
    ),
    tasks=(TaskDraft(id="task_1", title="Inspect", due_date=CLOSING, completed=True),),
)


def test_a_deal_is_kept_with_all_its_parts(north: World) -> None:
    team = (TeamMemberDraft(member_id=north.agent.pk, role="BUYER_AGENT", commission_split=50),)
    with north.scope():
        draft = replace(DEAL, assigned_to=north.agent.pk, team_members=team)
        deal = Deal.objects.get(pk=create_deal(north.contact, draft, actor=north.actor()).pk)
        columns = {field.attname: getattr(deal, field.attname) for field in Deal._meta.concrete_fields}
    for name in ("id", "uuid", "created_at", "updated_at"):
        columns.pop(name)
    assert columns == {
        "organization_id": north.organization.pk,
        "winnerr_key": None,
        "contact_id": north.contact.pk,
        "assigned_to_id": north.agent.pk,
        "title": "Condo Purchase",
        "description": "Two rooms by the water",
        "type": "PURCHASE",
        "stage": "NEGOTIATION",
        "status": "ACTIVE",
        "amount": Decimal("450000.01"),
        "probability": 75,
        "source": "REFERRAL",
        "notes": "Cash",
        "tags": ["waterfront", "cash"],
        "commission": {"rate": 2.5, "amount": 11_250, "split": 70},
        "property_details": {
            "id": "property_9",
            "address": "1 Quay",
            "type": "CONDO",
            "bedrooms": 2,
            "bathrooms": 1.5,
            "square_footage": 980,
        },
        "team_members": [{"member_id": north.agent.pk, "role": "BUYER_AGENT", "commission_split": 50}],
        "timeline": {
            "listing_date": "2026-01-02T00:00:00+00:00",
            "contract_date": None,
            "inspection_date": None,
            "appraisal_date": None,
            "closing_date": "2026-06-30T16:00:00+00:00",
        },
        "documents": [
            {"id": "document_1", "name": "Contract", "type": "CONTRACT", "url": "https://files.example.com/1.pdf"}
        ],
        "tasks": [{"id": "task_1", "title": "Inspect", "due_date": "2026-06-30T16:00:00+00:00", "completed": True}],
        "closing_date": CLOSING,
        "version": 1,
        "deleted_at": None,
    }


def test_a_change_keeps_what_it_does_not_say(north: World) -> None:
    with north.scope():
        deal = create_deal(north.contact, DEAL, actor=north.actor())
        changed = update_deal(deal, DealDraft(stage="CLOSING", timeline=None), actor=north.actor(north.agent))
        stored = Deal.objects.get(pk=deal.pk)
        assert (stored.stage, stored.timeline, stored.closing_date) == ("CLOSING", None, None)
        assert (stored.title, stored.amount, stored.tasks) == (deal.title, deal.amount, deal.tasks)
        assert (stored.version, changed.version) == (2, 2)
        assert stored.updated_at > deal.updated_at
        last = ContactChange.objects.filter(contact=north.contact)[0]
        identity = {"id": str(deal.uuid)}
        assert last.before == {"deal": {**identity, "stage": "NEGOTIATION", "timeline": deal.timeline}}
        assert last.after == {"deal": {**identity, "stage": "CLOSING", "timeline": None}}
        assert last.member_id == north.agent.pk


def test_a_change_that_says_nothing_new_writes_nothing(north: World) -> None:
    with north.scope():
        deal = create_deal(north.contact, DEAL, actor=north.actor())
        changes = ContactChange.objects.count()
        again = update_deal(deal, DealDraft(title="Condo Purchase", amount=Decimal("450000.01")), actor=north.actor())
        assert again.version == 1
        assert ContactChange.objects.count() == changes


def test_a_deleted_deal_is_gone_but_kept(north: World) -> None:
    with north.scope():
        deal = create_deal(north.contact, DEAL, actor=north.actor())
        delete_deal(deal, actor=north.actor())
        stored = Deal.objects.get(pk=deal.pk)
        assert stored.deleted_at is not None
        assert stored.version == 2
        with pytest.raises(DealNotFound):
            delete_deal(deal, actor=north.actor())
        with pytest.raises(DealNotFound):
            update_deal(deal, DealDraft(title="Again"), actor=north.actor())
        last = ContactChange.objects.filter(contact=north.contact)[0]
        assert last.after == {"deal": None}
        assert last.before["deal"]["title"] == "Condo Purchase"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"title": ""}, FieldError("title", "required")),
        ({"title": "x" * 201}, FieldError("title", "too_long", {"maximum": 200})),
        ({"amount": Decimal(-1)}, FieldError("amount", "out_of_range", {"minimum": 0, "maximum": 10**13})),
        ({"amount": Decimal("NaN")}, FieldError("amount", "out_of_range", {"minimum": 0, "maximum": 10**13})),
        ({"probability": 101}, FieldError("probability", "out_of_range", {"minimum": 0, "maximum": 100})),
        ({"tags": ("",)}, FieldError("tags.0", "required")),
        (
            {"commission": CommissionDraft(rate=float("inf"))},
            FieldError("commission.rate", "out_of_range", {"minimum": 0, "maximum": 100}),
        ),
        ({"tasks": (TaskDraft(title=""),)}, FieldError("tasks.0.title", "required")),
        ({"documents": (DocumentDraft(url="javascript:alert(1)"),)}, FieldError("documents.0.url", "invalid_value")),
        ({"documents": (DocumentDraft(url="https://["),)}, FieldError("documents.0.url", "invalid_value")),
        (
            {"tasks": tuple(TaskDraft(title="x") for _ in range(101))},
            FieldError("tasks", "too_long", {"maximum": 100, "items": True}),
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_on_both_ways_in(north: World, said: dict[str, Any], fault: FieldError) -> None:
    with north.scope():
        deal = create_deal(north.contact, DEAL, actor=north.actor())
        with pytest.raises(Invalid) as refused:
            create_deal(north.contact, replace(DEAL, **said), actor=north.actor())
        assert refused.value.errors == (fault,)
        with pytest.raises(Invalid) as refused:
            update_deal(deal, DealDraft(**said), actor=north.actor())
        assert refused.value.errors == (fault,)


@pytest.mark.parametrize("name", ["type", "stage", "status"])
def test_the_closed_lists_are_closed(north: World, name: str) -> None:
    said: dict[str, Any] = {name: "SOMETHING"}
    with north.scope(), pytest.raises(Invalid) as refused:
        create_deal(north.contact, replace(DEAL, **said), actor=north.actor())
    assert [(error.field, error.code) for error in refused.value.errors] == [(name, "invalid_value")]


def test_a_new_deal_needs_a_title_and_an_old_one_keeps_its_origin(north: World) -> None:
    with north.scope():
        with pytest.raises(Invalid) as refused:
            create_deal(north.contact, DealDraft(), actor=north.actor())
        assert refused.value.errors == (FieldError("title", "required"),)
        deal = create_deal(north.contact, DEAL, actor=north.actor())
        with pytest.raises(Invalid) as refused:
            update_deal(deal, DealDraft(created_at=CLOSING), actor=north.actor())
        assert refused.value.errors == (FieldError("created_at", "invalid_value"),)


def test_strangers_members_deals_and_contacts_are_out_of_reach(north: World, south: World) -> None:
    with south.scope():
        foreign = Deal.objects.all()[0]
    with north.scope():
        team = (TeamMemberDraft(member_id=south.agent.pk),)
        with pytest.raises(Invalid) as refused:
            create_deal(
                north.contact, replace(DEAL, assigned_to=south.agent.pk, team_members=team), actor=north.actor()
            )
        assert refused.value.errors == (
            FieldError("assigned_to", "not_found"),
            FieldError("team_members.0", "not_found"),
        )
        for contact in (north.deleted, south.contact):
            with pytest.raises(ContactNotFound):
                create_deal(contact, DEAL, actor=north.actor())
        with pytest.raises(DealNotFound):
            update_deal(foreign, DealDraft(title="Mine"), actor=north.actor())
        with pytest.raises(DealNotFound):
            delete_deal(foreign, actor=north.actor())


def test_a_narrowed_agent_and_a_viewer_cannot_reach_a_deal_that_is_not_theirs(north: World) -> None:
    narrowed = replace(north.actor(north.agent), sees_all_contacts=False)
    with north.scope():
        deal = create_deal(north.contacts[2], DEAL, actor=north.actor())
        with pytest.raises(DealNotFound):
            update_deal(deal, DealDraft(title="Mine"), actor=narrowed)
        for attempt in (
            lambda actor: create_deal(north.contact, DEAL, actor=actor),
            lambda actor: update_deal(deal, DealDraft(title="Mine"), actor=actor),
            lambda actor: delete_deal(deal, actor=actor),
        ):
            with pytest.raises(Forbidden):
                attempt(north.actor(north.viewer))


def test_the_deal_of_a_deleted_contact_cannot_be_changed(north: World) -> None:
    with north.scope():
        deal = create_deal(north.contacts[2], DEAL, actor=north.actor())
        delete_contact(north.contacts[2], actor=north.actor())
        with pytest.raises(DealNotFound):
            update_deal(deal, DealDraft(title="Too late"), actor=north.actor())
