"""One live contact per primary e-mail, however it is written and however many ask at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from accounts.tenancy import tenant_scope
from contacts.exceptions import DuplicateContact
from contacts.models import Contact, Tag
from contacts.services import restore_contact
from tests.contracts.conftest import at_once, printed
from tests.worlds import WireClient, World, actor_of

JOHN = "/v1/contacts/contact_123"


def body(email: str, **more: Any) -> dict[str, Any]:
    return {"firstName": "A", "lastName": "B", "email": email} | more


def assert_duplicate(response: Any, email: str) -> None:
    expected = printed("duplicate_contact.response")
    expected["error"]["detail"] = f"Contact with email '{email}' already exists"
    assert (response.status_code, response.json()) == (409, expected)


@pytest.mark.parametrize(
    ("taken", "spellings"),
    [
        ("jane@example.com", ["JANE@EXAMPLE.COM", "Jane@example.Com"]),
        ("jane@bücher.example", ["JANE@BÜCHER.example", "jane@xn--bcher-kva.example", "Jane@XN--BCHER-KVA.EXAMPLE"]),
        ("jane@xn--bcher-kva.example", ["jane@bücher.example", "jane@bu\u0308cher.example"]),
        ("jane@straße.example", ["jane@xn--strae-oqa.example"]),
    ],
)
def test_any_spelling_of_a_taken_address_is_refused_as_it_was_sent(client, taken, spellings):
    first = client.post("/v1/contacts", body(taken))
    other = client.post("/v1/contacts", body("other@example.com"))
    assert (first.status_code, other.status_code) == (201, 201)

    for email in spellings:
        refused = client.post("/v1/contacts", body(email))
        assert_duplicate(refused, email)
        assert refused["Link"] == f'<{first["Location"]}>; rel="duplicate"'
        refused = client.put(other["Location"], {"email": email, "notes": "not kept"})
        assert_duplicate(refused, email)
        assert client.put(first["Location"], {"email": email}).json()["data"]["email"] == email

    assert client.get("/v1/contacts").json()["pagination"]["total"] == 2
    assert client.get(other["Location"]).json()["data"]["notes"] is None


def test_different_addresses_are_different(client):
    for email in ("a@example.com", "a+tag@example.com", "a.b@example.com", "ab@example.com", "a@sub.example.com"):
        assert client.post("/v1/contacts", body(email)).status_code == 201


def test_an_address_is_free_again_after_a_delete_and_then_cannot_come_back(office, client, john):
    client.delete(JOHN)
    again = client.post("/v1/contacts", body("John.Doe@example.com"))
    assert again.status_code == 201

    with tenant_scope(office.organization):
        deleted = Contact.objects.get(pk=john.pk)
        with pytest.raises(DuplicateContact) as caught:
            restore_contact(deleted, actor=actor_of(office))
        holder = Contact.objects.active().get()
    assert (caught.value.value, caught.value.existing_id) == ("john.doe@example.com", holder.pk)
    assert client.get(JOHN).status_code == 404

    client.delete(again["Location"])
    with tenant_scope(office.organization):
        restore_contact(deleted, actor=actor_of(office))
    assert client.get(JOHN).json()["data"]["email"] == "john.doe@example.com"


def test_organizations_do_not_share_their_addresses(north: World, south: World, winnerr: Callable[..., WireClient]):
    program = winnerr(north.owner)
    assert program.delete(f"/v1/contacts/{north.contact.winnerr_id}").status_code == 200

    assert program.post("/v1/contacts", body("jane@example.com")).status_code == 201
    assert winnerr(south.owner).get(f"/v1/contacts/{south.contact.winnerr_id}").status_code == 200


def test_secondary_phones_and_phones_may_repeat(client, john):
    response = client.post("/v1/contacts", printed("contact") | {"email": "x@example.com", "assignedTo": None})

    assert response.status_code == 201


@pytest.mark.django_db(transaction=True)
def test_sixteen_creates_of_one_address_at_once_make_one_contact(client):
    spellings = ["Race@Example.com", "race@example.com", "RACE@EXAMPLE.COM", "race@EXAMPLE.com"]

    for attempt in range(3):
        bodies = [body(f"{attempt}{spelling}") for spelling in spellings] * 4
        answers = at_once([partial(client.post, "/v1/contacts", sent) for sent in bodies])
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["error"]["type"] == "conflict_error"
                assert answer["Link"]

    assert client.get("/v1/contacts").json()["pagination"]["total"] == 3


@pytest.mark.django_db(transaction=True)
def test_sixteen_creates_with_overlapping_new_tags_at_once_make_each_tag_once(office, client):
    names = [f"tag {number}" for number in range(6)]

    def create(number: int) -> Any:
        tags = names[number % 6 :] + names[: number % 6]
        return client.post("/v1/contacts", body(f"c{number}@example.com", tags=tags))

    answers = at_once([partial(create, number) for number in range(16)])

    assert [answer.status_code for answer in answers] == [201] * 16
    with tenant_scope(office.organization):
        assert sorted(Tag.objects.values_list("name", flat=True)) == names
        assert len(set(Tag.objects.values_list("number", flat=True))) == 6
        assert len(set(Contact.objects.values_list("number", flat=True))) == 16


@pytest.mark.django_db(transaction=True)
def test_sixteen_changes_at_once_all_survive(client, john):
    names = ["phone", "notes", "source", "secondaryPhone"]
    before = client.get(JOHN).json()["data"]

    answers = at_once([partial(client.put, JOHN, {names[number % 4]: f"{number}"}) for number in range(16)])

    assert [answer.status_code for answer in answers] == [200] * 16
    after = client.get(JOHN).json()["data"]
    for index, name in enumerate(names):
        assert after[name] in {f"{number}" for number in range(16) if number % 4 == index}
    assert {name for name in before if before[name] != after[name]} == {*names, "updatedAt"}


@pytest.mark.django_db(transaction=True)
def test_sixteen_deletes_at_once_find_it_once(client, john):
    answers = at_once([partial(client.delete, JOHN)] * 16)

    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 15
