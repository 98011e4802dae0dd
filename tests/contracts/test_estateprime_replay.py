"""The printed examples of EstatePrime's documentation, replayed (CONTRACTS 6.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from accounts.models import Member
from accounts.roles import Role
from accounts.services import create_member, create_organization
from accounts.tenancy import tenant_scope
from contacts.drafts import ContactDraft
from contacts.models import Contact, CustomField, CustomFieldKind, Tag
from contacts.services import create_contacts
from contacts.services.catalogue import load_catalogue
from contacts.services.custom_fields import create_field, retire_field
from contacts.services.tags import delete_tag
from tests.worlds import PASSWORD, WireClient, World, actor_of

PAYLOADS = Path(__file__).parent.parent / "payloads" / "estateprime"
CONTACTS = "/api/contacts"

pytestmark = pytest.mark.django_db


def printed(name: str) -> Any:
    """A body as EstatePrime's documentation prints it, with addresses where it hides them."""
    return orjson.loads((PAYLOADS / f"{name}.json").read_bytes())


JOHN = printed("contact")
PAGE = {"status": 200, "page": 1, "results_per_page": 50}
# The printed custom fields: a name, a type, its options.
FIELDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Website", "url", ()),
    ("Bank Accounts", "textarea", ()),
    ("Preferred Contact Methods", "select_multi", ("Phone", "Email")),
    ("Available Budget", "currency", ()),
    ("Lawyer's Phone", "phone", ()),
)


@pytest.fixture
def office(south: World) -> Member:
    """The account of the printed contact; the stranger beside it has its own lists."""
    return printed_office()


def printed_office() -> Member:
    """The owner of an account with the users, sources, tags and fields of the printed contact."""
    owner = create_organization(
        name="Office",
        slug="office",
        owner_email="owner@office.example",
        owner_password=PASSWORD,
        owner_first_name="Olive",
    )
    actor = actor_of(owner)
    with tenant_scope(owner.organization):
        for number in range(2, 11):
            create_member(
                email=f"user{number}@office.example",
                password=PASSWORD,
                role=Role.AGENT,
                first_name=f"User {number}",
                last_name="",
                actor=actor,
            )
        load_catalogue(
            {
                "sources": [{"name": name} for name in ("Referred by another client", "Social Media")],
                "tags": [{"name": name} for name in ("VIP client", "Lost", "Third", "Fourth")],
            },
            actor=actor,
        )
        create_field("First", "text", actor=actor)
        create_field("Second", "text", actor=actor)
        create_field("Third", "select_multi", ["One", "Two", "Three"], actor=actor)
    return owner


@pytest.fixture
def client(office: Member, estateprime: Callable[[Member | None], WireClient]) -> WireClient:
    return estateprime(office)


@pytest.fixture
def john(office: Member, client: WireClient) -> int:
    """Contact 1489 as it is printed, and nobody else: the numbers of new contacts may have come to his by now."""
    return made_john(office, client, 1489)


def made_john(office: Member, client: WireClient, number: int) -> int:
    """John under a number that nobody has, in place of the one he was given."""
    given = client.post(CONTACTS, JOHN).json()["created_id"]
    created = datetime(2025, 1, 15, 18, 0, 5, tzinfo=UTC)
    with tenant_scope(office.organization):
        Contact.objects.filter(number=given).update(number=number, created_at=created, updated_at=created)
    return number


def test_case_40_the_whole_contact(client: WireClient, john: int) -> None:
    response = client.get(f"{CONTACTS}/1489")

    assert response.status_code == 200
    assert (list(response.json()["data"]), response.json()) == (list(JOHN), {"status": 200, "data": JOHN})


def test_cases_41_and_42_a_range_of_days(client: WireClient, office: Member) -> None:
    since = datetime(2025, 2, 24, tzinfo=UTC)
    drafts = [
        ContactDraft(full_name=f"N {number}", created_at=since + timedelta(hours=number) - timedelta(hours=10))
        for number in range(437)
    ]
    with tenant_scope(office.organization):
        for _ in create_contacts(drafts, actor=actor_of(office)):
            pass
    # The newest of them all, and so under a number that none of the others can have.
    made_john(office, client, 10**6)
    with tenant_scope(office.organization):
        Contact.objects.filter(number=10**6).update(created_at=since + timedelta(days=90))

    asked = {"page": 1, "date_created": {"min": "2025-02-24 00:00:00", "max": None}}
    body = client.request("GET", CONTACTS, json=asked).json()
    last = client.request("GET", CONTACTS, json=asked | {"page": 9}).json()
    by_query = client.get(CONTACTS, {"page": "9", "date_created[min]": "2025-02-24 00:00:00"}).json()

    assert list(body) == ["status", "page", "total_pages", "results_per_page", "total_results", "data"]
    assert {key: value for key, value in body.items() if key != "data"} == {
        "status": 200,
        "page": 1,
        "total_pages": 9,
        "results_per_page": 50,
        "total_results": 428,
    }
    assert (len(body["data"]), body["data"][0]["id"]) == (50, 10**6)
    assert list(body["data"][0]) == list(JOHN)
    assert len(last["data"]) == 28
    assert by_query == last


def test_case_43_no_body_with_and_without_a_content_type(client: WireClient, john: int) -> None:
    for content_type in ("", "application/json"):
        body = client.get(CONTACTS, content_type=content_type).json()
        assert body == {**PAGE, "total_pages": 1, "total_results": 1, "data": [JOHN]}


def test_case_44_the_abridged_contact(client: WireClient, john: int) -> None:
    keys = ("id", "first_name", "last_name", "source_id", "is_lead", "is_company", "company_name", "phones")
    data = client.get(f"{CONTACTS}/1489").json()["data"]

    assert {key: data[key] for key in keys} == {key: JOHN[key] for key in keys}


def test_case_45_creating(client: WireClient) -> None:
    response = client.post(CONTACTS, JOHN)

    assert response.status_code == 200
    assert list(response.json()) == ["status", "created_id"]
    made = client.get(f"{CONTACTS}/{response.json()['created_id']}").json()["data"]
    generated = ("id", "date_created", "date_updated")
    assert made == {**JOHN, **{key: made[key] for key in generated}}


def test_case_46_deleting(client: WireClient, john: int) -> None:
    assert client.delete(f"{CONTACTS}/1489").json() == {"status": 200, "deleted_id": 1489}
    for again in (client.get(f"{CONTACTS}/1489"), client.delete(f"{CONTACTS}/1489")):
        assert (again.status_code, again.json()) == (404, {"status": 404, "error_message": "Contact not found."})


def test_cases_47_to_49_the_printed_lookups(client: WireClient, office: Member) -> None:
    sources = ("Referred by another client", "Social Media", "Company Website")
    with tenant_scope(office.organization):
        for tag in Tag.objects.filter(number__gt=2):
            delete_tag(tag, actor=actor_of(office))
        for field in CustomField.objects.all():
            retire_field(field, actor=actor_of(office))
        load_catalogue({"sources": [{"name": name} for name in sources]}, actor=actor_of(office))
        for name, kind, options in FIELDS:
            create_field(name, kind, options, actor=actor_of(office))
    expected: dict[str, list[dict[str, Any]]] = {
        "sources": [{"id": number, "name": name} for number, name in enumerate(sources, 1)],
        "tags": [{"id": 1, "name": "VIP client"}, {"id": 2, "name": "Lost"}],
    }
    for name, rows in expected.items():
        assert client.get(f"{CONTACTS}/{name}").json() == {"status": 200, "data": rows}
    # The account had three fields before, whose ids are never given again.
    described = client.get(f"{CONTACTS}/custom-fields").json()["data"]
    assert [field | {"id": field["id"] - 3} for field in described] == [
        {"id": 1, "name": "Website", "type": "url"},
        {"id": 2, "name": "Bank Accounts", "type": "textarea"},
        {
            "id": 3,
            "name": "Preferred Contact Methods",
            "type": "select_multi",
            "options": [{"id": 1, "name": "Phone"}, {"id": 2, "name": "Email"}],
        },
        {"id": 4, "name": "Available Budget", "type": "currency"},
        {"id": 5, "name": "Lawyer's Phone", "type": "phone"},
    ]


def test_cases_47_to_49_lookups(client: WireClient, office: Member) -> None:
    assert client.get(f"{CONTACTS}/sources").json() == {
        "status": 200,
        "data": [{"id": 1, "name": "Referred by another client"}, {"id": 2, "name": "Social Media"}],
    }
    assert client.get(f"{CONTACTS}/tags").json()["data"][:2] == [
        {"id": 1, "name": "VIP client"},
        {"id": 2, "name": "Lost"},
    ]
    assert client.get(f"{CONTACTS}/custom-fields").json()["data"] == [
        {"id": 1, "name": "First", "type": "text"},
        {"id": 2, "name": "Second", "type": "text"},
        {
            "id": 3,
            "name": "Third",
            "type": "select_multi",
            "options": [{"id": 1, "name": "One"}, {"id": 2, "name": "Two"}, {"id": 3, "name": "Three"}],
        },
    ]


def test_case_50_one_field_of_each_type(client: WireClient, office: Member) -> None:
    linked = client.post(CONTACTS, {"first_name": "Linked"}).json()["created_id"]
    # By type: what is written, and what is read.
    values: dict[str, tuple[Any, Any]] = {
        "text": ("VIP", "VIP"),
        "textarea": ("one\ntwo", "one\ntwo"),
        "wysiwyg": ("<p>Hi</p>", "<p>Hi</p>"),
        "number": ("7.5", 7.5),
        "formatted_number": (1000000.25, "1,000,000.25"),
        "select": ("Two", 2),
        "select_multi": ([2, 3], [2, 3]),
        "checkbox": (True, True),
        "file": ("https://example.com/a.pdf", "https://example.com/a.pdf"),
        "file_multi": (["https://example.com/a.pdf"], ["https://example.com/a.pdf"]),
        "image": ("https://example.com/a.png", "https://example.com/a.png"),
        "image_multi": (["https://example.com/a.png"], ["https://example.com/a.png"]),
        "address": ("Bellariastraße 6, 1010 Wien", "Bellariastraße 6, 1010 Wien"),
        "url": ("https://example.com/", "https://example.com/"),
        "date": ("2025-10-18 18:24:10", "2025-10-18"),
        "datetime": ("2025-10-18 18:24:10", "2025-10-18 18:24:10"),
        "currency": (1000000.25, "1,000,000.25€"),
        "user": ("2", 2),
        "user_multi": ([5, 2], [5, 2]),
        "contact": (linked, linked),
        "contact_multi": ([linked], [linked]),
        "phone": ("+30 698 741 1111", "+30 698 741 1111"),
    }
    assert list(values) == CustomFieldKind.values
    with tenant_scope(office.organization):
        numbers = {
            kind: create_field(
                f"A {kind}", kind, ("One", "Two", "Three") if "select" in kind else (), actor=actor_of(office)
            ).number
            for kind in values
        }
    sent, expected = (
        [{"custom_field_id": numbers[kind], "value": pair[place]} for kind, pair in values.items()] for place in (0, 1)
    )
    made = client.post(CONTACTS, {"first_name": "Ada", "custom_fields": sent}).json()["created_id"]

    read = client.get(f"{CONTACTS}/{made}").json()

    assert read["data"]["custom_fields"] == expected
    assert client.patch(f"{CONTACTS}/{made}", {"custom_fields": expected}).json() == read


def test_case_51_the_whole_object_with_its_read_only_keys(client: WireClient, office: Member) -> None:
    first = client.post(CONTACTS, JOHN).json()["created_id"]
    emails = [entry | {"email_address": f"other.{entry['email_address']}"} for entry in JOHN["emails"]]

    response = client.post(CONTACTS, JOHN | {"emails": emails})

    number = response.json()["created_id"]
    assert (response.status_code, response.json()) == (200, {"status": 200, "created_id": number})
    assert number not in (first, JOHN["id"])
    data = client.get(f"{CONTACTS}/{number}").json()["data"]
    ours = {key: data[key] for key in ("id", "date_created", "date_updated")}
    assert data == JOHN | {"emails": emails} | ours
    assert JOHN["date_created"] not in ours.values()
    assert ours["id"] == number


def test_case_52_nobody_and_nonsense(client: WireClient, office: Member) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Basic bm86bm8="}):
        response = client.get(CONTACTS, headers=headers)
        assert (response.status_code, response.json()) == (401, {"status": 401, "error_message": "Unauthorized."})
        assert response["WWW-Authenticate"] == 'Basic realm="EstatePrime"'


def test_case_53_searching(client: WireClient, john: int) -> None:
    for text in ("1234567890", "doe john", "WORK.example", "0987-654"):
        assert [contact["id"] for contact in client.get(CONTACTS, {"search": text}).json()["data"]] == [1489]


def test_case_54_another_accounts_contact(
    client: WireClient, john: int, south: World, estateprime: Callable[[Member | None], WireClient]
) -> None:
    response = estateprime(south.owner).get(f"{CONTACTS}/1489")

    assert (response.status_code, response.json()) == (404, {"status": 404, "error_message": "Contact not found."})
