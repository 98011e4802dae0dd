"""Rentalot's list: every parameter alone and with the others, and what its pages are of (CONTRACTS 2.4, 2.9, 2.11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Member, Organization
from accounts.services import create_member
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import ContactRole, ContactStage
from contacts.services import create_contact, create_contacts, delete_contact
from tests.contracts.routed import PROGRAMS, RENTALOT
from tests.contracts.test_rentalot_replay import CONTACTS
from tests.worlds import PASSWORD, WireClient, World, actor_of

pytestmark = pytest.mark.django_db

Found = dict[str, Any]
CHANNELS = ("whatsapp", "email", "", "Carrier pigeon")
# Of everybody by number: a name, an e-mail address and a phone, any of which may be missing.
PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("Jane Smith", "jane.smith@example.com", "+1 (555) 123-4567"),
    ("JANET O'Brien-Smith", "j.obrien@example.org", ""),
    ("Évelyne Östlund", "", "+46 8 123 456 78"),
    ("Nguyễn Thị Ánh", "anh@example.vn", ""),
    ("100% Homes", "hundred@example.com", ""),
    ("Under_score Ltd", "under_score@example.com", ""),
    ("Back\\slash", "back@example.com", ""),
    ("李小龍", "bruce@example.cn", ""),
    ("Straße Groß", "", "030 / 1234567"),
    ("", "nameless@example.com", ""),
    ("", "", "555.765.4321"),
    ("Underscore Ltd", "plain@example.com", ""),
)


@pytest.fixture
def owner(office: Member) -> Member:
    """The owner of an organization with 48 contacts, each a minute older than the next; the stranger has others."""
    with tenant_scope(office.organization):
        for _ in create_contacts(_drafts(), actor=actor_of(office)):
            pass
    return office


def _drafts() -> Iterator[ContactDraft]:
    start = timezone.now() - timedelta(days=1)
    for number in range(48):
        name, email, phone = PEOPLE[number] if number < len(PEOPLE) else (f"Crowd {number:02}", "", f"777 00{number}")
        yield ContactDraft(
            full_name=name,
            email=email,
            phone=phone,
            stage=ContactStage.values[number % 5],
            role=ContactRole.values[number % 6],
            channel_preference=CHANNELS[number % 4],
            created_at=start - timedelta(minutes=number),
        )


@pytest.fixture
def client(owner: Member) -> WireClient:
    return PROGRAMS[RENTALOT](owner)


@pytest.fixture
def everybody(client: WireClient) -> list[Found]:
    """All 48, the newest first."""
    body = listed(client, "limit=200")
    assert body["pagination"] == {"page": 1, "limit": 200, "total": 48, "totalPages": 1}
    found: list[Found] = body["data"]
    moments = [contact["createdAt"] for contact in found]
    assert moments == sorted(moments, reverse=True)
    return found


def listed(client: WireClient, query: str) -> Found:
    """The list that a raw query string asks for."""
    response = client.get(f"{CONTACTS}?{query}")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json"), response.content
    body: Found = response.json()
    assert list(body) == ["data", "pagination"]
    return body


def page_of(contacts: list[Found], page: int = 1, limit: int = 20) -> Found:
    """A page of these contacts as the list shows it."""
    total = len(contacts)
    pagination = {"page": page, "limit": limit, "total": total, "totalPages": ceil(total / limit)}
    return {"data": contacts[(page - 1) * limit : page * limit], "pagination": pagination}


def invalid(*errors: tuple[str, str]) -> tuple[int, Found]:
    """The refusal of parameters."""
    return 422, {
        "type": "https://rentalot.ai/problems/validation-error",
        "title": "Validation Error",
        "status": 422,
        "detail": "Request validation failed",
        "errors": [{"field": field, "message": f"{field} {message}"} for field, message in errors],
    }


def refused(client: WireClient, query: str) -> tuple[int, Found]:
    response = client.get(f"{CONTACTS}?{query}")
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()


# Pages.


@pytest.mark.parametrize("limit", [1, 7, 20, 47, 48, 49, 200])
def test_pages_of_every_size_show_everybody_once_and_in_order(
    client: WireClient, everybody: list[Found], limit: int
) -> None:
    for page in range(1, ceil(48 / limit) + 1):
        assert listed(client, f"limit={limit}&page={page}") == page_of(everybody, page, limit)


def test_what_is_not_said_is_the_first_page_of_twenty(client: WireClient, everybody: list[Found]) -> None:
    first = page_of(everybody)

    for query in ("", "page=1", "limit=20", "page=&limit=", "page=%20&limit=%20", "page=1&limit=20", "page=%201%20"):
        assert listed(client, query) == first, query
    assert client.get(CONTACTS).json() == client.get(f"{CONTACTS}/").json() == first


@pytest.mark.parametrize("page", [4, 5, 1_000, 2**31, 2**63, 2**64, 10**18])
def test_beyond_the_last_page_nothing_is_left_but_the_totals(
    client: WireClient, everybody: list[Found], page: int
) -> None:
    assert listed(client, f"page={page}") == page_of(everybody, page if page < 10**18 else 10**18)
    assert listed(client, f"page={page}&limit=200")["data"] == []


def test_a_page_beyond_every_number_is_as_empty(client: WireClient, everybody: list[Found]) -> None:
    body = listed(client, f"page={10**30}")

    assert body == {"data": [], "pagination": page_of(everybody)["pagination"] | {"page": body["pagination"]["page"]}}
    assert body["pagination"]["page"] > 10**15


@pytest.mark.parametrize("limit", [201, 1_000, 2**31, 2**63, 10**30])
def test_more_than_the_largest_page_is_the_largest(client: WireClient, everybody: list[Found], limit: int) -> None:
    assert listed(client, f"limit={limit}") == page_of(everybody, limit=200)


@pytest.mark.parametrize("name", ["page", "limit"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0", "must be at least 1"),
        ("-1", "must be at least 1"),
        ("-0", "must be at least 1"),
        ("-9999999999999999999999999999999999", "must be at least 1"),
        ("1.0", "must be a whole number"),
        ("1e1", "must be a whole number"),
        ("+1", "must be a whole number"),
        ("0x1", "must be a whole number"),
        ("1_0", "must be a whole number"),
        ("1,2", "must be a whole number"),
        ("one", "must be a whole number"),
        ("null", "must be a whole number"),
        ("١", "must be a whole number"),
        ("１", "must be a whole number"),
        ("1\x00", "must be a whole number"),
        ("9" * 401, "must be a whole number"),
    ],
)
def test_a_page_that_is_none_is_refused(client: WireClient, name: str, value: str, message: str) -> None:
    assert refused(client, f"{name}={quote(value, safe='')}") == invalid((name, message))


def test_an_empty_list_has_no_pages(office: Member) -> None:
    client = PROGRAMS[RENTALOT](office)

    for query in ("", "search=jane", "status=prospect", "page=3&limit=5"):
        body = listed(client, query)
        page, limit = (3, 5) if "page" in query else (1, 20)
        assert body == {"data": [], "pagination": {"page": page, "limit": limit, "total": 0, "totalPages": 0}}


# Filters.


@pytest.mark.parametrize(
    ("name", "key", "values"),
    [
        ("status", "status", ContactStage.values),
        ("role", "role", ContactRole.values),
        ("channel", "channelPreference", ["whatsapp", "email", "Carrier pigeon"]),
    ],
)
def test_every_filter_alone_by_one_value_and_by_several(
    client: WireClient, everybody: list[Found], name: str, key: str, values: list[str]
) -> None:
    for value in values:
        only = [contact for contact in everybody if contact[key] == value]
        assert 0 < len(only) < 48
        assert listed(client, f"{name}={quote(value)}") == page_of(only), value
    several = page_of([contact for contact in everybody if contact[key] in values[:2]])
    first, second = (quote(value) for value in values[:2])
    for query in (
        f"{name}={first},{second}",
        f"{name}={first}&{name}={second}",
        f"{name}={second}%2C{first}",
        f"{name}=,{first},,{second}%20,{first}",
        f"{name}=&{name}={first}&{name}={second}",
    ):
        assert listed(client, query) == several, query
    known = [contact for contact in everybody if contact[key] in values]
    assert listed(client, f"{name}={quote(','.join(values))}") == page_of(known)


def test_filters_together_mean_all_of_them(client: WireClient, everybody: list[Found]) -> None:
    both = [
        contact
        for contact in everybody
        if contact["status"] in ("prospect", "renter") and contact["role"] in ("prospect", "vendor")
    ]
    assert 3 < len(both) < 20
    assert listed(client, "status=prospect,renter&role=prospect&role=vendor") == page_of(both)
    whatsapp = [contact for contact in both if contact["channelPreference"] == "whatsapp"]
    assert 0 < len(whatsapp) < len(both)
    query = "status=prospect,renter&role=prospect,vendor&channel=whatsapp"
    assert listed(client, query) == page_of(whatsapp)
    named = [contact for contact in whatsapp if "crowd" in (contact["name"] or "").lower()]
    assert 0 < len(named) < len(whatsapp)
    for page in range(1, len(named) + 2):
        assert listed(client, f"{query}&search=crowd&limit=1&page={page}") == page_of(named, page, 1)


def test_a_channel_is_free_text_and_what_is_nobodys_finds_nothing(client: WireClient) -> None:
    for value in ("WhatsApp", "fax", "carrier pigeon", "null", "%", "_" * 50, "x" * 5_000):
        assert listed(client, f"channel={quote(value)}") == page_of([]), value


@pytest.mark.parametrize("value", ["PROSPECT", "deleted", "null", "0", "*", "prospect;", "prospect renter", "%00"])
def test_a_value_outside_a_closed_list_is_refused(client: WireClient, value: str) -> None:
    stages, roles = (", ".join(choices.values) for choices in (ContactStage, ContactRole))

    message = "must not contain NUL" if value == "%00" else f"must be one of: {stages}"
    assert refused(client, f"status={quote(value, safe='%')}") == invalid(("status", message))
    assert refused(client, f"status=prospect,{quote(value, safe='%')}") == invalid(("status", message))
    message = "must not contain NUL" if value == "%00" else f"must be one of: {roles}"
    assert refused(client, f"role=tenant&role={quote(value, safe='%')}") == invalid(("role", message))


def test_several_bad_parameters_are_told_at_once(client: WireClient) -> None:
    stages, roles = (", ".join(choices.values) for choices in (ContactStage, ContactRole))

    assert refused(client, f"role=x&search={'s' * 201}&status=y&channel=email") == invalid(
        ("status", f"must be one of: {stages}"),
        ("role", f"must be one of: {roles}"),
        ("search", "must be at most 200 characters"),
    )


def test_pages_and_filters_are_refused_together(client: WireClient) -> None:
    assert refused(client, "page=0&limit=x&status=y&role=&search=jane") == invalid(
        ("page", "must be at least 1"),
        ("limit", "must be a whole number"),
        ("status", f"must be one of: {', '.join(ContactStage.values)}"),
    )


def test_blank_and_unknown_parameters_are_ignored(client: WireClient, everybody: list[Found]) -> None:
    plain = page_of(everybody)
    for query in (
        "status=&role=&channel=&search=&page=&limit=",
        "status=%20&role=,&channel=%20,%20&search=%09%20",
        "sort=name&fields=id&include=deals&cursor=x&offset=5&format=html",
        "status[x]=renter&Status=renter&stage=renter&id=1&deleted=true&organization=1&assigned_to=1",
    ):
        assert listed(client, query) == plain, query


@pytest.mark.parametrize(
    ("documented", "spellings"),
    [("channel=email", ["channelPreference", "channel_preference"]), ("search=jane", ["query", "q"])],
)
def test_both_spellings_of_a_parameter_are_one(client: WireClient, documented: str, spellings: list[str]) -> None:
    expected = listed(client, documented)
    assert 0 < expected["pagination"]["total"] < 48
    value = documented.partition("=")[2]
    for name in spellings:
        assert listed(client, f"{name}={value}") == expected
    either = listed(client, "channel=email,whatsapp")
    assert listed(client, "channel=email&channelPreference=whatsapp") == either
    assert refused(client, f"q={'s' * 201}") == invalid(("search", "must be at most 200 characters"))


# Search.


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("jane", ["Jane Smith", "JANET O'Brien-Smith"]),
        ("JANE SMITH", ["Jane Smith", "JANET O'Brien-Smith"]),
        ("smith jane", ["Jane Smith", "JANET O'Brien-Smith"]),
        ("jane smith@", ["Jane Smith"]),
        ("ane", ["Jane Smith", "JANET O'Brien-Smith"]),
        ("o'brien", ["JANET O'Brien-Smith"]),
        ("J.SMITH", []),
        ("jane.smith@example.com", ["Jane Smith"]),
        ("EXAMPLE.ORG", ["JANET O'Brien-Smith"]),
        ("evelyne ostlund", ["Évelyne Östlund"]),
        ("ÉVELYNE ÖST", ["Évelyne Östlund"]),
        ("e\u0301velyne", ["Évelyne Östlund"]),
        ("nguyen thi anh", ["Nguyễn Thị Ánh"]),
        ("小龍", ["李小龍"]),
        ("5551234567", ["Jane Smith"]),
        ("+1 555 123 4567", ["Jane Smith"]),
        ("(555) 123-4567", ["Jane Smith"]),
        ("555.123.4567", ["Jane Smith"]),
        ("123-4567", ["Jane Smith", "Évelyne Östlund", "Straße Groß"]),
        ("+46812345678", ["Évelyne Östlund"]),
        ("0301234567", ["Straße Groß"]),
        ("765 4321", [None]),
        ("nameless", [None]),
        ("100%", ["100% Homes"]),
        ("%", ["100% Homes"]),
        ("0%h", []),
        ("r_s", ["Under_score Ltd"]),
        ("under_", ["Under_score Ltd"]),
        ("underscore", ["Underscore Ltd"]),
        ("\\", ["Back\\slash"]),
        ("back\\s", ["Back\\slash"]),
        ("back\\%", []),
        ("'", ["JANET O'Brien-Smith"]),
        ("' OR '1'='1", []),
        ("quetzalmoth", []),
        ("*", []),
        ("zzz", []),
    ],
)
def test_searching_by_parts(client: WireClient, everybody: list[Found], text: str, names: list[str | None]) -> None:
    body = listed(client, f"search={quote(text, safe='')}")

    assert [contact["name"] for contact in body["data"]] == names
    assert body == page_of([contact for contact in everybody if contact in body["data"]])


def test_words_of_a_search_sent_several_times_must_all_be_there(client: WireClient) -> None:
    assert listed(client, "search=jane&search=brien") == listed(client, "search=jane+brien")
    assert listed(client, "search=jane&q=brien")["pagination"]["total"] == 1


def test_a_search_has_at_most_200_characters(client: WireClient) -> None:
    for text in ("s" * 200, "é" * 200, "\U0001f600" * 200, f"  {'s' * 200}  "):
        assert listed(client, f"search={quote(text)}") == page_of([])
    for text in ("s" * 201, "é" * 201, "\U0001f600" * 201, "s " * 101 + "s", "s" * 50_000):
        assert refused(client, f"search={quote(text)}") == invalid(("search", "must be at most 200 characters"))


# Who is in it.


def test_the_deleted_never_appear(client: WireClient, everybody: list[Found]) -> None:
    gone = everybody[0]
    assert client.delete(f"{CONTACTS}/{gone['id']}").status_code == 204
    rest = everybody[1:]

    for query in ("limit=200", "limit=200&status=prospect,scheduled,applicant,renter,archived"):
        assert listed(client, query) == page_of(rest, limit=200)
    assert listed(client, f"search={quote(gone['email'])}") == page_of([])
    assert listed(client, f"status={gone['status']}&role={gone['role']}&limit=200") == page_of(
        [contact for contact in rest if (contact["status"], contact["role"]) == (gone["status"], gone["role"])],
        limit=200,
    )
    # Archived is not deleted.
    kept = client.patch(f"{CONTACTS}/{rest[0]['id']}", {"status": "archived"}).json()["data"]
    assert kept in listed(client, "status=archived&limit=200")["data"]


def test_a_narrowed_agent_sees_theirs_alone_in_list_total_and_search(owner: Member, everybody: list[Found]) -> None:
    with tenant_scope(owner.organization):
        actor = actor_of(owner)
        agent = create_member(
            email="agent@office.example", password=PASSWORD, role="agent", first_name="Ann", actor=actor
        )
        agent.organization = owner.organization
        for number in range(3):
            draft = ContactDraft(full_name=f"Jane Mine {number}", phone="555 0100", assigned_to=agent.pk)
            create_contact(draft, actor=actor)
        Organization.objects.filter(pk=owner.organization.pk).update(agents_see_only_their_contacts=True)
    program = PROGRAMS[RENTALOT](agent)
    mine = listed(PROGRAMS[RENTALOT](owner), "search=mine")["data"]
    assert len(mine) == 3

    for query in ("", "search=jane", "search=555", "status=prospect", "role=prospect&search=jane"):
        assert listed(program, query) == page_of(mine), query
    for page in (1, 2, 3, 4):
        assert listed(program, f"limit=1&page={page}") == page_of(mine, page, 1)
    assert listed(program, "search=brien") == listed(program, "channel=email") == page_of([])


def test_an_organization_lists_only_its_own(owner: Member, client: WireClient, south: World) -> None:
    theirs = listed(PROGRAMS[RENTALOT](south.owner), "limit=200")
    ours = listed(client, "limit=200")

    assert {contact["id"] for contact in theirs["data"]} == {str(contact.uuid) for contact in south.contacts}
    assert south.canary not in str(ours)


# How it is asked.


def test_head_tells_what_get_would_send(client: WireClient, everybody: list[Found]) -> None:
    for query in ("", "?limit=3&page=2", "?search=jane", "?page=99"):
        head, got = (client.request(method, f"{CONTACTS}{query}") for method in ("HEAD", "GET"))
        assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(got.content)))


def test_a_body_is_not_read(client: WireClient, everybody: list[Found]) -> None:
    for body in (b"{", b'{"page": 2}', b"\xff"):
        assert client.get(CONTACTS, body=body).json() == page_of(everybody)


@pytest.mark.django_db(transaction=True)
def test_a_page_and_its_total_are_of_one_moment(owner: Member, client: WireClient) -> None:
    """While somebody makes and deletes contacts, no list counts what it does not show, or shows what it does not count."""
    actor = actor_of(owner)

    def write() -> None:
        try:
            for number in range(20):
                with tenant_scope(owner.organization):
                    contact = create_contact(ContactDraft(full_name=f"New {number}", phone="555 0199"), actor=actor)
                with tenant_scope(owner.organization):
                    delete_contact(contact, actor=actor)
        finally:
            connection.close()

    writing = Thread(target=write)
    writing.start()
    totals: list[int] = []
    try:
        while writing.is_alive() or not totals:
            body = listed(client, "limit=200")
            assert len(body["data"]) == body["pagination"]["total"]
            totals.append(body["pagination"]["total"])
    finally:
        writing.join()

    assert set(totals) <= {48, 49}
    assert listed(client, "limit=200")["pagination"]["total"] == 48
