"""How an EstatePrime program changes and deletes a contact, and what stays (CONTRACTS 3.9, 7.8, E-S5, E-S6, E-S12)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from contacts.models import Contact, ContactType, Source, Tag
from tests.contracts.ada import DEFAULTS, GENERATED, NOT_FOUND, ada, changed, made, read, refusal, refused, stored
from tests.contracts.routed import ESTATEPRIME, PROGRAMS, RENTALOT, WINNERR
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[ESTATEPRIME](north.owner)


@pytest.fixture
def address(client: WireClient, north: World) -> str:
    """Where Ada is."""
    return made(client, ada(north))


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_what_is_cleared(client: WireClient, address: str, empty: str | None) -> None:
    before = read(client, address)

    document = changed(client, address, dict.fromkeys(["first_name", "company_name", "notes"], empty))

    cleared = {"first_name": "", "company_name": None, "notes": ""}
    assert document == before | cleared | {"date_updated": document["date_updated"]}


@pytest.mark.parametrize("key", ["phones", "emails", "contact_details", "tags", "users"])
@pytest.mark.parametrize("empty", [[], None])
def test_a_list_is_emptied_and_the_others_stay(client: WireClient, address: str, key: str, empty: Any) -> None:
    before = read(client, address)

    document = changed(client, address, {key: empty})

    assert document == before | {key: [], "date_updated": document["date_updated"]}


def test_a_source_is_taken_away(client: WireClient, address: str, north: World) -> None:
    before = read(client, address)
    assert stored(north, address).source == f"website {north.canary}"

    document = changed(client, address, {"source_id": None})

    assert document == before | {"source_id": None, "date_updated": document["date_updated"]}
    assert stored(north, address).source == ""


def test_a_source_that_is_none_of_the_teams_has_no_id_and_stays(client: WireClient, north: World) -> None:
    winnerr = PROGRAMS[WINNERR](north.owner)
    one = f"/v1/contacts/{north.contacts[1].winnerr_id}"
    assert winnerr.patch(one, {"source": "elsewhere"}).status_code == 200
    address = f"{CONTACTS}/{north.contacts[1].number}"

    document = read(client, address)

    assert document["source_id"] is None
    assert changed(client, address, document) == document
    # That it has no id is known already.
    changed(client, address, {"notes": "x", "source_id": None})
    assert winnerr.get(one).json()["data"]["source"] == "elsewhere"


def test_nothing_is_left_of_nobody(client: WireClient) -> None:
    address = made(client, {"first_name": "A"})

    assert refusal(client.patch(address, {"first_name": ""})) == refused("Missing first_name")
    assert read(client, address)["first_name"] == "A"
    assert changed(client, address, {"first_name": "", "company_name": "C"})["company_name"] == "C"


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("phones", [{"type": "home", "number": "3", "notes": ""}]),
        ("phones", [{"type": "", "number": str(number), "notes": ""} for number in (3, 1, 2, 1)]),
        ("emails", [{"type": "", "email_address": "ada@second.example", "notes": "now the first"}]),
        (
            "emails",
            [{"type": "", "email_address": f"{name}@example.net", "notes": ""} for name in ("c", "a", "b", "a")],
        ),
        ("contact_details", [{"first_name": "C", "last_name": "D", "mobile": None, "email": None, "notes": ""}]),
        ("tags", [2]),
    ],
    ids=str,
)
def test_a_list_is_replaced_as_a_whole(client: WireClient, address: str, key: str, rows: list[Any]) -> None:
    before = read(client, address)

    document = changed(client, address, {key: rows})

    assert document == before | {key: rows, "date_updated": document["date_updated"]}


def test_users_are_replaced_and_the_first_is_the_one_responsible(
    client: WireClient, address: str, north: World
) -> None:
    for members in ([north.owner, north.viewer, north.agent], [north.agent], [], [north.viewer, north.admin]):
        assert changed(client, address, {"users": [member.number for member in members]})["users"] == [
            member.number for member in members
        ]
        assert stored(north, address).assigned_to_id == (members[0].pk if members else None)


def test_custom_fields_merge_by_id(client: WireClient, address: str) -> None:
    assert changed(client, address, {"custom_fields": []})["custom_fields"] == [{"custom_field_id": 1, "value": 2}]
    assert changed(client, address, {"custom_fields": None})["custom_fields"] == [{"custom_field_id": 1, "value": 2}]
    assert changed(client, address, {"custom_fields": {"1": 1}})["custom_fields"] == [
        {"custom_field_id": 1, "value": 1}
    ]
    assert changed(client, address, {"custom_fields": [{"custom_field_id": 1, "value": None}]})["custom_fields"] == []


def test_an_unknown_field_is_named_by_its_id(client: WireClient, address: str) -> None:
    for values in ([{"custom_field_id": 99, "value": 1}], {"99": 1}, [{"custom_field_id": "99", "value": 1}]):
        assert refusal(client.patch(address, {"custom_fields": values})) == refused("Invalid custom_field_id 99")
    wrong = [{"custom_field_id": 1, "value": "nothing it offers"}]
    assert refusal(client.patch(address, {"custom_fields": wrong})) == refused("Invalid custom_field_id 1")


def test_a_change_of_nothing_changes_nothing(client: WireClient, address: str, north: World) -> None:
    before, version = read(client, address), client.get(address)["ETag"]

    for body in ({}, before, {"first_name": "Ada"}, {"is_lead": True}, {"tags": [2, 1, 1]}, {"unknown": 1}):
        assert changed(client, address, body) == before, body
        assert client.get(address)["ETag"] == version


def test_what_is_read_may_be_sent_back_and_changes_nothing_on_any_wire(client: WireClient, north: World) -> None:
    for contact in north.contacts:
        addresses = {
            WINNERR: f"/v1/contacts/{contact.winnerr_id}",
            RENTALOT: f"/api/v1/contacts/{contact.uuid}",
            ESTATEPRIME: f"{CONTACTS}/{contact.number}",
        }
        programs = {prefix: PROGRAMS[prefix](north.owner) for prefix in addresses}
        before = {prefix: programs[prefix].get(path).content for prefix, path in addresses.items()}

        changed(client, addresses[ESTATEPRIME], read(client, addresses[ESTATEPRIME]))

        assert {prefix: programs[prefix].get(path).content for prefix, path in addresses.items()} == before


def test_what_this_wire_cannot_say_stays_as_other_wires_have_it(client: WireClient, north: World) -> None:
    winnerr = PROGRAMS[WINNERR](north.owner)
    body = {
        "firstName": "A",
        "lastName": "B",
        "email": "ab@example.org",
        "secondaryPhone": "555-0100",
        "tags": [f"tag {north.canary}", "vip"],
    }
    theirs = winnerr.post("/v1/contacts", body)["Location"]
    before = winnerr.get(theirs).json()["data"]
    ours = client.get(CONTACTS).json()["data"][0]
    address = f"{CONTACTS}/{ours['id']}"
    assert ours["phones"] == [{"type": "", "number": "555-0100", "notes": ""}]
    assert ours["tags"] == [1, 2]

    assert changed(client, address, ours) == ours
    assert winnerr.get(theirs).json()["data"] == before
    # What is said anew is said in the order it is sent.
    new = [{"type": "", "number": number, "notes": ""} for number in ("1", "555-0100")]
    assert changed(client, address, {"phones": new, "tags": [1]})["phones"] == new
    after = winnerr.get(theirs).json()["data"]
    assert (after["phone"], after["secondaryPhone"], after["tags"]) == ("1", "555-0100", ["vip"])


def test_a_contact_that_nobody_made_may_be_sent_back_and_copied(client: WireClient, address: str, north: World) -> None:
    with north.scope():
        Contact.objects.filter(number=int(address.rpartition("/")[2])).update(created_by=None)
    document = read(client, address)
    assert document["created_by"] is None

    assert changed(client, address, document) == document
    copy = read(client, made(client, document | {"emails": []}))
    assert copy["created_by"] == north.owner.number


# Leads and clients (CONTRACTS E-S6).


def test_turning_a_lead_into_a_client_is_dated_and_turning_back_is_not(client: WireClient, address: str) -> None:
    lead = read(client, address)
    assert (lead["is_lead"], lead["date_converted_to_client"]) == (True, None)

    converted = changed(client, address, {"is_lead": False})
    assert converted["date_converted_to_client"] == converted["date_updated"] >= lead["date_created"]
    assert converted == lead | {
        "is_lead": False,
        **{key: converted[key] for key in ("date_updated", "date_converted_to_client")},
    }
    # A client stays one, from the same moment.
    assert (
        changed(client, address, {"is_lead": False, "notes": "x"})["date_converted_to_client"]
        == (converted["date_converted_to_client"])
    )
    back = changed(client, address, {"is_lead": True})
    assert (back["is_lead"], back["date_converted_to_client"]) == (True, None)


def test_who_was_made_as_a_client_was_never_converted(client: WireClient, north: World) -> None:
    for body in ({"first_name": "A"}, {"first_name": "A", "is_lead": False}):
        address = made(client, body)
        assert stored(north, address).type == ContactType.CLIENT
        assert changed(client, address, {"is_lead": False})["date_converted_to_client"] is None


@pytest.mark.parametrize("kind", [kind for kind in ContactType.values if kind not in ("LEAD", "CLIENT")])
def test_another_kind_of_contact_is_no_lead_and_stays_what_it_is(
    client: WireClient, address: str, north: World, kind: str
) -> None:
    assert (
        PROGRAMS[WINNERR](north.owner)
        .patch(f"/v1/contacts/{stored(north, address).winnerr_id}", {"type": kind})
        .status_code
        == 200
    )

    document = changed(client, address, {"is_lead": False, "notes": "x"})

    assert document["is_lead"] is False
    assert document["date_converted_to_client"] is not None
    assert stored(north, address).type == kind


# Duplicates (CONTRACTS 7.8).


def test_an_address_that_is_taken_is_refused_as_it_was_sent(client: WireClient, address: str, north: World) -> None:
    janes = f"{CONTACTS}/{north.contact.number}"
    before = read(client, address)
    for spelling in ("jane@example.com", "JANE@Example.com", " Jane@example.com "):
        body: dict[str, Any] = {"first_name": "A", "emails": [{"email_address": spelling}]}
        for response in (client.post(CONTACTS, body), client.patch(address, body)):
            assert refusal(response) == refused(f"Email address {spelling.strip()} is already in use")
            assert response["Link"] == f'<{janes}>; rel="duplicate"'
    assert read(client, address) == before


def test_further_addresses_and_phones_may_repeat(client: WireClient, address: str) -> None:
    document = read(client, address)
    further = [{"type": "", "email_address": "jane@example.com", "notes": ""}]
    emails = [{"email_address": "b@example.org"}, *further]
    body: dict[str, Any] = {"first_name": "B", "phones": document["phones"], "emails": emails}

    copy = read(client, made(client, body))

    assert copy["phones"] == document["phones"]
    assert copy["emails"][1:] == further


def test_an_address_is_free_when_its_contact_is_deleted_or_gives_it_up(client: WireClient, north: World) -> None:
    body: dict[str, Any] = {"first_name": "A", "emails": [{"email_address": "jane@example.com"}]}
    assert client.delete(f"{CONTACTS}/{north.contact.number}").status_code == 200
    address = made(client, body)
    assert changed(client, address, {"emails": []})["emails"] == []

    made(client, body)


# What is kept and told to nobody (CONTRACTS E-C5).


def test_what_the_live_service_asks_for_is_kept_and_told_to_nobody(client: WireClient, north: World) -> None:
    extra: dict[str, Any] = {
        "full_name": "Ada L.",
        "vat_number": "EL123",
        "id_number": "AB 1",
        "is_active": True,
        "office_id": 3,
        "language_id": "2",
        "country": ["GR"],
    }
    address = made(client, {"first_name": "Ada", "last_name": "Lovelace", **extra})

    document = read(client, address)

    assert document == DEFAULTS | {"first_name": "Ada", "last_name": "Lovelace"} | {
        key: document[key] for key in GENERATED
    }
    assert (stored(north, address).extra, stored(north, address).full_name) == (extra, "Ada Lovelace")
    assert client.get(CONTACTS).json()["data"][0] == document
    changed(client, address, {"vat_number": "EL456", "notes": "x"})
    assert stored(north, address).extra == extra | {"vat_number": "EL456"}


# Versions.


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("header", ['"7"', 'W/"1"', "1", "", "nonsense", '"0"', f'"{"9" * 30}"'])
def test_another_version_is_refused_and_nothing_changes(
    client: WireClient, address: str, method: str, header: str
) -> None:
    before = client.get(address).content
    sent = {"notes": "overwritten"} if method == "PATCH" else None

    response = client.request(method, address, json=sent, headers={"If-Match": header})

    assert refusal(response) == refused("The resource has changed.", 412)
    assert client.get(address).content == before


@pytest.mark.parametrize("header", ['"1"', "*", '"7", "1"'])
def test_the_version_seen_may_be_changed_and_deleted(client: WireClient, address: str, header: str) -> None:
    response = client.patch(address, {"notes": "mine"}, headers={"If-Match": header})
    assert (response.status_code, response["ETag"].partition(".")[0]) == (200, '"2')
    assert client.get(address)["ETag"] == response["ETag"]

    assert client.delete(address, headers={"If-Match": response["ETag"]}).status_code == 200


def test_a_known_version_is_not_told_again(client: WireClient, address: str) -> None:
    whole = client.get(address)
    for header in (whole["ETag"], f"W/{whole['ETag']}", "*", f'"9", {whole["ETag"]}'):
        again = client.get(address, headers={"If-None-Match": header})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", whole["ETag"])
    client.patch(address, {"notes": "x"})
    assert client.get(address, headers={"If-None-Match": whole["ETag"]}).status_code == 200


# Deleting, and what was never there.


def test_what_is_deleted_is_gone_once_and_for_all(client: WireClient, address: str) -> None:
    number = int(address.rpartition("/")[2])
    assert refusal(client.delete(address)) == (200, {"status": 200, "deleted_id": number})

    for response in (client.get(address), client.patch(address, {}), client.delete(address)):
        assert refusal(response) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    "identifier", ["0", "8000001", "-1", "+1", "1.0", "x", "９", str(2**63), "9" * 300, "%00", "1%20"]
)
def test_no_other_id_is_anybodys(client: WireClient, identifier: str) -> None:
    for response in (
        client.get(f"{CONTACTS}/{identifier}"),
        client.patch(f"{CONTACTS}/{identifier}", {"notes": "x"}),
        client.delete(f"{CONTACTS}/{identifier}"),
    ):
        assert refusal(response) == (404, NOT_FOUND)


def test_a_number_has_one_spelling(client: WireClient, address: str) -> None:
    number = address.rpartition("/")[2]
    for spelling in (f"0{number}", f"+{number}", f"{number}.0", f"{number}%20", f"{number}.json", f"{number},1"):
        assert refusal(client.get(f"{CONTACTS}/{spelling}")) == (404, NOT_FOUND)


def test_times_are_on_the_organizations_clock(client: WireClient, address: str, north: World) -> None:
    before = read(client, address)
    moment = datetime.fromisoformat(before["date_created"])
    with north.scope():
        type(north.organization).objects.filter(pk=north.organization.pk).update(time_zone="Pacific/Kiritimati")

    after = read(client, address)

    later = str(moment + timedelta(hours=14))
    assert after == before | {"date_created": later, "date_updated": later}


def test_lookups_are_the_teams_own_lists(client: WireClient, north: World) -> None:
    with north.scope():
        sources, tags = (
            [{"id": row.number, "name": row.name} for row in model._default_manager.order_by("number")]
            for model in (Source, Tag)
        )
    assert sources
    assert len(tags) == 2

    assert client.get(f"{CONTACTS}/sources").json() == {"status": 200, "data": sources}
    assert client.get(f"{CONTACTS}/tags").json() == {"status": 200, "data": tags}
    options = [{"id": number, "name": f"{name} {north.canary}"} for number, name in ((1, "Low"), (2, "High"))]
    assert client.get(f"{CONTACTS}/custom-fields").json() == {
        "status": 200,
        "data": [{"id": 1, "name": f"Budget {north.canary}", "type": "select", "options": options}],
    }
