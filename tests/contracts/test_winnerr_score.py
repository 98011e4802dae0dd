"""A contact's score, explained on Winnerr's wire: ``GET /v1/contacts/{id}/score``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Member
from accounts.tenancy import tenant_scope
from activities.drafts import ActivityDraft
from activities.services import record_activity
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange, ScoringWeights
from contacts.services import create_contact, delete_contact, restore_contact
from contacts.services.rescoring import rescore_contacts
from contacts.services.sources import create_source, rename_source
from tests.contracts.conftest import printed
from tests.worlds import WireClient, World, actor_of

JOHN = "/v1/contacts/contact_123"
EVERYTHING = [
    {"name": "email", "label": "E-mail", "points": 10},
    {"name": "phone", "label": "Phone", "points": 10},
    {"name": "secondaryPhone", "label": "Second phone", "points": 5},
    {"name": "address", "label": "Address", "points": 5},
    {"name": "sourceWebsite", "label": "Source: website", "points": 10},
    {"name": "priceRange", "label": "Price range", "points": 10},
    {"name": "propertyTypes", "label": "Property types", "points": 5},
    {"name": "communicationMethod", "label": "Preferred way to talk", "points": 5},
    {"name": "locations", "label": "Locations", "points": 5},
    {"name": "notes", "label": "Notes", "points": 5},
    {"name": "assigned", "label": "Assigned to somebody", "points": 5},
    {"name": "contacted", "label": "Has been contacted", "points": 10},
]


def score_of(client: WireClient, address: str = JOHN) -> dict[str, Any]:
    response = client.get(f"{address}/score")
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["success", "data"]
    data: dict[str, Any] = body["data"]
    return data


def changes_of(client: WireClient, address: str = JOHN) -> dict[str, int]:
    """The changes since the score was recorded, and that they lead from the one score to the other."""
    data = score_of(client, address)
    changes = {change["name"]: change["points"] for change in data["changes"]}
    assert data["leadScore"] + sum(changes.values()) == data["currentScore"]
    return changes


def created(client: WireClient, **body: Any) -> str:
    sent = {"firstName": "Ada", "lastName": "Thornquist", "email": "ada@example.com", **body}
    return str(client.post("/v1/contacts", sent)["Location"])


def weigh(office: Member, **overrides: int) -> None:
    with tenant_scope(office.organization):
        ScoringWeights.objects.update_or_create(defaults={"overrides": overrides})


# What it says.


def test_a_score_is_told_whole(client: WireClient, john: Contact) -> None:
    data = score_of(client)
    assert data == {
        "contactId": "contact_123",
        "leadScore": 85,
        "currentScore": 85,
        "maximum": 100,
        "scoredAt": data["scoredAt"],
        "parts": EVERYTHING,
        "changes": [],
        "nextFact": None,
        "missing": [],
    }
    assert list(data) == [
        "contactId",
        "leadScore",
        "currentScore",
        "maximum",
        "scoredAt",
        "parts",
        "changes",
        "nextFact",
        "missing",
    ]


def test_what_is_missing_is_told_cheapest_first(client: WireClient, office: Member) -> None:
    data = score_of(client, created(client, phone="+1-555-123-4567"))
    expected = [
        ("source", "Source", "source", 5),
        ("notes", "Notes", "notes", 5),
        ("assigned", "Assigned to somebody", "assignedTo", 5),
        ("secondaryPhone", "Second phone", "secondaryPhone", 5),
        ("address", "Address", "address", 5),
        ("communicationMethod", "Preferred way to talk", "preferences.communicationMethod", 5),
        ("priceRange", "Price range", "preferences.priceRange", 10),
        ("contacted", "Has been contacted", None, 10),
        ("propertyTypes", "Property types", "preferences.propertyTypes", 5),
        ("locations", "Locations", "preferences.locations", 5),
    ]
    assert data["missing"] == [
        {"name": name, "label": label, "field": field, "points": points, "score": 20 + points}
        for name, label, field, points in expected
    ]
    assert data["nextFact"] == data["missing"][0]


def test_a_weight_of_nothing_is_neither_a_part_nor_missing(client: WireClient, office: Member, john: Contact) -> None:
    weigh(office, email=0, notes=0)
    assert {"email", "notes"}.isdisjoint(part["name"] for part in score_of(client)["parts"])
    assert "notes" not in {fact["name"] for fact in score_of(client, created(client))["missing"]}


def test_points_beyond_the_maximum_are_taken_back_and_nothing_is_next(
    client: WireClient, office: Member, john: Contact
) -> None:
    client.put(JOHN, {"notes": None, "calculateLeadScore": True})
    weigh(office, email=60)
    data = score_of(client)
    assert (data["leadScore"], data["currentScore"], data["nextFact"], data["missing"]) == (80, 100, None, [])
    assert data["parts"][-1] == {"name": "clamped", "label": "Beyond 100", "points": -30}
    assert sum(part["points"] for part in data["parts"]) == 100
    assert data["changes"] == [{"name": "weights", "label": "Weights changed", "points": 20}]


def test_a_fact_promises_no_more_than_there_is_room_for(client: WireClient, office: Member) -> None:
    weigh(office, email=97)
    data = score_of(client, created(client))
    assert data["nextFact"] == {"name": "source", "label": "Source", "field": "source", "points": 3, "score": 100}


# What changed.


def test_later_changes_are_told_with_their_points(client: WireClient, john: Contact) -> None:
    before = score_of(client)["scoredAt"]
    client.put(JOHN, {"notes": None, "phone": None, "source": "REFERRAL"})
    client.put(JOHN, {"phone": "+1-555-000-1111", "preferences": {"priceRange": None}})
    data = score_of(client)
    assert data["changes"] == [
        {"name": "sourceReferral", "label": "Source: referral", "points": 20},
        {"name": "sourceWebsite", "label": "Source: website", "points": -10},
        {"name": "priceRange", "label": "Price range", "points": -10},
        {"name": "notes", "label": "Notes", "points": -5},
    ]
    assert (data["leadScore"], data["currentScore"], data["scoredAt"]) == (85, 80, before)


def test_a_new_score_leaves_nothing_that_changed(client: WireClient, john: Contact) -> None:
    client.put(JOHN, {"notes": None})
    client.put(JOHN, {"phone": None, "calculateLeadScore": True})
    assert changes_of(client) == {}
    client.put(JOHN, {"phone": "+1-555-000-1111"})
    assert changes_of(client) == {"phone": 10}


def test_a_score_worked_out_again_is_a_new_score_though_it_stayed(
    client: WireClient, office: Member, john: Contact
) -> None:
    client.put(JOHN, {"notes": None, "address": None})
    client.put(JOHN, {"source": "REFERRAL"})
    before = client.get(JOHN).headers["ETag"]
    assert changes_of(client) == {"notes": -5, "address": -5, "sourceReferral": 20, "sourceWebsite": -10}
    assert client.put(JOHN, {"calculateLeadScore": True}).headers["ETag"] == before
    assert changes_of(client) == {}
    client.put(JOHN, {"notes": "x", "assignedTo": None})
    with tenant_scope(office.organization):
        assert rescore_contacts(actor=actor_of(office)).changed == 0
        recorded = ContactChange.objects.filter(contact=john).count()
        rescore_contacts(actor=actor_of(office))
        assert ContactChange.objects.filter(contact=john).count() == recorded
    assert changes_of(client) == {}
    assert client.put(JOHN, {"notes": None, "address": {"city": "X"}, "calculateLeadScore": True}).status_code == 200
    assert changes_of(client) == {}


def test_a_second_phone_comes_and_goes(client: WireClient, john: Contact) -> None:
    client.put(JOHN, {"secondaryPhone": None})
    assert changes_of(client) == {"secondaryPhone": -5}
    client.put(JOHN, {"calculateLeadScore": True})
    client.put(JOHN, {"secondaryPhone": "+1-555-000-1111"})
    assert changes_of(client) == {"secondaryPhone": 5}


def test_an_activity_is_what_changed(client: WireClient, office: Member) -> None:
    address = created(client)
    client.post(f"{address}/activities", {"type": "PHONE_CALL", "description": "Said hello"})
    assert changes_of(client, address) == {"contacted": 10}
    # Later calls move the moment, not the fact.
    client.put(address, {"calculateLeadScore": True})
    client.post(f"{address}/activities", {"type": "PHONE_CALL", "description": "And again"})
    assert changes_of(client, address) == {}


def test_a_bulk_update_is_what_changed(client: WireClient, john: Contact) -> None:
    client.patch("/v1/contacts/bulk", {"contactIds": ["contact_123"], "updates": {"source": "ZILLOW", "phone": None}})
    assert changes_of(client) == {"phone": -10, "sourceWebsite": -10, "sourceOther": 5}


def test_a_renamed_source_is_what_changed(client: WireClient, office: Member, john: Contact) -> None:
    with tenant_scope(office.organization):
        source = create_source(john.source, actor=actor_of(office))
        rename_source(source, "Referral", actor=actor_of(office))
    assert changes_of(client) == {"sourceReferral": 20, "sourceWebsite": -10}


def test_a_contact_that_came_back_is_as_it_was(client: WireClient, office: Member, john: Contact) -> None:
    client.put(JOHN, {"notes": None})
    with tenant_scope(office.organization):
        delete_contact(john, actor=actor_of(office))
    assert client.get(f"{JOHN}/score").status_code == 404
    with tenant_scope(office.organization):
        restore_contact(john, actor=actor_of(office))
    assert changes_of(client) == {"notes": -5}


def test_who_was_never_scored_has_everything_before_them(client: WireClient, office: Member) -> None:
    address = created(client, calculateLeadScore=False)
    data = score_of(client, address)
    assert (data["leadScore"], data["currentScore"], data["scoredAt"]) == (0, 10, None)
    assert data["changes"] == data["parts"] == [{"name": "email", "label": "E-mail", "points": 10}]
    client.put(address, {"phone": "+1-555-000-1111"})
    assert changes_of(client, address) == {"email": 10, "phone": 10}
    client.put(address, {"calculateLeadScore": True})
    data = score_of(client, address)
    assert (data["leadScore"], data["changes"], data["scoredAt"] is None) == (20, [], False)


def test_other_weights_and_other_facts_are_told_apart(client: WireClient, office: Member, john: Contact) -> None:
    weigh(office, email=30, phone=0)
    client.put(JOHN, {"notes": None, "email": "other@example.com"})
    assert changes_of(client) == {"notes": -5, "weights": 10}
    with tenant_scope(office.organization):
        rescore_contacts(actor=actor_of(office))
    assert changes_of(client) == {}
    assert score_of(client)["leadScore"] == 90


def test_a_score_that_no_record_tells_of_is_not_taken_apart(client: WireClient, office: Member, john: Contact) -> None:
    with tenant_scope(office.organization):
        Contact.objects.filter(pk=john.pk).update(lead_score=33)
    data = score_of(client)
    assert (data["leadScore"], data["currentScore"], data["scoredAt"]) == (33, 85, None)
    assert data["changes"] == [{"name": "unrecorded", "label": "Not on record", "points": 52}]


def test_an_imported_score_without_history_is_not_taken_apart(client: WireClient, office: Member) -> None:
    with tenant_scope(office.organization):
        imported = create_contact(ContactDraft(full_name="Imported Person", notes="x"), actor=actor_of(office))
        other = Contact.objects.create(number=9_001, full_name="By hand", email="hand@example.com", lead_score=70)
    assert changes_of(client, f"/v1/contacts/{imported.winnerr_id}") == {}
    data = score_of(client, f"/v1/contacts/{other.winnerr_id}")
    assert (data["scoredAt"], data["changes"][0]["name"], data["changes"][0]["points"]) == (None, "unrecorded", -60)


def test_the_moment_is_that_of_the_record(client: WireClient, office: Member, john: Contact) -> None:
    with tenant_scope(office.organization):
        recorded = ContactChange.objects.filter(contact=john).latest("id").created_at
    assert score_of(client)["scoredAt"] == recorded.strftime("%Y-%m-%dT%H:%M:%SZ")


# Who may see it.


@pytest.mark.parametrize("identifier", ["contact_999", "nonsense", "contact_123%00"])
def test_an_unknown_contact_is_refused_as_everywhere(client: WireClient, john: Contact, identifier: str) -> None:
    answers = [client.get(f"/v1/contacts/{identifier}{below}") for below in ("", "/score")]
    assert answers[0].status_code == answers[1].status_code == 404
    assert answers[0].json() == answers[1].json()


def test_a_narrowed_agent_sees_the_scores_of_their_own(
    north: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    with north.scope():
        north.organization.agents_see_only_their_contacts = True
        north.organization.save()
    agent = winnerr(north.agent)
    mine, other = (f"/v1/contacts/{contact.winnerr_id}/score" for contact in (north.contact, north.contacts[2]))
    assert agent.get(mine).status_code == 200
    assert agent.get(other).status_code == 404
    assert winnerr(north.viewer).get(other).status_code == 200


def test_the_score_of_another_organization_s_contact_is_not_found(
    north: World, south: World, winnerr: Callable[[Member | None], WireClient]
) -> None:
    assert winnerr(north.owner).get(f"/v1/contacts/{south.contact.winnerr_id}/score").status_code == 404


# Whatever happens, it adds up, and the next fact does what is promised.

VALUES: dict[str, Any] = {
    "email": "new@example.com",
    "phone": "+1-555-000-1111",
    "secondaryPhone": "+1-555-000-2222",
    "address": {"city": "Port Alder"},
    "source": "Open house",
    "notes": "Likes the harbour",
    "preferences.priceRange": {"min": 1, "max": 2},
    "preferences.propertyTypes": ["CONDO"],
    "preferences.communicationMethod": "EMAIL",
    "preferences.locations": ["Old Mill"],
}


def body_with(field: str, value: Any) -> dict[str, Any]:
    for name in reversed(field.split(".")):
        value = {name: value}
    return dict(value)


changes_to_a_contact = st.sampled_from(sorted(VALUES)).flatmap(
    lambda field: st.sampled_from([VALUES[field]] if field == "email" else [VALUES[field], None]).map(
        lambda value: body_with(field, value)
    )
)
steps = st.one_of(
    st.tuples(st.just("put"), changes_to_a_contact),
    st.tuples(st.just("score"), changes_to_a_contact),
    st.tuples(st.just("bulk"), changes_to_a_contact.filter(lambda body: "email" not in body)),
    st.tuples(st.just("call"), st.none()),
    st.tuples(st.just("weigh"), st.dictionaries(st.sampled_from(["email", "phone", "notes"]), st.integers(0, 100))),
    st.tuples(st.just("rescore"), st.none()),
)


def take(step: tuple[str, Any], client: WireClient, office: Member, contact: Contact) -> None:
    """One thing that may happen to a contact, through the door it comes in by."""
    kind, value = step
    address = f"/v1/contacts/{contact.winnerr_id}"
    if kind == "bulk":
        client.patch("/v1/contacts/bulk", {"contactIds": [contact.winnerr_id], "updates": value})
    elif kind in ("put", "score"):
        client.put(address, value | {"calculateLeadScore": kind == "score"})
    elif kind == "weigh":
        weigh(office, **value)
    else:
        with tenant_scope(office.organization):
            if kind == "call":
                record_activity(contact, ActivityDraft(type="PHONE_CALL"), actor=actor_of(office))
            else:
                rescore_contacts(actor=actor_of(office))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scored=st.booleans(), taken=st.lists(steps, max_size=8))
@example(scored=True, taken=[("weigh", {"email": 100}), ("put", {"notes": "x"}), ("rescore", None)])
@pytest.mark.django_db
def test_whatever_happens_the_parts_and_the_changes_add_up_and_the_next_fact_keeps_its_promise(
    client: WireClient, office: Member, scored: bool, taken: list[tuple[str, Any]]
) -> None:
    with tenant_scope(office.organization):
        Contact.objects.active().update(deleted_at=timezone.now() - timedelta(days=1))
        weigh(office)
        contact = create_contact(ContactDraft(full_name="Somebody"), actor=actor_of(office), score=scored)
    address = f"/v1/contacts/{contact.winnerr_id}"
    for step in taken:
        take(step, client, office, contact)

    data = score_of(client, address)
    assert sum(part["points"] for part in data["parts"]) == data["currentScore"]
    assert data["leadScore"] + sum(change["points"] for change in data["changes"]) == data["currentScore"]
    assert "unrecorded" not in {change["name"] for change in data["changes"]}
    fact = data["nextFact"]
    if fact is None:
        assert data["currentScore"] == 100 or not data["missing"]
        return
    if fact["field"] is None:
        take(("call", None), client, office, contact)
    else:
        given_value = f"agent_{office.uuid}" if fact["field"] == "assignedTo" else VALUES[fact["field"]]
        client.put(address, body_with(fact["field"], given_value))
    assert score_of(client, address)["currentScore"] == fact["score"]
    assert client.put(address, {"calculateLeadScore": True}).json()["data"]["leadScore"] == fact["score"]
    assert changes_of(client, address) == {}


# ``calculateLeadScore`` (CONTRACTS W-C5).

JANE = printed("create_contact.request")


@pytest.mark.parametrize("wrong", [None, "yes", "true", 1, 0, [], {}])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "bulk"])
def test_the_flag_is_true_or_false_and_nothing_like_them(
    client: WireClient, john: Contact, method: str, wrong: Any
) -> None:
    sent = {"notes": "x", "calculateLeadScore": wrong}
    if method == "bulk":
        response = client.patch("/v1/contacts/bulk", {"contactIds": ["contact_123"], "updates": sent})
    else:
        response = client.request(method, "/v1/contacts" if method == "POST" else JOHN, json={**JANE, **sent})
    code, message = (
        ("required", "calculate lead score is required")
        if wrong is None
        else ("invalid_type", "calculate lead score must be a boolean")
    )
    prefix, label = ("updates.", "Updates " + message) if method == "bulk" else ("", message.capitalize())
    assert response.status_code == 422
    assert response.json()["error"]["errors"] == [
        {"field": f"{prefix}calculateLeadScore", "code": code, "message": label}
    ]
    assert client.get(JOHN).json()["data"]["notes"] == printed("contact")["notes"]


@pytest.mark.parametrize(
    ("flag", "score"), [({}, 85), ({"calculateLeadScore": False}, 85), ({"calculateLeadScore": True}, 75)]
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "bulk"])
def test_a_change_scores_only_when_it_is_asked_to(
    client: WireClient, john: Contact, method: str, flag: dict[str, bool], score: int
) -> None:
    sent = {"phone": None, **flag}
    if method == "bulk":
        response = client.patch("/v1/contacts/bulk", {"contactIds": ["contact_123"], "updates": sent})
        assert response.json()["data"]["results"] == [{"id": "contact_123", "success": True}]
    else:
        response = client.request(method, JOHN, json=sent)
        assert response.json()["data"]["leadScore"] == score
    assert "calculateLeadScore" not in response.content.decode()
    stored = client.get(JOHN).json()["data"]
    assert (stored["leadScore"], "calculateLeadScore" in stored) == (score, False)


def test_a_bulk_update_with_the_flag_alone_scores_each_contact(client: WireClient, john: Contact) -> None:
    unscored = created(client, calculateLeadScore=False)
    client.put(JOHN, {"notes": None})
    ids = ["contact_123", unscored.rpartition("/")[2]]
    answer = client.patch("/v1/contacts/bulk", {"contactIds": ids, "updates": {"calculateLeadScore": True}})
    assert answer.json()["data"]["updated"] == 2
    assert [score_of(client, f"/v1/contacts/{each}")["leadScore"] for each in ids] == [80, 10]
