"""Hostile input on EstatePrime's wire: refused in its own words or stored to the letter, and never an error of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest

from contacts.models import Contact
from tests.contracts import hostile
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS, JOHN
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

ENVELOPE = ["status", "page", "total_pages", "results_per_page", "total_results", "data"]
PARAMETERS = ("page", "search", "date_created", "date_created[min]", "date_created[max]")
NEARLY = ("date_created[]", "date_created[min][x]", "date_created[gte]", "date_created[", "page[]", "search[a]")


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    return PROGRAMS[ESTATEPRIME](north.owner)


@pytest.fixture
def address(north: World) -> str:
    return f"{CONTACTS}/{north.contacts[1].number}"


def assert_refused(response: Any, statuses: set[int], about: object) -> None:
    assert response.status_code in statuses, (about, response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert list(body) == ["status", "error_message"], about
    assert body["status"] == response.status_code
    assert isinstance(body["error_message"], str)
    assert body["error_message"]
    assert hostile.internals_in(response.content) == [], about


def everything(north: World) -> list[dict[str, Any]]:
    with north.scope():
        return [dict(row) for row in Contact.objects.order_by("pk").values()]


def test_hostile_bodies_are_refused_or_change_nothing(north: World, client: WireClient, address: str) -> None:
    before = everything(north)
    good = '{"first_name":"A","notes":"B","email":"a@example.com"}'
    bodies = [*hostile.whole_bodies(good), *hostile.naughty_numbers(), *hostile.naughty_values()]
    assert len(bodies) > 200
    for body in bodies:
        for method, path in (("POST", CONTACTS), ("PATCH", address), ("GET", CONTACTS)):
            response = client.request(method, path, body=body)
            if response.status_code == 200:
                # An object that says nothing about a contact, or no body at all.
                assert method != "POST"
                assert not body.strip() or isinstance(orjson.loads(body), dict), body[:100]
            else:
                assert_refused(response, {400}, body[:100])

    assert everything(north) == before


def test_hostile_values_are_refused_or_stored(client: WireClient, address: str) -> None:
    names = [*JOHN, "email", "full_name", "vat_number", "country", "unknown"]
    values = [*hostile.naughty_numbers(), *hostile.naughty_values()]
    tried = 0
    # Every field meets a quarter of the values, and neighbouring fields different quarters: the parser is the same.
    for index, name in enumerate(names):
        for value in values[index % 4 :: 4]:
            response = client.request("PATCH", address, body=b'{"%s":%s}' % (name.encode(), value))
            tried += 1
            if response.status_code != 200:
                assert_refused(response, {400}, (name, value[:100]))
    assert tried > 900
    assert list(client.get(address).json()["data"]) == list(JOHN)


@pytest.mark.parametrize(
    "place",
    [
        *(b'{"phones":[{"number":%s}]}', b'{"emails":[{"email_address":%s}]}', b'{"contact_details":[{"mobile":%s}]}'),
        *(b'{"tags":[%s]}', b'{"users":[%s]}', b'{"custom_fields":[{"custom_field_id":%s}]}', b'{"phones":[%s]}'),
        *(b'{"custom_fields":[{"custom_field_id":1,"value":%s}]}', b'{"custom_fields":{"1":%s}}', b'{"emails":[%s]}'),
    ],
)
def test_hostile_values_inside_of_lists_are_refused_or_stored(client: WireClient, address: str, place: bytes) -> None:
    for value in [*hostile.naughty_numbers(), *hostile.naughty_values()][::2]:
        response = client.request("PATCH", address, body=place % value)
        if response.status_code != 200:
            assert_refused(response, {400}, value[:100])
    assert list(client.get(address).json()["data"]) == list(JOHN)


def test_naughty_strings_come_back_to_the_letter(client: WireClient, address: str) -> None:
    assert len(hostile.NAUGHTY_STRINGS) > 200
    for text in hostile.NAUGHTY_STRINGS:
        kept = text.strip()
        sent: dict[str, Any] = {
            "first_name": text or "x",
            "last_name": "Zed",
            "company_name": text,
            "notes": text,
            "phones": [{"type": text, "number": f"1{text}", "notes": text}],
            "contact_details": [{"first_name": text, "last_name": text, "mobile": text, "email": "", "notes": text}],
        }

        response = client.patch(address, sent)

        assert response.status_code == 200, (text, response.content)
        document = client.get(address).json()["data"]
        assert document == response.json()["data"], text
        assert document in client.get(CONTACTS).json()["data"], text
        told = [document[name] for name in ("company_name", "notes")]
        assert told == [kept or None, kept], text
        assert document["phones"] == [{"type": kept, "number": f"1{text}".strip(), "notes": kept}], text
        person = {"first_name": kept, "last_name": kept, "mobile": kept or None, "email": None, "notes": kept}
        assert document["contact_details"] == [person], text


def test_naughty_strings_are_searched_for_as_they_are(client: WireClient, address: str) -> None:
    for text in filter(str.strip, hostile.NAUGHTY_STRINGS):
        named = client.patch(address, {"first_name": f"Zanzibar {text}"}).json()["data"]
        for response in (
            client.get(CONTACTS, {"search": f"zanzibar {text}"}),
            client.request("GET", CONTACTS, json={"search": f"zanzibar {text}"}),
        ):
            assert (response.status_code, response.json()["data"]) == (200, [named]), text
        assert client.get(CONTACTS, {"search": text}).status_code == 200, text


def test_naughty_strings_are_no_ids_and_no_moments(north: World, client: WireClient, address: str) -> None:
    before = everything(north)
    ids = {"0", "1", "007"}
    for text in filter(str.strip, hostile.NAUGHTY_STRINGS):
        for key, value in (("source_id", text), ("tags", [text]), ("users", [text]), ("created_by", text)):
            if text not in ids:
                assert_refused(client.post(CONTACTS, {"first_name": "A", key: value}), {400}, (key, text))
        for bounds in ({"min": text}, {"max": text}, text):
            assert_refused(client.request("GET", CONTACTS, json={"date_created": bounds}), {400}, text)
    assert everything(north) == before


def test_naughty_strings_as_addresses_are_refused_or_kept(client: WireClient, address: str) -> None:
    accepted = 0
    for index, text in enumerate(hostile.NAUGHTY_STRINGS):
        forms = (f"{text}@example.com", f"a@{text}", f"a@{text}.com", f'"{text}"@example.com')
        for email in (forms[0], forms[1 + index % 3]):
            response = client.patch(address, {"emails": [{"email_address": email}]})
            if response.status_code == 200:
                accepted += 1
                entry = {"type": "", "email_address": email.strip(), "notes": ""}
                assert client.get(address).json()["data"]["emails"] == [entry]
            else:
                assert_refused(response, {400}, email)
    assert accepted > 20


def test_hostile_queries_are_answered_or_refused(client: WireClient) -> None:
    plain = client.get(CONTACTS).json()
    tried = 0
    for name, value in hostile.queries((*PARAMETERS, *NEARLY)):
        response = client.get(f"{CONTACTS}?{quote(name, safe='')}={quote(value, safe='')}")
        tried += 1
        if response.status_code == 200:
            body = response.json()
            assert list(body) == ENVELOPE
            assert name in PARAMETERS or body == plain, name
        else:
            assert_refused(response, {400}, (name, value[:80]))
            assert name in (*PARAMETERS, *NEARLY)
    assert tried > 800


def test_queries_that_are_not_even_utf_8_are_answered(client: WireClient) -> None:
    queries = ("%", "%zz", "%ff=%fe", "page=%ff", "search=%ff%fe", "search=%00", "&&&", "=", "a=b=c", "page=1;page=2")
    for query in (
        *queries,
        "?page=1",
        "page=1&page=2",
        "date_created%5Bmin%5D=2025-01-01",
        "date_created[min]=x&date_created=y",
    ):
        response = client.get(f"{CONTACTS}?{query}")
        if response.status_code != 200:
            assert_refused(response, {400}, query)
    many = "&".join(f"a{number}=1" for number in range(3_000))
    assert_refused(client.get(f"{CONTACTS}?{many}"), {400}, "3,000 parameters")


def test_ids_of_every_form_are_unknown(north: World, client: WireClient) -> None:
    before = everything(north)
    numbers = {str(contact.number) for contact in north.contacts}
    own = str(north.contacts[1].number)
    forms = [form for form in hostile.ID_FORMS if form not in numbers]
    forms += [
        str(north.contacts[1].uuid),
        f"contact_{own}",
        f"{own} ",
        f" {own}",
        f"{own}\x00",
        f"{own}\n",
        f"{own}.json",
    ]
    forms += [f"0{own}", f"+{own}", f"{own}.0", f"{own}_", f"{own}e0"]
    for form in forms:
        for method in ("GET", "PATCH", "DELETE"):
            sent: Any = {} if method == "PATCH" else None
            response = client.request(method, f"{CONTACTS}/{quote(form, safe='')}", json=sent)
            assert_refused(response, {404}, (method, form))
            # Django's resolver sees a dot segment or a slash as it is.
            assert response.json()["error_message"] in {"Contact not found.", "Not found."}, form
            assert not any("Injected" in name for name, _ in response.items())

    assert everything(north) == before


@pytest.mark.parametrize("length", ["abc", "1e3", "0x10", "12 12", "1,2", "", " ", "-", "\u00b2"])
def test_a_length_that_is_no_number_announces_no_body(north: World, client: WireClient, length: str) -> None:
    """The server in front refuses it; this is what the application does when another one lets it pass."""
    before = everything(north)
    plain = client.get(CONTACTS)

    def ask(method: str, body: bytes) -> Any:
        announced: dict[str, Any] = {"CONTENT_LENGTH": length}
        return client.client.generic(method, CONTACTS, body, "application/json", headers=client.headers, **announced)

    listed = ask("GET", b'{"page":"x"}')
    assert (listed.status_code, listed.content) == (200, plain.content)
    refused = ask("POST", b'{"first_name":"A"}')
    assert (refused.status_code, refused.json()) == (400, {"status": 400, "error_message": "Missing first_name"})
    assert everything(north) == before


def test_hostile_headers_are_ignored(client: WireClient, address: str) -> None:
    plain = client.get(address)
    for headers in (*hostile.HEADERS, {"If-None-Match": '"x", 1, W/"9999"'}):
        response = client.get(address, headers=headers)
        assert (response.status_code, response.content) == (200, plain.content), headers
        assert "evil.example" not in str(response.headers)
        assert_refused(client.get(f"{CONTACTS}/nobody", headers=headers), {404}, headers)
    override = client.post(f"{CONTACTS}?_method=DELETE", {}, headers={"X-HTTP-Method-Override": "DELETE"})
    assert_refused(override, {400}, "override")
    assert client.get(address).content == plain.content


@pytest.mark.parametrize("character", ["\u0301", "\ufdfa", "\U0001f469\u200d", "ﬃ", "\u1e9e", "İ", "\x01", "'", "\\"])
def test_text_that_is_as_long_as_it_may_be_is_stored_and_found(
    client: WireClient, address: str, character: str
) -> None:
    # What is nothing but accents is no word to search for.
    sent: dict[str, Any] = {
        "first_name": ("Zz" + character * 100)[:100],
        "last_name": (character * 100)[:100],
        "company_name": (character * 200)[:200],
        "notes": (character * 10_000)[:10_000],
        "phones": [{"type": (character * 50)[:50], "number": "1" * 40, "notes": (character * 500)[:500]}],
    }

    response = client.patch(address, sent)

    assert response.status_code == 200, response.content[:500]
    document = response.json()["data"]
    assert {name: document[name] for name in sent} == sent
    for text in (sent["first_name"], "1" * 40):
        assert client.get(CONTACTS, {"search": text}).json()["data"] == [document]
