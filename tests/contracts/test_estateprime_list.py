"""EstatePrime's list: its JSON body and its query string, pages, days on the organization's clock (CONTRACTS 3.2, 3.9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Member, Organization
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft
from contacts.models import Contact
from contacts.services import create_contacts, delete_contact
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World, actor_of

pytestmark = pytest.mark.django_db

Found = dict[str, Any]
Program = Callable[[Member | None], WireClient]
NOT_ALLOWED = {"status": 405, "error_message": "Method not allowed."}


@pytest.fixture
def client(office: Member, estateprime: Program) -> WireClient:
    """A program of an organization that has no contacts yet; the stranger beside it has some."""
    return estateprime(office)


@pytest.fixture
def everybody(office: Member, client: WireClient) -> list[Found]:
    """All 60 by their documents, the newest number first, though it is the one that was made longest ago."""
    last = datetime.fromisoformat("2025-06-30T00:00Z")
    drafts = (
        ContactDraft(first_name=f"N {place}", created_at=last - timedelta(days=place % 28)) for place in range(60)
    )
    numbers = store(office, *drafts)
    return [client.get(f"{CONTACTS}/{number}").json()["data"] for number in reversed(numbers)]


def store(office: Member, *drafts: ContactDraft) -> list[int]:
    """The numbers of new contacts."""
    with tenant_scope(office.organization):
        chunks = create_contacts(drafts, actor=actor_of(office))
        return [contact.number for chunk in chunks for contact in chunk]


def born(office: Member, *moments: str) -> list[int]:
    """The numbers of contacts that were made at these moments."""
    return store(office, *(ContactDraft(first_name=text, created_at=datetime.fromisoformat(text)) for text in moments))


def page_of(contacts: list[Found], page: int = 1) -> Found:
    """A page of these contacts as the list shows it."""
    return {
        "status": 200,
        "page": page,
        "total_pages": -(-len(contacts) // 50),
        "results_per_page": 50,
        "total_results": len(contacts),
        "data": contacts[(page - 1) * 50 : page * 50],
    }


def listed(client: WireClient, sent: Any = None, query: dict[str, Any] | None = None) -> Found:
    response = client.request("GET", CONTACTS, json=sent, query=query)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json"), response.content
    body: Found = response.json()
    assert list(body) == list(page_of([]))
    return body


def refusal(client: WireClient, sent: Any = None, query: dict[str, Any] | None = None, **options: Any) -> Any:
    response = client.request("GET", CONTACTS, json=sent, query=query, **options)
    return response.status_code, response.json()


def refused(message: str, status: int = 400) -> tuple[int, Found]:
    return status, {"status": status, "error_message": message}


def within(client: WireClient, **bounds: str | None) -> list[int]:
    """The numbers found by a range of moments, by body and by query alike, the oldest number first."""
    body = listed(client, {"date_created": bounds})
    query = {f"date_created[{name}]": value or "" for name, value in bounds.items()}
    assert listed(client, query=query) == body
    assert body["total_results"] == len(body["data"])
    return [contact["id"] for contact in reversed(body["data"])]


def set_clock(office: Member, zone: str) -> None:
    with tenant_scope(office.organization):
        Organization.objects.filter(pk=office.organization.pk).update(time_zone=zone)


# Pages.


def test_pages_show_everybody_once_the_newest_number_first(client: WireClient, everybody: list[Found]) -> None:
    assert [contact["id"] for contact in everybody] == sorted((contact["id"] for contact in everybody), reverse=True)
    assert [contact["date_created"] for contact in everybody] != sorted(
        (contact["date_created"] for contact in everybody), reverse=True
    )

    for page in (1, 2):
        assert listed(client, {"page": page}) == page_of(everybody, page)


def test_what_is_not_said_is_the_first_page(client: WireClient, everybody: list[Found]) -> None:
    first = page_of(everybody)

    for sent in (None, {}, {"page": 1}, {"page": "1"}, {"page": None}, {"page": " 1 "}, {"page": ""}):
        assert listed(client, sent) == first, sent
    unsaid: list[Found] = [
        {"page": 1, "date_created": {"min": None, "max": None}, "search": None},
        {"date_created": {}},
        {"date_created": None},
        {"date_created": ""},
        {"search": " "},
    ]
    for sent in unsaid:
        assert listed(client, sent) == first, sent
    for query in ({"page": ""}, {"page": "1"}, {"date_created": ""}, {"date_created[min]": "", "search": ""}):
        assert listed(client, query=query) == first, query
    # Nothing is known of these.
    assert listed(client, {"limit": 1, "type": "LEAD"}, {"limit": "1", "sort": "id", "results_per_page": "1"}) == first


@pytest.mark.parametrize("page", [3, 1_000, 2**31, 2**63, 10**18])
def test_beyond_the_last_page_nothing_is_left_but_the_totals(
    client: WireClient, everybody: list[Found], page: int
) -> None:
    expected = page_of(everybody) | {"page": min(page, 10**18), "data": []}

    assert listed(client, {"page": page}) == listed(client, query={"page": str(page)}) == expected


def test_of_nobody_there_are_no_pages(client: WireClient) -> None:
    for page in (1, 2):
        assert listed(client, {"page": page}) == page_of([], page)


@pytest.mark.parametrize("page", [0, -1, "0", "two", "1.5", 1.5, True, [1], {}, "1e3", "٣", "1 2", "+1\x00"])
def test_a_page_that_is_none_is_refused(client: WireClient, page: Any) -> None:
    if page != "+1\x00":
        assert refusal(client, {"page": page}) == refused("Invalid page")
    if isinstance(page, str):
        assert refusal(client, query={"page": page}) == refused("Invalid page")


# The body and the query.


def test_the_body_wins_key_by_key(client: WireClient, everybody: list[Found]) -> None:
    second = page_of(everybody, 2)
    days = sorted({contact["date_created"][:10] for contact in everybody})

    assert listed(client, {"page": 2}, {"page": "1"}) == second
    assert listed(client, {"page": None}, {"page": "2"}) == page_of(everybody)
    # What the body does not say is left as it was.
    assert listed(client, {}, {"page": "2"}) == second
    assert listed(client, {"page": 1}, {"search": everybody[7]["first_name"]})["data"][0] == everybody[7]
    between = [contact for contact in everybody if days[1] <= contact["date_created"][:10] <= days[2]]
    assert between
    assert listed(client, {"date_created": {"max": days[2]}}, {"date_created[min]": days[1]}) == page_of(between)
    query = {"date_created[max]": days[0], "date_created[min]": days[1]}
    assert listed(client, {"date_created": {"max": days[2]}}, query) == page_of(between)
    assert listed(client, {"date_created": None}, {"date_created[min]": "2100-01-01"}) == page_of(everybody)


def test_a_body_that_is_none_is_refused(client: WireClient) -> None:
    for body in (b"{", b"[]", b'"x"', b"1", b"null", b'{"page":1,"page":2}', b'{"page":NaN}', b'{"search":"\\u0000"}'):
        assert refusal(client, body=body) == refused("Invalid JSON."), body
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        expected = refused("Content-Type must be application/json.", 415)
        assert refusal(client, body=b"page=1", content_type=content_type) == expected
        # Without a body nobody minds.
        assert client.get(CONTACTS, content_type=content_type).status_code == 200
    assert refusal(client, body=b" " * (1024 * 1024 + 1)) == refused("Payload too large.", 413)


# When they were made.

DAYS = (
    "2025-02-23T23:59:59.999999Z",
    "2025-02-24T00:00:00Z",
    "2025-02-24T10:00:00.999999Z",
    "2025-02-24T10:00:01Z",
    "2025-02-24T23:59:59.5Z",
    "2025-02-25T00:00:00Z",
)


@pytest.mark.parametrize(
    ("first", "last", "places"),
    [
        ("2025-02-24 00:00:00", None, "12345"),
        ("2025-02-24", None, "12345"),
        (None, "2025-02-24", "01234"),
        (None, "2025-02-24 23:59:59", "01234"),
        ("2025-02-24", "2025-02-24", "1234"),
        ("2025-02-24 10:00:00", "2025-02-24 10:00:00", "2"),
        ("2025-02-24 10:00:01", "2025-02-24 10:00:01", "3"),
        (None, "2025-02-24 10:00:00", "012"),
        ("2025-02-24 10:00:01", None, "345"),
        (" 2025-02-24 ", " 2025-02-24 09:59:59 ", "1"),
        ("2025-02-25", "2025-02-24", ""),
        ("2025-02-26", None, ""),
        ("0001-01-01", "9999-12-31", "012345"),
        (None, "9999-12-31 23:59:59", "012345"),
        (None, None, "012345"),
    ],
)
def test_a_range_has_both_of_its_seconds(
    client: WireClient, office: Member, first: str | None, last: str | None, places: str
) -> None:
    numbers = born(office, *DAYS)

    assert within(client, min=first, max=last) == [numbers[int(place)] for place in places]
    # A bound that is missing is one that is null.
    said = {name: value for name, value in (("min", first), ("max", last)) if value is not None}
    assert within(client, **said) == [numbers[int(place)] for place in places]


@pytest.mark.parametrize(
    "value",
    [
        *("2025-02-24T00:00:00", "2025-02-24 00:00:00Z", "2025-02-24 24:00:00", "2025-02-24 10:00", "24.02.2025"),
        *(
            "2025-02-30",
            "2025-13-01",
            "0000-01-01",
            "10000-01-01",
            "yesterday",
            "2025-2-4",
            "２０２５-02-24",
            "2025-02-24\n1",
        ),
        *(20250224, 1740355200, True, ["2025-02-24"], {}, 1.5),
    ],
    ids=str,
)
def test_a_bound_that_is_no_moment_is_refused(client: WireClient, value: Any) -> None:
    for name in ("min", "max"):
        assert refusal(client, {"date_created": {name: value}}) == refused("Invalid date_created")
        if isinstance(value, str):
            assert refusal(client, query={f"date_created[{name}]": value}) == refused("Invalid date_created")


@pytest.mark.parametrize("value", ["2025-02-24", 7, True, [], ["2025-02-24", None]], ids=str)
def test_a_range_that_is_no_object_is_refused(client: WireClient, value: Any) -> None:
    assert refusal(client, {"date_created": value}) == refused("Invalid date_created")


def test_moments_are_on_the_organizations_clock(client: WireClient, office: Member) -> None:
    numbers = born(
        office, "2025-01-15T21:59:59Z", "2025-01-15T22:00:00Z", "2025-07-15T20:59:59Z", "2025-07-15T21:00:00Z"
    )
    assert within(client, min="2025-01-15", max="2025-01-15") == numbers[:2]

    set_clock(office, "Europe/Athens")

    assert [contact["date_created"] for contact in reversed(listed(client)["data"])] == [
        "2025-01-15 23:59:59",
        "2025-01-16 00:00:00",
        "2025-07-15 23:59:59",
        "2025-07-16 00:00:00",
    ]
    assert within(client, min="2025-01-15", max="2025-01-15") == numbers[:1]
    assert within(client, min="2025-01-16", max="2025-01-16 00:00:00") == numbers[1:2]
    assert within(client, min="2025-07-15", max="2025-07-15") == numbers[2:3]
    assert within(client, min="2025-07-16 00:00:00", max=None) == numbers[3:]
    # Nowhere is the first day of all times, or the last, left to stumble over.
    assert within(client, min="0001-01-02", max="9999-12-31") == numbers


def test_a_day_on_which_the_clock_is_put_forward_is_an_hour_shorter(client: WireClient, office: Member) -> None:
    set_clock(office, "Europe/Athens")
    numbers = born(
        office,
        "2025-03-29T21:59:59Z",
        "2025-03-29T22:00:00Z",
        "2025-03-30T00:59:59Z",
        "2025-03-30T01:00:00Z",
        "2025-03-30T20:59:59Z",
        "2025-03-30T21:00:00Z",
    )

    assert [contact["date_created"] for contact in reversed(listed(client)["data"])] == [
        "2025-03-29 23:59:59",
        "2025-03-30 00:00:00",
        "2025-03-30 02:59:59",
        "2025-03-30 04:00:00",
        "2025-03-30 23:59:59",
        "2025-03-31 00:00:00",
    ]
    assert within(client, min="2025-03-30", max="2025-03-30") == numbers[1:5]
    assert within(client, min="2025-03-30 02:59:59", max="2025-03-30 04:00:00") == numbers[2:4]
    # There was no such hour: it is read as if the clock had been left alone.
    assert within(client, min="2025-03-30 03:00:00", max="2025-03-30 03:00:00") == numbers[3:4]


def test_of_an_hour_that_comes_twice_the_first_is_meant(client: WireClient, office: Member) -> None:
    set_clock(office, "Europe/Athens")
    numbers = born(
        office,
        "2025-10-25T20:59:59Z",
        "2025-10-25T21:00:00Z",
        "2025-10-26T00:30:00Z",
        "2025-10-26T01:30:00Z",
        "2025-10-26T21:59:59Z",
        "2025-10-26T22:00:00Z",
    )

    assert [contact["date_created"] for contact in reversed(listed(client)["data"])] == [
        "2025-10-25 23:59:59",
        "2025-10-26 00:00:00",
        "2025-10-26 03:30:00",
        "2025-10-26 03:30:00",
        "2025-10-26 23:59:59",
        "2025-10-27 00:00:00",
    ]
    assert within(client, min="2025-10-26", max="2025-10-26") == numbers[1:5]
    assert within(client, min=None, max="2025-10-26 03:30:00") == numbers[:3]
    assert within(client, min="2025-10-26 03:30:00", max=None) == numbers[2:]
    assert within(client, min="2025-10-26 03:30:01", max="2025-10-26 04:00:00") == numbers[3:4]


# Searching.


def test_a_search_finds_words_in_any_order_without_accents_or_case(client: WireClient, office: Member) -> None:
    numbers = store(
        office,
        ContactDraft(first_name="Évelyne", last_name="Östlund", email="evelyne@example.org", phone="+46 8 123 456 78"),
        ContactDraft(
            first_name="Γιώργος", last_name="Παπαδόπουλος", further_emails=(EmailDraft(email="g@second.example"),)
        ),
        ContactDraft(is_company=True, company_name="Delta GmbH", further_phones=(PhoneDraft(phone="030 / 1234567"),)),
    )
    searches = {
        "ostlund EVELYNE": 0,
        "évelyne": 0,
        "evelyne@example.org": 0,
        "+46 8 12345678": 0,
        "ΠΑΠΑΔΟΠΟΥΛΟΣ γιωργος": 1,
        "second.example": 1,
        "delta": 2,
        "030-123.4567": 2,
    }

    for text, place in searches.items():
        body = listed(client, {"search": text})
        assert [contact["id"] for contact in body["data"]] == [numbers[place]], text
        assert body == listed(client, query={"search": text}) == page_of(body["data"])
    for text in ("evelyne delta", "nobody", "%", "_", "\\", "'"):
        assert listed(client, {"search": text}) == page_of([]), text


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Athens", "UTC"])
def test_the_ends_of_the_calendar_mean_ever_in_every_zone(client: WireClient, office: Member, zone: str) -> None:
    with tenant_scope(office.organization):
        Organization.objects.update(time_zone=zone)
    (number,) = born(office, "2025-03-03T00:00Z")
    ever = ("0001-01-01", "9999-12-31")
    for bounds in ({"min": ever[0], "max": None}, {"min": None, "max": ever[1]}, {"min": ever[0], "max": ever[1]}):
        assert [item["id"] for item in listed(client, {"date_created": bounds})["data"]] == [number]
    assert listed(client, {"date_created": {"min": ever[1], "max": None}})["data"] == []


def test_a_search_lists_the_newest_first_whatever_their_numbers(client: WireClient, office: Member) -> None:
    days = ("2025-03-03", "2025-03-05", "2025-03-04")
    numbers = store(
        office, *(ContactDraft(first_name="Quince", created_at=datetime.fromisoformat(f"{day}T00:00Z")) for day in days)
    )
    assert [item["id"] for item in listed(client, {"search": "quince"})["data"]] == [
        numbers[place] for place in (1, 2, 0)
    ]
    ranged: Found = {"search": "quince", "date_created": {"min": "2025-03-01", "max": None}}
    assert [item["id"] for item in listed(client, ranged)["data"]] == [*reversed(numbers)]


def test_a_search_a_range_and_a_page_together(client: WireClient, office: Member) -> None:
    numbers = store(
        office,
        *(
            ContactDraft(
                first_name=f"Crowd {place}", created_at=datetime.fromisoformat(f"2025-0{1 + place % 2}-01T12:00Z")
            )
            for place in range(130)
        ),
        ContactDraft(first_name="Somebody", created_at=datetime.fromisoformat("2025-02-01T12:00Z")),
    )
    asked: Found = {"search": "crowd", "date_created": {"min": "2025-02-01", "max": None}}

    pages = [listed(client, asked | {"page": page}) for page in (1, 2, 3)]

    assert [[page[key] for key in ("page", "total_pages", "total_results")] for page in pages] == [
        [number, 2, 65] for number in (1, 2, 3)
    ]
    assert [contact["id"] for page in pages for contact in page["data"]] == list(reversed(numbers[1:130:2]))


@pytest.mark.parametrize("text", [7, True, [], {}, "s" * 201])
def test_a_search_that_is_no_text_is_refused(client: WireClient, text: Any) -> None:
    assert refusal(client, {"search": text}) == refused("Invalid search")


# Who and what is in it.


def test_the_list_shows_what_the_contact_shows(north: World, south: World) -> None:
    program = PROGRAMS[ESTATEPRIME](north.viewer)
    documents = [program.get(f"{CONTACTS}/{contact.number}").json()["data"] for contact in reversed(north.contacts)]

    assert program.get(CONTACTS).json() == page_of(documents)
    assert south.canary not in program.get(CONTACTS).content.decode()


def test_the_deleted_are_neither_shown_nor_counted(client: WireClient, office: Member, everybody: list[Found]) -> None:
    with tenant_scope(office.organization):
        for contact in everybody[:3]:
            delete_contact(Contact.objects.get(number=contact["id"]), actor=actor_of(office))

    assert listed(client) == page_of(everybody[3:])
    assert listed(client, {"search": everybody[0]["first_name"]})["data"] == []


def test_a_narrowed_agent_lists_and_counts_their_own(north: World, south: World) -> None:
    agent, owner = PROGRAMS[ESTATEPRIME](north.agent), PROGRAMS[ESTATEPRIME](north.owner)
    everybody = listed(owner)["data"]
    assert listed(agent) == page_of(everybody)
    with north.scope():
        Organization.objects.filter(pk=north.organization.pk).update(agents_see_only_their_contacts=True)

    own = [contact for contact in everybody if north.agent.number in contact["users"]]
    assert 0 < len(own) < len(everybody)
    for sent in ({}, {"search": north.canary}, {"date_created": {"min": "2020-01-01", "max": None}}):
        assert listed(agent, sent) == page_of(own)
        assert listed(owner, sent) == page_of(everybody)
    assert listed(agent, {"page": 2}) == page_of(own, 2)
    assert listed(agent, {"search": "Carol"}) == page_of([])


# Manners.


def test_a_trailing_slash_is_served_and_never_redirected(client: WireClient, everybody: list[Found]) -> None:
    one = f"{CONTACTS}/{everybody[0]['id']}"

    assert client.get(f"{CONTACTS}/").content == client.get(CONTACTS).content
    assert client.request("GET", f"{CONTACTS}/", json={"page": 2}).json() == page_of(everybody, 2)
    assert client.get(f"{one}/").content == client.get(one).content
    assert client.patch(f"{one}/", {"notes": "x"}).json()["data"]["notes"] == "x"
    assert client.delete(f"{one}/").json() == {"status": 200, "deleted_id": everybody[0]["id"]}
    assert client.post(f"{CONTACTS}/", {"first_name": "A"}).status_code == 200


def test_head_is_the_list_without_its_body(client: WireClient, everybody: list[Found]) -> None:
    head, got = (client.request(method, CONTACTS, json={"page": 2}) for method in ("HEAD", "GET"))

    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == got["Content-Length"] == str(len(got.content))


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_wrong_methods_are_told_the_right_ones(client: WireClient, everybody: list[Found], method: str) -> None:
    one = f"{CONTACTS}/{everybody[0]['id']}"
    before = client.get(one).content
    for path, allowed in ((CONTACTS, "GET, POST, HEAD"), (one, "GET, PATCH, DELETE, HEAD")):
        if method in allowed:
            continue
        for spelling in (path, f"{path}/"):
            response = client.request(method, spelling, json={"first_name": "Changed"})
            assert (response.status_code, response.json()) == (405, NOT_ALLOWED)
            assert set(response["Allow"].split(", ")) == set(allowed.split(", "))
    assert client.get(one).content == before
