"""Mappings: corrected by people, kept as JSON, and refused as a whole where they do not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.field_types import FIELD_TYPES, Definition
from contacts.importing.columns import TARGETS, MappedColumn, Mapping, TableInterpreter, choices, guess
from contacts.importing.context import Context, KnownField
from contacts.importing.records import IgnoredColumn, Record, Unreadable, UsedColumn

CONTEXT = Context(
    fields=(
        KnownField(7, "Closing: when", FIELD_TYPES["date"], Definition(key="7")),
        KnownField(8, "Loan", FIELD_TYPES["text"], Definition(key="8")),
    )
)
HEADERS = ["Name", "E-mail 1 - Value", "E-mail 2 - Value", "Town", "City", "Foo", "Bar"]
GUESSED = {
    "Name": "full_name",
    "E-mail 1 - Value": "email",
    "E-mail 2 - Value": "further_email",
    "Town": "city",
    "City": None,
    "Foo": None,
    "Bar": None,
}


def overridden(columns: Any) -> Mapping:
    return guess(HEADERS, [], CONTEXT).overridden({"columns": columns}, CONTEXT)


@pytest.mark.parametrize(
    ("columns", "changed"),
    [
        ({}, {}),
        ({"Town": None}, {"Town": None}),
        ({"Foo": "custom:Loan", "Bar": "custom:7:day-first"}, {"Foo": "custom:8", "Bar": "custom:7:day-first"}),
        ({"Foo": "custom:closing: when"}, {"Foo": "custom:7"}),
        ({"Foo": "custom:Closing: when:month-first"}, {"Foo": "custom:7:month-first"}),
        ({"Foo": "notes:Foo", "Bar": "notes"}, {"Foo": "notes:Foo", "Bar": "notes"}),
        # Only one column can be the city, so the guessed one yields.
        ({"City": "city"}, {"City": "city", "Town": None}),
        ({"City": "city:Work"}, {"City": "city:Work"}),
        # The address that is named is the first one.
        (
            {"E-mail 2 - Value": "email:Work"},
            {"E-mail 2 - Value": "email:Work", "E-mail 1 - Value": "further_email"},
        ),
    ],
)
def test_what_a_mapping_says_goes_before_what_is_guessed(columns: dict[str, Any], changed: dict[str, Any]):
    assert overridden(columns).to_json() == {"columns": GUESSED | changed}


def test_why_a_column_yields_is_shown():
    mapping = overridden({"City": "city", "Name": None})
    interpreter = TableInterpreter(mapping, HEADERS, CONTEXT)
    unknown = "Nothing here is called that. Make a custom field of this name, or map it to notes, to keep it."
    assert interpreter.ignored() == [
        IgnoredColumn("Name", "The mapping leaves it out."),
        IgnoredColumn("Town", "“City” is read instead."),
        IgnoredColumn("Foo", unknown),
        IgnoredColumn("Bar", unknown),
    ]
    assert interpreter.used() == [
        UsedColumn("E-mail 1 - Value", "E-mail"),
        UsedColumn("E-mail 2 - Value", "Further e-mail"),
        UsedColumn("City", "City"),
    ]


ADVICE = (
    f"The columns are: {', '.join(HEADERS)}.\n"
    f"They can become: {', '.join(name for name in TARGETS if name != 'custom')}, "
    "custom:Closing: when, custom:Loan, or null for nothing."
)


@pytest.mark.parametrize(
    ("columns", "complaints"),
    [
        ({"Fo": "notes"}, ["There is no column “Fo”."]),
        (
            {"Fo": "emial", "Foo": "custom:Lone", "Bar": "city:", "Name": "full_name:x"},
            [
                "There is no column “Fo”.",
                "“emial” for “Fo” is nothing a column can become.",
                "“custom:Lone” for “Foo” names no custom field.",
                "“city:” for “Bar” is nothing a column can become.",
                "“full_name:x” for “Name” takes nothing after full_name.",
            ],
        ),
        (
            {"Foo": "created_at:any", "Bar": "tags:x", "Name": f"phone:{'x' * 51}"},
            [
                "“created_at:any” for “Foo” takes day-first or month-first after created_at.",
                "“tags:x” for “Bar” takes one sign after tags, like ; or |.",
                f"“phone:{'x' * 51}” for “Name” takes at most 50 characters after phone.",
            ],
        ),
        (
            {"Foo": "source", "Bar": "source", "Town": "custom:7", "City": "custom:7:day-first"},
            [
                "“Foo” and “Bar” cannot both become source.",
                "“Town” and “City” cannot both become custom:7:day-first.",
            ],
        ),
    ],
)
def test_everything_that_is_wrong_with_a_mapping_is_said_at_once(columns: dict[str, Any], complaints: list[str]):
    with pytest.raises(Unreadable) as refused:
        overridden(columns)
    assert str(refused.value) == "\n".join(["The mapping does not fit.", *complaints, ADVICE])


def test_of_very_many_complaints_the_first_are_said():
    with pytest.raises(Unreadable) as refused:
        overridden({f"Column {number}": None for number in range(1_000)})
    lines = str(refused.value).splitlines()
    assert lines[20:22] == ["There is no column “Column 19”.", "And 980 more."]
    assert len(lines) == 24


@pytest.mark.parametrize("document", [None, [], "x", {}, {"columns": []}, {"columns": {}, "rows": 1}])
def test_what_is_no_mapping_is_refused(document: Any):
    with pytest.raises(Unreadable) as refused:
        guess(HEADERS, [], CONTEXT).overridden(document, CONTEXT)
    assert str(refused.value) == 'A mapping is an object like {"columns": {"Heading": "email", "Another": null}}.'


def test_a_target_is_a_text_or_nothing():
    with pytest.raises(Unreadable, match=r"^What a column becomes is a text or null, not so for: Foo, Bar\.$"):
        overridden({"Foo": 7, "Bar": ["email"], "Name": None})


def test_a_mapping_of_another_file_or_a_field_that_is_gone_is_refused():
    mapping = overridden({"Foo": "custom:Loan"})
    with pytest.raises(Unreadable, match=r"^The mapping does not fit\.\nThere is no column “Name”\.\n"):
        TableInterpreter(mapping, HEADERS[1:], CONTEXT)
    with pytest.raises(
        Unreadable, match=r"^The mapping does not fit\.\n“custom:8” for “Foo” names no custom field\.\n"
    ):
        TableInterpreter(mapping, HEADERS, Context())


def test_a_file_of_which_nothing_is_understood_is_refused():
    with pytest.raises(Unreadable, match=r"^No column of the file is understood; say in a mapping what they are\.$"):
        TableInterpreter(guess(["Foo", "Bar"], [], CONTEXT), ["Foo", "Bar"], CONTEXT)


def test_everything_that_can_be_chosen_can_be_mapped_and_has_a_name():
    offered = choices(CONTEXT, also=["phone:Grandma", "custom:7:day-first", "city"])
    names = [name for _, name in offered]
    assert len(set(names)) == len(names)
    assert ("custom:7", "Closing: when") in offered
    assert offered[-2:] == [("phone:Grandma", "Phone (Grandma)"), ("custom:7:day-first", "Closing: when (day-first)")]
    for identifier, _ in offered:
        mapping = Mapping.from_json({"columns": {"Foo": identifier}}, ["Foo"], CONTEXT)
        assert mapping == Mapping((MappedColumn("Foo", identifier),))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("full_name", "Name"),
        ("email", "E-mail 1 - Value"),
        ("further_emails.0.email", "E-mail 2 - Value"),
        ("tags.3", "Foo"),
        ("custom_fields.8", "Bar"),
        ("custom_fields.7", "custom_fields.7"),
        ("city", "Town"),
        ("lead_score", "lead_score"),
    ],
)
def test_a_fault_of_a_draft_is_traced_to_its_column(name: str, column: str):
    interpreter = TableInterpreter(overridden({"Foo": "tags", "Bar": "custom:8"}), HEADERS, CONTEXT)
    assert interpreter.column_of(name) == column


def test_a_fault_of_what_several_columns_make_is_traced_to_all_of_them():
    headers = ["First name", "Middle name", "Mobile", "Work phone", "Price from"]
    interpreter = TableInterpreter(guess(headers, [], CONTEXT), headers, CONTEXT)
    names = ("first_name", "full_name", "further_phones.1.phone", "phone", "preferences.price_range.min")
    assert {name: interpreter.column_of(name) for name in names} == {
        "first_name": "First name, Middle name",
        "full_name": "First name, Middle name",
        "further_phones.1.phone": "Work phone",
        "phone": "Mobile",
        "preferences.price_range.min": "Price from",
    }


# One for each place; whether a date is written day first is no other place.
IDENTIFIERS = st.sampled_from(
    [identifier for identifier, _ in choices(CONTEXT) if not identifier.endswith("-first") and identifier != "custom:7"]
    + ["phone:Grandma's", "notes:Job: what", "custom:7:month-first", "street:Boat"]
)


@settings(max_examples=60, deadline=None)
@given(
    headings=st.lists(st.text(min_size=1, max_size=15), unique=True, min_size=1, max_size=8),
    targets=st.lists(st.none() | IDENTIFIERS, unique=True, min_size=8, max_size=8),
    rows=st.lists(st.lists(st.text(max_size=8), min_size=8, max_size=8), max_size=3),
)
def test_a_mapping_kept_as_json_comes_back_the_same(
    headings: list[str], targets: list[str | None], rows: list[list[str]]
):
    wanted = dict(zip(headings, targets, strict=False))
    mapping = guess(headings, rows, CONTEXT).overridden({"columns": wanted}, CONTEXT)
    kept = json.loads(json.dumps(mapping.to_json()))
    assert kept == {"columns": wanted}
    assert Mapping.from_json(kept, headings, CONTEXT) == mapping
    if any(wanted.values()):
        interpreter = TableInterpreter(mapping, headings, CONTEXT)
        for row in rows:
            interpreter.interpret(Record(line=2, last_line=2, raw=row, position=0))
