"""Winnerr's contact as a whole document: what goes in, what comes out, and what a change leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Member
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.models import Contact, ContactChange, ContactPhone
from contacts.services import create_contact, update_contact
from tests.contracts.conftest import john_draft, printed
from tests.worlds import WireClient, actor_of

KEYS = list(printed("contact"))
JOHN = "/v1/contacts/contact_123"
READ_ONLY = {
    "id": "contact_999",
    "organizationId": "org_999",
    "leadScore": 1,
    "createdAt": "2001-01-01T00:00:00Z",
    "updatedAt": "2001-01-01T00:00:00Z",
    "lastContactedAt": "2001-01-01T00:00:00Z",
}


def whole_body(office: Member, **changes: Any) -> dict[str, Any]:
    """A body that says everything a client may say."""
    john = printed("contact")
    writable = {name: value for name, value in john.items() if name not in READ_ONLY}
    return writable | {"assignedTo": office.public_id, "status": "INACTIVE", "type": "REFERRAL"} | changes


def stored(office: Member, contact_id: int) -> dict[str, Any]:
    """Every column of the row."""
    with tenant_scope(office.organization):
        return dict(Contact.objects.filter(pk=contact_id).values().get())


def faults(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.content
    error = response.json()["error"]
    assert list(error) == ["type", "title", "status", "detail", "errors"]
    assert all(list(fault) == ["field", "code", "message"] for fault in error["errors"])
    return [(fault["field"], fault["code"]) for fault in error["errors"]]


def test_everything_that_is_sent_is_read_back_in_the_printed_order(office, client):
    sent = whole_body(office)

    created = client.post("/v1/contacts", sent)

    assert created.status_code == 201
    document = created.json()["data"]
    assert list(document) == KEYS
    assert {name: document[name] for name in sent} == sent
    assert list(document["address"]) == ["street", "city", "state", "zipCode", "country"]
    assert list(document["preferences"]) == ["communicationMethod", "propertyTypes", "priceRange", "locations"]
    assert list(document["preferences"]["priceRange"]) == ["min", "max"]
    read = client.get(created["Location"])
    listed = client.get("/v1/contacts").json()["data"]
    changed = client.put(created["Location"], sent).json()["data"]
    assert list(read.json()["data"])[:19] == list(listed[0]) == list(changed) == KEYS
    assert {name: read.json()["data"][name] for name in KEYS} == listed[0] == changed == document


def test_what_was_never_set_is_null(client):
    created = client.post("/v1/contacts", {"firstName": "A", "lastName": "B", "email": "a@example.com"})

    document = created.json()["data"]
    generated = {name: document[name] for name in ("id", "organizationId", "createdAt", "updatedAt")}
    assert document == generated | {
        "firstName": "A",
        "lastName": "B",
        "email": "a@example.com",
        "phone": None,
        "secondaryPhone": None,
        "address": None,
        "type": "LEAD",
        "status": "ACTIVE",
        "source": None,
        "leadScore": 10,
        "tags": [],
        "notes": None,
        "preferences": None,
        "assignedTo": None,
        "lastContactedAt": None,
    }


def test_a_document_sent_back_as_it_was_read_writes_nothing(office, client, john):
    before = client.get(JOHN).json()["data"]
    row = stored(office, john.pk)

    response = client.put(JOHN, before)

    assert response.status_code == 200
    assert response.json()["data"] == {name: before[name] for name in KEYS}
    assert stored(office, john.pk) == row
    with tenant_scope(office.organization):
        assert ContactChange.objects.filter(contact=john).count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"unknown": 1},
        {"tags": ["first-time-buyer", "luxury-market"]},
        {"notes": " Interested in waterfront properties "},
        {"address": {}},
        {"preferences": {}},
        {"type": None},
        {"status": None},
    ],
)
def test_a_change_that_says_nothing_new_writes_nothing(office, client, john, body):
    row = stored(office, john.pk)

    response = client.put(JOHN, body)

    assert response.status_code == 200
    assert stored(office, john.pk) == row
    with tenant_scope(office.organization):
        assert ContactChange.objects.filter(contact=john).count() == 1


MERGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"phone": "+1-555-111-2222"}, {"phone": "+1-555-111-2222"}),
    ({"address": {"city": "Tampa"}}, {"address": {**printed("contact")["address"], "city": "Tampa"}}),
    ({"address": {"city": None}}, {"address": {**printed("contact")["address"], "city": None}}),
    ({"address": None}, {"address": None}),
    ({"address": dict.fromkeys(printed("contact")["address"], "")}, {"address": None}),
    (
        {"preferences": {"locations": ["Doral"]}},
        {"preferences": {**printed("contact")["preferences"], "locations": ["Doral"]}},
    ),
    (
        {"preferences": {"priceRange": None, "communicationMethod": None}},
        {"preferences": {**printed("contact")["preferences"], "priceRange": None, "communicationMethod": None}},
    ),
    (
        {"preferences": {"priceRange": {"max": 900_000}}},
        {"preferences": {**printed("contact")["preferences"], "priceRange": {"min": 300_000, "max": 900_000}}},
    ),
    (
        {"preferences": {"priceRange": {"min": None}}},
        {"preferences": {**printed("contact")["preferences"], "priceRange": {"min": None, "max": 800_000}}},
    ),
    ({"preferences": None}, {"preferences": None}),
    (
        {"preferences": {"communicationMethod": "", "propertyTypes": [], "priceRange": None, "locations": None}},
        {"preferences": None},
    ),
    ({"tags": []}, {"tags": []}),
    ({"tags": None}, {"tags": []}),
    ({"tags": ["b", "a", "b", " a "]}, {"tags": ["b", "a"]}),
    ({"notes": None}, {"notes": None}),
    ({"notes": ""}, {"notes": None}),
    ({"source": "   "}, {"source": None}),
    ({"phone": None}, {"phone": None}),
    ({"secondaryPhone": None}, {"secondaryPhone": None}),
    ({"secondaryPhone": "555 0001"}, {"secondaryPhone": "555 0001"}),
    ({"assignedTo": None}, {"assignedTo": None}),
    ({"assignedTo": ""}, {"assignedTo": None}),
    ({"type": "VENDOR"}, {"type": "VENDOR"}),
    ({"status": "CLIENT"}, {"status": "CLIENT"}),
    ({"firstName": " Johnny "}, {"firstName": "Johnny"}),
    ({"email": "John.DOE@Example.com"}, {"email": "John.DOE@Example.com"}),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_merges(office, client, john, method):
    before = {name: value for name, value in client.get(JOHN).json()["data"].items() if name in KEYS}
    for sent, changes in MERGES:
        response = client.request(method, JOHN, json=sent)

        assert response.status_code == 200, response.content
        after = response.json()["data"]
        assert after == before | changes | {"updatedAt": after["updatedAt"]}, sent
        assert after["updatedAt"] > before["updatedAt"]
        assert {name: client.get(JOHN).json()["data"][name] for name in KEYS} == after
        # Back to what is printed, for the next one.
        client.delete(JOHN)
        with tenant_scope(office.organization):
            Contact.objects.filter(winnerr_key="contact_123").update(winnerr_key=None)
            create_contact(john_draft(assigned_to=office.pk), actor=actor_of(office))


@pytest.mark.parametrize("name", ["firstName", "lastName", "email"])
@pytest.mark.parametrize("value", [None, "", " \t"])
def test_a_required_field_cannot_be_cleared(office, client, john, name, value):
    row = stored(office, john.pk)

    assert faults(client.put(JOHN, {name: value, "notes": "x"})) == [(name, "required")]
    assert stored(office, john.pk) == row


OTHER_KEYS = """
    organization_id tenant_id lead_score score created_at updated_at appliedAt deletedAt deleted_at isDeleted is_deleted
    created_by createdBy date_created date_updated date_converted_to_client source_verified version is_staff is_superuser
    role stage name fullName full_name channelPreference language uuid number pk winnerr_key first_name last_name zip_code
    secondary_phone assigned_to assigned_to_id assignedToId custom_values custom_fields extra users is_lead is_company
    company_name source_id referralSource companyName changes history email_norm emailNorm phone_norm search_text
    FirstName FIRSTNAME Email E-mail address.city preferences.locations notes[] tags[0] $set __class__ __proto__
    constructor _state _method deals communications activities
"""


def mass_assignments() -> Iterator[tuple[str, Any]]:
    """Every column, and every key of any wire that is not Winnerr's to write, with values of several types."""
    columns = [
        name for field in Contact._meta.get_fields() for name in {field.name, getattr(field, "attname", field.name)}
    ]
    ours = {name for name in KEYS if name not in READ_ONLY} | {"calculateLeadScore"}
    wires = OTHER_KEYS.split()
    for name in dict.fromkeys([*READ_ONLY, *columns, *wires]):
        if name not in ours:
            for value in (READ_ONLY.get(name, "changed"), 7, None, True, ["x"], {"x": "y"}):
                yield name, value


def test_no_key_but_the_documented_ones_changes_anything(office, client, john):
    row = stored(office, john.pk)
    pairs = list(mass_assignments())
    assert len(pairs) > 500
    # Each key by itself with one kind of value, then all keys at once with each kind.
    alone = [{name: value} for index, (name, value) in enumerate(pairs) if index % 6 == index // 6 % 6]
    together = [dict(pairs[index::6]) for index in range(6)]
    for sent in alone + together:
        response = client.put(JOHN, sent)
        assert response.status_code == 200, (sent, response.content)
    for outer in ("address", "preferences"):
        documented = {path.partition(".")[2].partition(".")[0] for path in TYPES if path.startswith(f"{outer}.")}
        strange = {name: value for name, value in mass_assignments() if name not in documented}
        assert client.put(JOHN, {outer: strange}).status_code == 200

    assert stored(office, john.pk) == row


def test_no_key_but_the_documented_ones_counts_on_a_new_contact(office, client):
    plain = client.post("/v1/contacts", {"firstName": "A", "lastName": "B", "email": "a@example.com"}).json()["data"]
    more = {"firstName": "A", "lastName": "B", "email": "b@example.com"}
    for index in range(6):
        sent = dict(list(mass_assignments())[index::6]) | more | {"email": f"b{index}@example.com"}
        response = client.post("/v1/contacts", sent)
        assert response.status_code == 201, response.content
        data = response.json()["data"]
        own = {name: data[name] for name in ("id", "createdAt", "updatedAt", "email")}
        assert data == plain | own
        assert data["id"] != READ_ONLY["id"]
        assert data["createdAt"] > "2025"


WRONG_TYPES: dict[str, list[Any]] = {
    "text": [1, 1.5, True, False, [], ["x"], {}, {"x": 1}],
    "list": ["x", 1, True, {}, {"0": "x"}],
    "object": ["x", 1, True, [], ["x"], ""],
    "number": ["1", True, [], {}],
    "flag": ["true", 1, 0, [], None],
}
TYPES = {
    "firstName": "text",
    "lastName": "text",
    "email": "text",
    "phone": "text",
    "secondaryPhone": "text",
    "type": "text",
    "status": "text",
    "source": "text",
    "notes": "text",
    "assignedTo": "text",
    "tags": "list",
    "address": "object",
    "preferences": "object",
    "address.street": "text",
    "address.city": "text",
    "address.state": "text",
    "address.zipCode": "text",
    "address.country": "text",
    "preferences.communicationMethod": "text",
    "preferences.propertyTypes": "list",
    "preferences.locations": "list",
    "preferences.priceRange": "object",
    "preferences.priceRange.min": "number",
    "preferences.priceRange.max": "number",
    "calculateLeadScore": "flag",
}


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@pytest.mark.parametrize("path", TYPES)
def test_types_are_strict(office, client, john, path):
    row = stored(office, john.pk)
    for value in WRONG_TYPES[TYPES[path]]:
        code = "required" if value is None else "invalid_type"
        assert faults(client.put(JOHN, nested(path, value))) == [(path, code)], value
        new = {"firstName": "A", "lastName": "B", "email": "a@example.com"} | nested(path, value)
        assert faults(client.post("/v1/contacts", new)) == [(path, code)], value
    assert stored(office, john.pk) == row


@pytest.mark.parametrize(
    ("path", "longest"),
    [
        ("firstName", 100),
        ("lastName", 100),
        ("phone", 40),
        ("secondaryPhone", 40),
        ("source", 50),
        ("notes", 10_000),
        ("address.street", 200),
        ("address.city", 200),
        ("address.state", 200),
        ("address.zipCode", 200),
        ("address.country", 200),
        ("preferences.communicationMethod", 200),
    ],
)
def test_lengths_are_counted_in_code_points(client, john, path, longest):
    for character in ("x", "é", "\U0001f3e1", "\u0301", "\ufdfa"):
        _check_length(client, path, longest, character)


def _check_length(client: WireClient, path: str, longest: int, character: str) -> None:
    response = client.put(JOHN, nested(path, character * longest))
    assert response.status_code == 200, response.content
    value = client.get(JOHN).json()["data"]
    for key in path.split("."):
        value = value[key]
    assert value == character * longest

    response = client.put(JOHN, nested(path, character * (longest + 1)))
    assert faults(response) == [(path, "too_long")]
    assert str(longest) in response.json()["error"]["errors"][0]["message"].replace(",", "")


def test_an_address_has_at_most_254_characters(client, john):
    domain = ".".join(["d" * 60] * 3) + ".example.com"
    longest = f"{'l' * 50}@{domain}"
    assert len(longest) <= 254
    assert client.put(JOHN, {"email": longest}).status_code == 200
    assert faults(client.put(JOHN, {"email": f"{'l' * 64}@{domain}.{'e' * 60}.com"}))[0][0] == "email"


def test_tags_are_at_most_100_of_50_characters(client, john):
    names = [f"{number:03}".ljust(50, "é") for number in range(100)]

    assert client.put(JOHN, {"tags": names}).json()["data"]["tags"] == names
    assert faults(client.put(JOHN, {"tags": [*names, "one more"]})) == [("tags", "too_long")]
    assert faults(client.put(JOHN, {"tags": ["a", "x" * 51, "", None, 5]})) == [
        ("tags.1", "too_long"),
        ("tags.2", "required"),
        ("tags.3", "required"),
        ("tags.4", "invalid_type"),
    ]
    assert client.get(JOHN).json()["data"]["tags"] == names


def test_tags_differ_by_case_and_keep_their_order(client, john):
    names = ["VIP", "vip", "Vip", "ＶＩＰ", "a,b", "%", "é", "e\u0301"]

    assert client.put(JOHN, {"tags": names}).json()["data"]["tags"] == names
    assert client.get(JOHN).json()["data"]["tags"] == names


def test_all_faults_are_told_at_once_by_dotted_path(client):
    sent = {
        "firstName": 5,
        "email": "x",
        "phone": "1" * 41,
        "type": "lead",
        "status": "DONE",
        "assignedTo": "agent_123",
        "address": {"city": 1, "street": "x" * 201},
        "preferences": {"priceRange": {"min": -1, "max": "much"}, "locations": ["a", 1]},
        "tags": [""],
        "calculateLeadScore": "yes",
    }

    assert sorted(faults(client.post("/v1/contacts", sent))) == sorted(
        [
            ("firstName", "invalid_type"),
            ("lastName", "required"),
            ("email", "invalid_email"),
            ("phone", "too_long"),
            ("type", "invalid_value"),
            ("status", "invalid_value"),
            ("assignedTo", "not_found"),
            ("address.city", "invalid_type"),
            ("address.street", "too_long"),
            ("preferences.priceRange.min", "out_of_range"),
            ("preferences.priceRange.max", "invalid_type"),
            ("preferences.locations.1", "invalid_type"),
            ("tags.0", "required"),
            ("calculateLeadScore", "invalid_type"),
        ]
    )


@pytest.mark.parametrize(
    ("price", "field"),
    [
        ({"min": 5, "max": 4}, "preferences.priceRange.max"),
        ({"min": -0.5}, "preferences.priceRange.min"),
        ({"max": 10**16}, "preferences.priceRange.max"),
        # With what is stored: 300,000 to 800,000.
        ({"min": 900_000}, "preferences.priceRange.max"),
        ({"max": 1}, "preferences.priceRange.max"),
    ],
)
def test_a_price_range_has_bounds_in_order(office, client, john, price, field):
    row = stored(office, john.pk)

    assert faults(client.put(JOHN, {"preferences": {"priceRange": price}})) == [(field, "out_of_range")]
    assert stored(office, john.pk) == row


@pytest.mark.parametrize("price", [{"min": 0, "max": 0}, {"min": 0.5, "max": 1_000_000.25}, {"min": None, "max": 5}])
def test_prices_keep_their_kind_of_number(client, john, price):
    sent = client.put(JOHN, {"preferences": {"priceRange": price}}).json()["data"]["preferences"]["priceRange"]

    assert sent == price
    assert [type(value) for value in sent.values()] == [type(value) for value in price.values()]


@pytest.mark.parametrize(
    "agent",
    [
        "agent_123",
        "123",
        "AGENT",
        "agent_",
        "x" * 101,
        "agent_00000000-0000-4000-8000-000000000000",
        "org",
        "%",
        "\u00e9",
    ],
)
def test_an_agent_nobody_is_cannot_be_assigned(client, john, agent):
    (fault,) = faults(client.put(JOHN, {"assignedTo": agent}))
    assert fault[0] == "assignedTo"
    assert fault[1] in {"not_found", "too_long"}


def test_a_stranger_s_agent_is_as_unknown_as_nobody(client, john, south):
    responses = [
        client.put(JOHN, {"assignedTo": agent}).json()
        for agent in (south.agent.public_id, "agent_00000000-0000-4000-8000-000000000000", str(south.agent.pk))
    ]
    assert responses[0] == responses[1] == responses[2]


def test_the_secondary_phone_is_the_first_further_phone(office, client, john):
    with tenant_scope(office.organization):
        phones = (
            PhoneDraft(phone="555 0001", label="work", note="till five"),
            PhoneDraft(phone="555 0002", label="home"),
        )
        update_contact(john, ContactDraft(further_phones=phones), actor=actor_of(office))

    def rows() -> list[tuple[str, str, str]]:
        with tenant_scope(office.organization):
            found = ContactPhone.objects.filter(contact=john).order_by("position")
            return list(found.values_list("phone", "label", "note"))

    assert client.get(JOHN).json()["data"]["secondaryPhone"] == "555 0001"
    assert client.put(JOHN, {"secondaryPhone": "555 0009"}).json()["data"]["secondaryPhone"] == "555 0009"
    assert rows() == [("555 0009", "work", "till five"), ("555 0002", "home", "")]
    assert client.put(JOHN, {"secondaryPhone": None}).json()["data"]["secondaryPhone"] == "555 0002"
    assert rows() == [("555 0002", "home", "")]
    assert client.put(JOHN, {"secondaryPhone": ""}).json()["data"]["secondaryPhone"] is None
    assert rows() == []


def test_a_name_as_written_elsewhere_survives_its_parts_being_sent_back(office, client, john):
    with tenant_scope(office.organization):
        update_contact(john, ContactDraft(full_name="Dr. John  van der Doe, Jr."), actor=actor_of(office))
    document = client.get(JOHN).json()["data"]

    client.put(JOHN, {"firstName": document["firstName"], "lastName": document["lastName"], "notes": "new"})

    row = stored(office, john.pk)
    assert (row["full_name"], row["notes"]) == ("Dr. John  van der Doe, Jr.", "new")
    client.put(JOHN, {"lastName": "Roe"})
    assert stored(office, john.pk)["full_name"] == f"{document['firstName']} Roe"


def test_a_round_trip_through_this_wire_changes_nothing_the_others_own(office, client, john):
    with tenant_scope(office.organization):
        others = ContactDraft(
            company_name="Doe Ltd",
            email_label="work",
            email_note="mornings",
            phone_label="mobile",
            phone_note="no texts",
            stage="applicant",
            role="tenant",
            referral_source="a friend",
            channel_preference="sms",
            language="es",
            extra={"kept": [1, 2]},
            further_emails=(EmailDraft(email="j@example.org", label="home"),),
            further_assignees=(office.pk,),
            related_people=(RelatedPersonDraft(first_name="Pat"),),
        )
        update_contact(john, others, actor=actor_of(office))
    before = stored(office, john.pk)
    owned_here = {"notes", "version", "updated_at"}

    client.put(JOHN, client.get(JOHN).json()["data"] | {"notes": "changed here"})

    after = stored(office, john.pk)
    assert {name for name in after if after[name] != before[name]} == owned_here
    with tenant_scope(office.organization):
        assert (john.further_emails.count(), john.further_assignees.count(), john.related_people.count()) == (1, 1, 1)


def test_leaving_lead_is_a_conversion_and_coming_back_undoes_it(office, client, john):
    assert stored(office, john.pk)["converted_at"] is None
    started = timezone.now()

    client.put(JOHN, {"type": "CLIENT"})
    converted_at = stored(office, john.pk)["converted_at"]
    assert started <= converted_at <= timezone.now()
    client.put(JOHN, {"type": "PAST_CLIENT"})
    assert stored(office, john.pk)["converted_at"] == converted_at
    client.put(JOHN, {"type": "LEAD"})
    assert stored(office, john.pk)["converted_at"] is None


def test_status_says_nothing_about_type(office, client, john):
    client.put(JOHN, {"status": "CLIENT"})

    row = stored(office, john.pk)
    assert (row["type"], row["status"], row["stage"], row["converted_at"]) == ("LEAD", "CLIENT", "prospect", None)


def test_the_version_moves_with_every_change_and_with_it_the_time(office, client, john):
    before = stored(office, john.pk)
    for body in (
        {"notes": "x"},
        {"tags": ["only this"]},
        {"secondaryPhone": "1"},
        {"preferences": None},
        {"email": "J@x.com"},
    ):
        client.put(JOHN, body)
        after = stored(office, john.pk)
        assert after["version"] == before["version"] + 1, body
        assert after["updated_at"] >= before["updated_at"]
        assert after["created_at"] == john.created_at
        before = after


def test_the_time_never_goes_back(office, client, john):
    future = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    with tenant_scope(office.organization):
        Contact.objects.filter(pk=john.pk).update(updated_at=future)

    client.put(JOHN, {"notes": "x"})

    assert stored(office, john.pk)["updated_at"] == future


def test_a_recomputed_score_moves_the_version_and_not_the_time(office, client, john):
    client.put(JOHN, {"phone": None})
    before = stored(office, john.pk)
    assert before["lead_score"] == 85

    response = client.put(JOHN, {"calculateLeadScore": True})

    after = stored(office, john.pk)
    assert response.json()["data"]["leadScore"] == after["lead_score"] == 75
    assert after["version"] == before["version"] + 1
    assert after["updated_at"] == before["updated_at"]


@pytest.mark.parametrize(
    ("flag", "score"), [({}, 60), ({"calculateLeadScore": True}, 60), ({"calculateLeadScore": False}, 0)]
)
def test_jane_scores_60_unless_no_score_is_asked_for(client, flag, score):
    response = client.post("/v1/contacts", printed("create_contact.request") | flag)

    assert response.json()["data"]["leadScore"] == score
    assert "calculateLeadScore" not in response.json()["data"]


def test_john_scores_85_once_he_was_spoken_to(client, john):
    assert client.get(JOHN).json()["data"]["leadScore"] == 85
    unspoken = printed("contact") | {"email": "other@example.com", "assignedTo": None}
    assert client.post("/v1/contacts", unspoken).json()["data"]["leadScore"] == 70


def test_a_change_keeps_the_score_until_it_is_asked_for(client, john):
    assert client.put(JOHN, {"notes": None}).json()["data"]["leadScore"] == 85
    assert client.put(JOHN, {"phone": None, "calculateLeadScore": False}).json()["data"]["leadScore"] == 85
    assert client.put(JOHN, {"calculateLeadScore": True}).json()["data"]["leadScore"] == 70


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true", b'[{"notes": "x"}]'])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/contacts"), ("PUT", JOHN), ("PATCH", JOHN)])
def test_a_body_is_an_object(client: WireClient, john, method, path, body):
    response = client.request(method, path, body=body)

    assert response.status_code == 400
    assert response.json() == {
        "success": False,
        "error": {
            "type": "invalid_request_error",
            "title": "Invalid Request",
            "status": 400,
            "detail": "The body must be a JSON object",
        },
    }
