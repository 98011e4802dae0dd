"""Hostile input on Rentalot's wire: refused in its own words or stored to the letter, and never an error of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest

from contacts.models import Contact
from tests.contracts import hostile
from tests.contracts.routed import PROGRAMS, RENTALOT
from tests.contracts.test_rentalot_replay import CONTACTS, JANE
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

FREE_TEXT = {
    "name": "name",
    "channelPreference": "channelPreference",
    "source": "source",
    "referralSource": "referralSource",
}
LONGEST = {"name": 200, "phone": 30, "channelPreference": 50, "source": 100, "referralSource": 200, "language": 10}
PARAMETERS = (
    "page",
    "limit",
    "status",
    "role",
    "channel",
    "search",
    "channelPreference",
    "channel_preference",
    "q",
    "query",
)


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    return PROGRAMS[RENTALOT](north.owner)


@pytest.fixture
def address(north: World) -> str:
    return f"{CONTACTS}/{north.contacts[1].uuid}"


def assert_refused(response: Any, statuses: set[int], about: object) -> None:
    assert response.status_code in statuses, (about, response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert list(body) == ["type", "title", "status", "detail", *(["errors"] if "errors" in body else [])], about
    assert body["status"] == response.status_code
    assert all(isinstance(body[name], str) and body[name] for name in ("type", "title", "detail"))
    assert all(list(error) == ["field", "message"] for error in body.get("errors", []))
    assert hostile.internals_in(response.content) == [], about


def everything(north: World) -> list[dict[str, Any]]:
    with north.scope():
        return [dict(row) for row in Contact.objects.order_by("pk").values()]


def test_hostile_bodies_are_refused_or_change_nothing(north: World, client: WireClient, address: str) -> None:
    before = everything(north)
    good = '{"name":"A","phone":"555-0100","source":"B","email":"a@example.com"}'
    bodies = [*hostile.whole_bodies(good), *hostile.naughty_numbers(), *hostile.naughty_values()]
    assert len(bodies) > 200
    for body in bodies:
        for method, path in (("POST", CONTACTS), ("PATCH", address)):
            response = client.request(method, path, body=body)
            if response.status_code == 200:
                # An object that says nothing about a contact, or no body at all.
                assert method == "PATCH"
                assert not body.strip() or isinstance(orjson.loads(body), dict), body[:100]
            else:
                assert_refused(response, {400, 422}, body[:100])

    assert everything(north) == before


def test_hostile_values_are_refused_or_stored(client: WireClient, address: str) -> None:
    names = (*FREE_TEXT, "email", "phone", "status", "role", "language", "notes", "appliedAt", "id", "createdAt")
    values = [*hostile.naughty_numbers(), *hostile.naughty_values()]
    tried = 0
    # Every field meets a quarter of the values, and neighbouring fields different quarters: the parser is the same.
    for index, name in enumerate(names):
        for value in values[index % 4 :: 4]:
            response = client.request("PATCH", address, body=b'{"%s":%s}' % (name.encode(), value))
            tried += 1
            if response.status_code != 200:
                assert_refused(response, {400, 422}, (name, value[:100]))
    assert tried > 600
    document = client.get(address).json()["data"]
    assert list(document) == list(JANE)
    assert document["status"] in {"prospect", "scheduled", "applicant", "renter", "archived"}


def test_naughty_strings_come_back_to_the_letter(north: World, client: WireClient, address: str) -> None:
    assert len(hostile.NAUGHTY_STRINGS) > 200
    for text in hostile.NAUGHTY_STRINGS:
        kept = text.strip()
        sent = {name: text for name in FREE_TEXT if kept or name != "name"} | {"notes": text}

        response = client.patch(address, sent)

        assert response.status_code == 200, (text, response.content)
        document = client.get(address).json()["data"]
        assert document == response.json()["data"], text
        assert document in client.get(CONTACTS).json()["data"], text
        assert [document[name] for name in FREE_TEXT if name in sent] == [kept or None] * (len(sent) - 1), text
        with north.scope():
            assert Contact.objects.get(uuid=address.rpartition("/")[2]).notes == kept
        if kept and "," not in text:
            found = client.get(CONTACTS, {"channel": text})
            assert (found.status_code, found.json()["data"]) == (200, [document]), text


def test_naughty_strings_are_searched_for_as_they_are(client: WireClient, address: str) -> None:
    for text in hostile.NAUGHTY_STRINGS:
        if not text.strip():
            continue
        named = client.patch(address, {"name": f"Zanzibar {text}"}).json()["data"]
        response = client.get(CONTACTS, {"search": f"zanzibar {text}"})
        assert response.status_code == 200, text
        assert response.json()["data"] == [named], text
        assert client.get(CONTACTS, {"search": text}).status_code == 200, text


def test_naughty_strings_are_no_values_of_closed_lists(north: World, client: WireClient, address: str) -> None:
    before = everything(north)
    for text in filter(str.strip, hostile.NAUGHTY_STRINGS):
        response = client.patch(address, {"status": text, "role": text, "email": text, "phone": f"x{text}!"})
        assert_refused(response, {422}, text)
        assert [fault["field"] for fault in response.json()["errors"]] == ["email", "phone", "status", "role"], text
    assert everything(north) == before


def test_naughty_strings_as_local_parts_and_domains_are_refused_or_kept(client: WireClient, address: str) -> None:
    accepted = 0
    for index, text in enumerate(hostile.NAUGHTY_STRINGS):
        forms = (f"{text}@example.com", f"a@{text}", f"a@{text}.com", f'"{text}"@example.com')
        for email in (forms[0], forms[1 + index % 3]):
            response = client.patch(address, {"email": email})
            if response.status_code == 200:
                accepted += 1
                assert client.get(address).json()["data"]["email"] == response.json()["data"]["email"] == email.strip()
            else:
                assert_refused(response, {422}, email)
    assert accepted > 20


@pytest.mark.parametrize("character", ["\u0301", "\ufdfa", "\U0001f469\u200d", "ﬃ", "\u1e9e", "İ", "\x01", "'", "\\"])
def test_text_that_is_as_long_as_it_may_be_is_stored_and_found(
    client: WireClient, address: str, character: str
) -> None:
    sent = {name: (character * length)[:length] for name, length in LONGEST.items() if name != "phone"}
    # What is nothing but accents is no word to search for.
    sent |= {"name": ("Zz" + character * 200)[:200], "notes": (character * 5_000)[:5_000], "phone": "1" * 30}

    response = client.patch(address, sent)

    assert response.status_code == 200, response.content[:500]
    document = response.json()["data"]
    assert {name: document[name] for name in LONGEST} == {name: sent[name] for name in LONGEST}
    for query in ({"search": sent["name"]}, {"search": sent["phone"]}, {"channel": sent["channelPreference"]}):
        assert client.get(CONTACTS, query).json()["data"] == [document]


def test_hostile_queries_are_answered_or_refused(client: WireClient) -> None:
    plain = client.get(CONTACTS).json()
    tried = 0
    for name, value in hostile.queries(PARAMETERS):
        response = client.get(f"{CONTACTS}?{quote(name, safe='')}={quote(value, safe='')}")
        tried += 1
        if response.status_code == 200:
            body = response.json()
            assert list(body) == ["data", "pagination"]
            assert name in PARAMETERS or body == plain, name
        else:
            assert_refused(response, {400, 422}, (name, value[:80]))
            if response.status_code == 422:
                assert len(response.json()["errors"]) == 1
                assert name in PARAMETERS
    assert tried > 800


def test_queries_that_are_not_even_utf_8_are_answered(client: WireClient) -> None:
    queries = (
        "%",
        "%zz",
        "%ff=%fe",
        "status=%ff",
        "channel=%c3%28",
        "search=%ff%fe",
        "&&&",
        "=",
        "a=b=c",
        "limit=1;limit=2",
    )
    for query in (*queries, "?limit=1", "status=prospect&status="):
        response = client.get(f"{CONTACTS}?{query}")
        assert response.status_code in {200, 422}, query
    many = "&".join(f"a{number}=1" for number in range(3_000))
    assert_refused(client.get(f"{CONTACTS}?{many}"), {400}, "3,000 parameters")


def test_ids_of_every_form_are_unknown(north: World, client: WireClient) -> None:
    before = everything(north)
    contact = north.contacts[1]
    bare = str(contact.uuid)
    forms = [*hostile.ID_FORMS, str(contact.pk), str(contact.number), contact.uuid.hex, f"contact_{bare}"]
    forms += [f"urn:uuid:{bare}", f"{{{bare}}}", f"{bare} ", f" {bare}", f"{bare}\x00", f"{bare}\n", f"{bare}.json"]
    for form in forms:
        for method in ("GET", "PATCH", "DELETE"):
            sent: Any = {} if method == "PATCH" else None
            response = client.request(method, f"{CONTACTS}/{quote(form, safe='')}", json=sent)
            assert_refused(response, {404}, (method, form))
            # Django's resolver sees a dot segment or a slash as it is.
            assert response.json()["detail"] in {"Contact not found", "The requested resource was not found"}, form
            assert not any("Injected" in name for name, _ in response.items())

    assert everything(north) == before


def test_hostile_headers_are_ignored(client: WireClient, address: str) -> None:
    plain = client.get(address)
    for headers in (*hostile.HEADERS, {"If-None-Match": '"x", 1, W/"9999"'}):
        response = client.get(address, headers=headers)
        assert (response.status_code, response.content) == (200, plain.content), headers
        assert "evil.example" not in str(response.headers)
        refused = client.get(f"{CONTACTS}/nobody", headers=headers)
        assert_refused(refused, {404}, headers)
    override = client.post(f"{CONTACTS}?_method=DELETE", {}, headers={"X-HTTP-Method-Override": "DELETE"})
    assert_refused(override, {422}, "override")
    assert client.get(address).content == plain.content


@pytest.mark.parametrize("method", ["PUT", "POST", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "LINK"])
def test_wrong_methods_are_told_the_right_ones(client: WireClient, address: str, method: str) -> None:
    for path, allowed in ((CONTACTS, "GET, POST, HEAD"), (address, "GET, PATCH, DELETE, HEAD")):
        if method in allowed:
            continue
        for spelling in (path, f"{path}/"):
            response = client.request(method, spelling, json={})
            assert (response.status_code, response.json()) == (
                405,
                {
                    "type": "https://rentalot.ai/problems/method-not-allowed",
                    "title": "Method Not Allowed",
                    "status": 405,
                    "detail": "Method not allowed",
                },
            )
            assert set(response["Allow"].split(", ")) == set(allowed.split(", "))


def test_a_trailing_slash_is_served_and_never_redirected(client: WireClient, address: str) -> None:
    assert client.get(f"{CONTACTS}/").content == client.get(CONTACTS).content
    assert client.get(f"{address}/").content == client.get(address).content
    assert client.patch(f"{address}/", {"language": "de"}).json()["data"]["language"] == "de"
    made = client.post(f"{CONTACTS}/", {"name": "A", "phone": "555-0100"})
    assert (made.status_code, made["Location"].endswith("/")) == (201, False)
    assert client.delete(f"{made['Location']}/").status_code == 204
    assert_refused(client.get(f"{CONTACTS}%0A"), {404}, "a line break")
