"""Custom fields through EstatePrime's wire: every type as CONTRACTS 3.5 has it, written, read and written back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Member
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, CustomField, CustomFieldKind
from contacts.services.custom_fields import (
    add_option,
    change_kind,
    create_field,
    remove_option,
    rename_field,
    rename_option,
    restore_field,
    retire_field,
)
from tests.jobs import work
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

CONTACTS = "/api/contacts"
OPTIONS = ["Phone", "Email", "Letter"]
# Type, what is written, what is read.
VALUES: list[tuple[str, Any, Any]] = [
    ("text", "VIP", "VIP"),
    ("text", "  trimmed ", "trimmed"),
    ("text", "x" * 255, "x" * 255),
    ("textarea", "line\nline", "line\nline"),
    (
        "wysiwyg",
        '<p>Hi <a href="https://example.com/">you</a> &amp; me</p>',
        '<p>Hi <a href="https://example.com/">you</a> &amp; me</p>',
    ),
    ("wysiwyg", "<b>x</b><script>alert(1)</script>", "<b>x</b>"),
    ("wysiwyg", '<a href="javascript:alert(1)" onclick="x">x</a>', "<a>x</a>"),
    ("wysiwyg", "fish & chips", "fish & chips"),
    ("wysiwyg", 'x<img src="https://example.com/seen.png">', "x"),
    ("number", 7, 7),
    ("number", 7.25, 7.25),
    ("number", "7.50", 7.5),
    ("number", -0.5, -0.5),
    ("formatted_number", 1000000.25, "1,000,000.25"),
    ("formatted_number", "1,000,000.25", "1,000,000.25"),
    ("formatted_number", 12, "12"),
    ("select", 2, 2),
    ("select", "Email", 2),
    ("select_multi", [2, 3], [2, 3]),
    ("select_multi", [3, 1, 3], [3, 1]),
    ("select_multi", 1, [1]),
    ("checkbox", True, True),
    ("checkbox", 0, False),
    ("checkbox", "true", True),
    ("file", "https://example.com/a.pdf", "https://example.com/a.pdf"),
    (
        "file_multi",
        ["https://example.com/a.pdf", "http://example.org/b"],
        ["https://example.com/a.pdf", "http://example.org/b"],
    ),
    ("image", "https://example.com/a.png", "https://example.com/a.png"),
    ("image_multi", ["https://example.com/a.png"], ["https://example.com/a.png"]),
    ("address", "Bellariastraße 6, 1010 Wien, Austria", "Bellariastraße 6, 1010 Wien, Austria"),
    ("url", "https://example.com/?q=a%20b#c", "https://example.com/?q=a%20b#c"),
    ("date", "2025-10-18", "2025-10-18"),
    ("date", "2025-10-18 18:24:10", "2025-10-18"),
    ("datetime", "2025-10-18 18:24:10", "2025-10-18 18:24:10"),
    ("datetime", "2025-10-18T18:24:10+02:00", "2025-10-18 16:24:10"),
    ("currency", 1000000.25, "1,000,000.25€"),
    ("currency", "1,000,000.25€", "1,000,000.25€"),
    ("currency", "3", "3.00€"),
    ("user", 1, 1),
    ("user", "2", 2),
    ("user", 2.0, 2),
    ("select", 2.0, 2),
    ("user_multi", [2, 1], [2, 1]),
    ("phone", "+30 698 741 1111 (home)", "+30 698 741 1111 (home)"),
]
WRONG: list[tuple[str, Any]] = [
    ("text", 7),
    ("text", "x" * 256),
    ("textarea", "x" * 2_501),
    ("wysiwyg", ["x"]),
    ("number", "seven"),
    ("number", True),
    ("number", "1,000"),
    ("number", 10**16 + 1),
    ("formatted_number", "1,00"),
    ("select", 4),
    ("select", "email"),
    ("select", True),
    ("select_multi", [1, 4]),
    ("select_multi", {"1": 1}),
    ("checkbox", "maybe"),
    ("checkbox", 2),
    ("file", "ftp://example.com/a"),
    ("file", "javascript:alert(1)"),
    ("file_multi", ["https://example.com/a", "x"]),
    ("image", 7),
    ("address", "x" * 256),
    ("url", "example.com"),
    ("url", "https://exa mple.com"),
    ("user_multi", "1,2"),
    ("file_multi", "https://example.com/a,https://example.com/b"),
    ("date", "18.10.2025"),
    ("datetime", "2025-10-18x18:24:10"),
    ("date", "2025-02-30"),
    ("datetime", "soon"),
    ("currency", "ten"),
    ("user", 99),
    ("user", "x"),
    ("user_multi", [1, 99]),
    ("contact", 10**9),
    ("contact", 0),
    ("contact_multi", [10**9]),
    ("phone", "1" * 41),
]


@pytest.fixture
def client(north: World, estateprime: Callable[[Member | None], WireClient]) -> WireClient:
    return estateprime(north.owner)


def made(north: World, kind: str, name: str = "Extra") -> CustomField:
    with north.scope():
        return create_field(name, kind, OPTIONS if kind.startswith("select") else (), actor=north.actor())


def read(client: WireClient, number: int) -> dict[int, Any]:
    data = client.get(f"{CONTACTS}/{number}").json()["data"]
    return {entry["custom_field_id"]: entry["value"] for entry in data["custom_fields"]}


def create(client: WireClient, values: Any) -> Any:
    return client.post(CONTACTS, {"first_name": "Ada", "custom_fields": values})


def test_there_is_an_object_for_each_type_and_no_other() -> None:
    assert list(FIELD_TYPES) == CustomFieldKind.values
    assert all(name == field_type.name for name, field_type in FIELD_TYPES.items())


@pytest.mark.parametrize(("kind", "written", "expected"), VALUES)
def test_a_value_is_read_in_its_types_form_and_written_back_unchanged(
    client: WireClient, north: World, kind: str, written: Any, expected: Any
) -> None:
    field = made(north, kind)
    number = create(client, [{"custom_field_id": field.number, "value": written}]).json()["created_id"]

    document = client.get(f"{CONTACTS}/{number}").json()["data"]
    assert document["custom_fields"] == [{"custom_field_id": field.number, "value": expected}]
    again = client.patch(f"{CONTACTS}/{number}", {"custom_fields": document["custom_fields"]})
    assert again.json()["data"] == document


@pytest.mark.parametrize("kind", ["contact", "contact_multi"])
def test_a_contact_points_to_a_live_one_of_the_same_organization(
    client: WireClient, north: World, south: World, kind: str
) -> None:
    field = made(north, kind)
    ours = [contact.number for contact in north.contacts[:2]]
    value: Any = ours[0] if kind == "contact" else ours

    number = create(client, [{"custom_field_id": field.number, "value": value}]).json()["created_id"]
    assert read(client, number) == {field.number: value}
    for stranger in (south.contact.number, north.deleted.number):
        if stranger not in [contact.number for contact in north.contacts]:
            refused = create(client, [{"custom_field_id": field.number, "value": stranger}])
            assert refused.json() == {"status": 400, "error_message": f"Invalid custom_field_id {field.number}"}


@pytest.mark.parametrize(("kind", "written"), WRONG)
def test_a_value_of_the_wrong_kind_is_refused_by_the_fields_id(
    client: WireClient, north: World, kind: str, written: Any
) -> None:
    field = made(north, kind)

    response = create(client, [{"custom_field_id": field.number, "value": written}])

    expected = {"status": 400, "error_message": f"Invalid custom_field_id {field.number}"}
    assert (response.status_code, response.json()) == (400, expected)


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_value_takes_one_away_and_the_others_stay(client: WireClient, north: World, empty: Any) -> None:
    one, other = made(north, "text", "One"), made(north, "number", "Other")
    values = [{"custom_field_id": one.number, "value": "x"}, {"custom_field_id": other.number, "value": 0}]
    number = create(client, values).json()["created_id"]

    client.patch(f"{CONTACTS}/{number}", {"custom_fields": [{"custom_field_id": one.number, "value": empty}]})

    assert read(client, number) == {other.number: 0}


def test_the_object_form_of_the_live_service_is_taken_too(client: WireClient, north: World) -> None:
    field = made(north, "text")

    number = create(client, {str(field.number): "x"}).json()["created_id"]

    assert read(client, number) == {field.number: "x"}


@pytest.mark.parametrize("unknown", [99, "99"])
def test_an_unknown_field_is_refused(client: WireClient, unknown: Any) -> None:
    response = create(client, [{"custom_field_id": unknown, "value": "x"}])

    assert response.json() == {"status": 400, "error_message": "Invalid custom_field_id 99"}


@pytest.mark.parametrize("values", ["x", [1], [{"value": 1}], [{"custom_field_id": True, "value": 1}], {"x": 1}])
def test_what_is_no_list_of_values_is_refused(client: WireClient, values: Any) -> None:
    response = create(client, values)

    assert (response.status_code, response.json()["error_message"]) == (400, "Invalid custom_fields")


def test_a_field_that_is_named_twice_is_refused_and_nothing_is_written(
    client: WireClient, north: World, south: World
) -> None:
    one, other = made(north, "text", "One"), made(north, "text", "Other")
    made(south, "text", "One")
    number = create(client, {str(other.number): "kept"}).json()["created_id"]
    address = f"{CONTACTS}/{number}"
    before = client.get(address).json()
    total = client.get(CONTACTS).json()["total_results"]
    for again in (one.number, str(one.number), float(one.number), f"0{one.number}"):
        twice = [
            {"custom_field_id": one.number, "value": "x"},
            {"custom_field_id": other.number, "value": "y"},
            {"custom_field_id": again, "value": "x"},
        ]
        by_id = {str(one.number): "x", str(other.number): "y", f"0{one.number}": "z"}
        for sent in (twice, by_id):
            for response in (create(client, sent), client.patch(address, {"notes": "new", "custom_fields": sent})):
                expected = {"status": 400, "error_message": f"Invalid custom_field_id {one.number}"}
                assert (response.status_code, response.json()) == (400, expected)

    assert client.get(address).json() == before
    assert client.get(CONTACTS).json()["total_results"] == total


def test_a_value_that_is_not_said_takes_nothing_away(client: WireClient, north: World) -> None:
    field = made(north, "text")
    number = create(client, {str(field.number): "x"}).json()["created_id"]
    address, sent = f"{CONTACTS}/{number}", {"custom_fields": [{"custom_field_id": str(field.number)}]}
    for answer in (client.patch(address, sent), client.post(CONTACTS, {"first_name": "Bea"} | sent)):
        sentence = f"Missing value of custom_field_id {field.number}"
        assert (answer.status_code, answer.json()) == (400, {"status": 400, "error_message": sentence})
    assert read(client, number) == {field.number: "x"}


def test_a_field_of_another_organization_is_unknown(client: WireClient, north: World, south: World) -> None:
    made(south, "text", "Second")

    assert create(client, [{"custom_field_id": 2, "value": "x"}]).status_code == 400


def test_renaming_and_retiring_and_bringing_back(client: WireClient, north: World) -> None:
    field = made(north, "text")
    number = create(client, [{"custom_field_id": field.number, "value": "x"}]).json()["created_id"]
    with north.scope():
        rename_field(field, "Renamed", actor=north.actor())
    assert {"id": field.number, "name": "Renamed", "type": "text"} in client.get(f"{CONTACTS}/custom-fields").json()[
        "data"
    ]

    with north.scope():
        retire_field(field, actor=north.actor())
    assert read(client, number) == {}
    assert field.number not in {entry["id"] for entry in client.get(f"{CONTACTS}/custom-fields").json()["data"]}
    assert create(client, [{"custom_field_id": field.number, "value": "x"}]).status_code == 400

    with north.scope():
        restore_field(field, actor=north.actor())
    assert read(client, number) == {field.number: "x"}


@pytest.mark.parametrize("kind", ["select", "select_multi"])
def test_options_renamed_added_and_removed(client: WireClient, north: World, kind: str) -> None:
    field = made(north, kind)
    value: Any = 2 if kind == "select" else [1, 2]
    number = create(client, [{"custom_field_id": field.number, "value": value}]).json()["created_id"]
    with north.scope():
        rename_option(field.options.get(number=2), "E-mail", actor=north.actor())
        added = add_option(field, "Pigeon", actor=north.actor())
        remove_option(field.options.get(number=2), actor=north.actor())
    # Nobody sees it from that moment on, though the contact still has it.
    left = {} if kind == "select" else {field.number: [1]}
    assert (added.number, read(client, number)) == (4, left)

    work()

    assert read(client, number) == left
    with north.scope():
        contact = Contact.objects.get(number=number)
        assert contact.custom_values == ({} if kind == "select" else {field.key: [1]})
        assert add_option(field, "Email", actor=north.actor()).number == 5


@pytest.mark.parametrize(
    ("kind", "value", "new_kind", "expected"),
    [
        ("text", "1,234.5", "formatted_number", "1,234.5"),
        ("text", "12", "number", 12),
        ("text", "twelve", "number", None),
        ("number", 12.5, "text", "12.5"),
        ("currency", "5", "number", 5),
        ("formatted_number", "1,234.5", "number", 1234.5),
        ("select", 2, "text", "Email"),
        ("text", "Email", "textarea", "Email"),
        ("checkbox", True, "text", "yes"),
        ("date", "2025-10-18", "datetime", "2025-10-18 00:00:00"),
        ("datetime", "2025-10-18 18:24:10", "date", "2025-10-18"),
        ("file", "https://example.com/a", "url", "https://example.com/a"),
        ("user", 2, "user_multi", [2]),
        ("user_multi", [2], "user", 2),
        ("text", "2", "user", 2),
        ("text", "99", "user", None),
        # Another kind of row that happens to have the number.
        ("user", 1, "contact", None),
        ("select", 2, "number", None),
        ("select_multi", [1, 3], "text", "Phone; Letter"),
        ("select_multi", [3], "select", 3),
    ],
)
def test_a_field_of_another_type_carries_over_what_it_can_hold(
    client: WireClient, north: World, kind: str, value: Any, new_kind: str, expected: Any
) -> None:
    field = made(north, kind)
    number = create(client, [{"custom_field_id": field.number, "value": value}]).json()["created_id"]
    untouched = create(client, []).json()["created_id"]
    with north.scope():
        before = Contact.objects.get(number=untouched).version
        change_kind(field, new_kind, actor=north.actor())

    work()

    assert read(client, number) == ({} if expected is None else {field.number: expected})
    with north.scope():
        assert Contact.objects.get(number=untouched).version == before
        change = Contact.objects.get(number=number).changes.order_by("-id")[0]
        assert list(change.before) == list(change.after) == ["custom_values"]
