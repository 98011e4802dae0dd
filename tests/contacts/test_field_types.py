"""The types of custom fields, one by one: what they store, and that it comes back the same from every form it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.drafts import ContactDraft
from contacts.field_types import EMPTY, FIELD_TYPES, BadFieldValue, Definition
from contacts.field_types.markup import shown_html
from contacts.models import Contact, CustomField
from contacts.services import create_contact
from contacts.services.custom_fields import change_kind, create_field
from tests.worlds import World

# Names that look like numbers, separators and quotes.
OPTIONS = {1: "2", 2: "x; y", 3: 'say "no"', 4: "4", 5: "two\nlines", 6: "Ünïcode", 7: ";", 8: '"'}
DEFINITION = Definition(key="7", options=OPTIONS, time_zone=ZoneInfo("Europe/Vienna"))

words = st.text(st.characters(codec="utf-8"), max_size=40)
addresses = st.builds("https://example.com/{}".format, st.text("abc/?#%20=&;,", max_size=20))
numbers = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**9), 10**9, places=6).map(str),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 6)),
)
ids = st.integers(1, 2**63 - 1)
options = st.sampled_from(sorted(OPTIONS))
elements = st.sampled_from(
    ["p", "b", "a", "pre", "table", "td", "tr", "ul", "li", "script", "svg", "style", "math", "x"]
)
attributes = st.sampled_from(
    [
        "",
        ' href="https://example.com/"',
        ' href="java&#115;cript:x"',
        " onclick=x",
        ' style="x"',
        ' href="//evil.example"',
    ]
)
html = st.lists(
    st.one_of(
        words,
        st.builds("<{}{}>".format, elements, attributes),
        st.builds("</{}>".format, elements),
        st.sampled_from(["<!--", "-->", "&", "&lt;", "\n", "<br>", "<![CDATA[", "\u2028"]),
    ),
    max_size=12,
).map("".join)

# Values of each type, as a program or a person would send them.
SENT: dict[str, st.SearchStrategy[Any]] = {
    "text": words,
    "textarea": words,
    "wysiwyg": html,
    "number": numbers,
    "formatted_number": numbers,
    "select": options,
    "select_multi": st.lists(options, min_size=1, max_size=5),
    "checkbox": st.booleans(),
    "file": addresses,
    "file_multi": st.lists(addresses, min_size=1, max_size=5),
    "image": addresses,
    "image_multi": st.lists(addresses, min_size=1, max_size=5),
    "address": words,
    "url": addresses,
    "date": st.dates().map(date.isoformat),
    "datetime": st.datetimes().map(lambda moment: moment.isoformat(sep=" ")),
    "currency": numbers,
    "user": ids,
    "user_multi": st.lists(ids, min_size=1, max_size=5),
    "contact": ids,
    "contact_multi": st.lists(ids, min_size=1, max_size=5),
    "phone": words.map(lambda text: text[:40]),
}
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), html, numbers),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
every_type = pytest.mark.parametrize("kind", FIELD_TYPES)


def stored(kind: str, value: Any) -> Any:
    """What the type stores, None for what it refuses or takes for nothing."""
    try:
        clean = FIELD_TYPES[kind].clean(value, DEFINITION)
    except BadFieldValue:
        return None
    return None if clean in EMPTY else clean


def test_every_type_is_sent_something():
    assert SENT.keys() == FIELD_TYPES.keys()


@every_type
def test_what_is_read_from_the_wire_is_written_back_unchanged(kind: str):
    @given(SENT[kind])
    def holds(value: Any) -> None:
        kept = stored(kind, value)
        if kept is not None:
            assert stored(kind, FIELD_TYPES[kind].to_wire(kept)) == kept
            assert stored(kind, kept) == kept

    holds()


@every_type
def test_a_cell_of_a_table_is_read_back_as_the_same_value(kind: str):
    @given(SENT[kind])
    def holds(value: Any) -> None:
        kept = stored(kind, value)
        if kept is not None:
            cell = FIELD_TYPES[kind].to_cell(kept, DEFINITION)
            assert stored(kind, FIELD_TYPES[kind].from_cell(cell, DEFINITION)) == kept

    holds()


@every_type
def test_a_document_for_another_organization_says_the_same_value(kind: str):
    elsewhere = Definition(key="3", options={number + 10: name for number, name in OPTIONS.items()})

    @given(SENT[kind])
    def holds(value: Any) -> None:
        kept = stored(kind, value)
        if kept is not None:
            said = json.loads(json.dumps(FIELD_TYPES[kind].to_document(kept, DEFINITION)))
            there = FIELD_TYPES[kind].clean(said, elsewhere)
            assert FIELD_TYPES[kind].to_cell(there, elsewhere) == FIELD_TYPES[kind].to_cell(kept, DEFINITION)

    holds()


@every_type
def test_a_form_sent_back_untouched_says_the_same_value(kind: str):
    field_type = FIELD_TYPES[kind]

    @given(SENT[kind])
    def holds(value: Any) -> None:
        kept = stored(kind, value)
        if kept is None:
            return
        field = field_type.form_field(DEFINITION)
        shown = field.prepare_value(field_type.to_form(kept, DEFINITION))
        sent = [str(each) for each in shown] if isinstance(shown, list) else str(shown)
        assert stored(kind, field.clean(sent)) == kept

    holds()


@every_type
def test_no_json_is_an_error_of_any_other_kind(kind: str):
    @given(json_values)
    @example(10**5000)
    @example("9" * 5000)
    @example("1e99")
    @example(float("nan"))
    @example(float("inf"))
    @example("\ud800")
    @example("https://example.com/\ud800")
    @example("https://[")
    @example("0001-01-01T00:00:00+23:59")
    @example("9999-12-31T23:59:59-23:59")
    @example("²")
    @example({"a": [1]})
    @example([[1], [2]])
    def holds(value: Any) -> None:
        with suppress(BadFieldValue):
            FIELD_TYPES[kind].clean(value, DEFINITION)

    holds()


@pytest.mark.parametrize("kind", ["number", "formatted_number", "currency"])
@pytest.mark.parametrize("value", [10**15, "1e15", "0.0000000000000001", "1." + "0" * 30 + "1", "1234567890123456"])
def test_a_number_that_would_lose_digits_is_refused(kind: str, value: Any):
    with pytest.raises(BadFieldValue):
        FIELD_TYPES[kind].clean(value, DEFINITION)


@pytest.mark.parametrize("kind", ["user", "contact"])
def test_an_id_that_is_too_long_is_not_cut(kind: str):
    with pytest.raises(BadFieldValue):
        FIELD_TYPES[kind].clean("10000000000000000000" + "1", DEFINITION)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("select", 1.0, 1),
        ("select_multi", [2.0, "4"], [2, 4]),
        ("user", 7.0, 7),
        ("user_multi", [7.0], [7]),
        ("contact", 7.0, 7),
        ("contact_multi", [7.0], [7]),
    ],
)
def test_an_id_with_a_point_and_nothing_behind_it_is_an_id(kind: str, value: Any, expected: Any):
    assert FIELD_TYPES[kind].clean(value, DEFINITION) == expected


@pytest.mark.parametrize("kind", ["user", "contact", "select", "user_multi", "contact_multi", "select_multi"])
@pytest.mark.parametrize("value", [1.5, True, 0.0, 1e300, float("inf"), "1.0", "1,2"])
def test_what_is_no_id_is_refused(kind: str, value: Any):
    with pytest.raises(BadFieldValue):
        FIELD_TYPES[kind].clean([value] if kind.endswith("multi") else value, DEFINITION)


@pytest.mark.parametrize("kind", ["user_multi", "contact_multi", "file_multi", "image_multi"])
@pytest.mark.parametrize("value", ["1,2", "1", 1, "https://a.example,https://b.example", "https://a.example"])
def test_several_are_an_array(kind: str, value: Any):
    with pytest.raises(BadFieldValue, match="must be an array"):
        FIELD_TYPES[kind].clean(value, DEFINITION)


def test_an_option_is_named_before_it_is_numbered():
    select = FIELD_TYPES["select"]
    assert [select.clean(value, DEFINITION) for value in ("2", 2, "4", "x; y", "3")] == [1, 2, 4, 2, 3]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-10-18T18:24:10Z", "2025-10-18 20:24:10"),
        ("2025-01-18T18:24:10+00:00", "2025-01-18 19:24:10"),
        ("2025-10-18T18:24", "2025-10-18 18:24:00"),
        (datetime(2025, 10, 18, 18, 24, 10, 999), "2025-10-18 18:24:10"),
    ],
)
def test_a_moment_is_kept_as_the_teams_clocks_show_it(moment: Any, expected: str):
    assert FIELD_TYPES["datetime"].clean(moment, DEFINITION) == expected


@pytest.mark.parametrize("kind", ["date", "datetime"])
@pytest.mark.parametrize(
    "text",
    [
        "2025-10-18💥18:24:10",
        "2025-10-18x18:24:10",
        "2025-10-18 18.5",
        "2025-10-18 18",
        "2025-10-18 1824",
        "2025-10-18  18:24:10",
        "2025-10-18 18:24:10+2",
        "2025-10-18 25:00:00",
        "2025-W42-6",
        "20251018",
        "２０２５-10-18",
        "2025-10-18 18:24:10." + "1" * 10,
        "2025-10-18 " + "1" * 900_000,
        "2025-10-18\n18:24:10",
    ],
    ids=str.__len__,
)
def test_a_day_or_a_moment_is_written_in_one_way(kind: str, text: str):
    with pytest.raises(BadFieldValue):
        FIELD_TYPES[kind].clean(text, DEFINITION)


# Formatted text.

LOADING = {"style", "src", "srcset", "poster", "background", "data", "ping"}
SAFE_ADDRESSES = ("http:", "https:", "mailto:", "tel:")


class Parts(HTMLParser):
    """The elements of a text and the addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}


@given(html)
@example("<pre>\n\n\nx</pre>")
@example("<table><a href=//evil.example>x")
@example("<svg><style><img src=x onerror=alert(1)></style></svg>")
@example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>")
@example('<a href="jav&#x09;ascript:alert(1)">x</a>')
@example('<a href="\\\\evil.example">x</a><a href="/\\evil.example">x</a><a href=" //evil.example">x</a>')
@example("<video poster=https://a.example src=x><picture><source srcset=https://a.example></picture><audio src=x>")
@example("<table background=https://a.example><td background=x><a href=https://a.example ping=https://b.example>x</a>")
@example(
    "<link rel=stylesheet href=https://a.example><input type=image src=https://a.example><object data=x><embed src=x>"
)
@example('<img src="data:image/svg+xml,x"><img src="https://example.com/x.png">')
def test_formatted_text_is_cleaned_once_and_for_all(text: str):
    kept = stored("wysiwyg", text)
    if kept is None:
        return
    assert stored("wysiwyg", kept) == kept
    for shown in (kept, shown_html(kept)):
        parts = Parts(shown)
        assert not parts.elements & {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "svg",
            "math",
            "base",
            "img",
            "picture",
            "video",
            "audio",
            "source",
            "link",
            "meta",
        }
        assert not {name for name in parts.attributes if name.startswith("on") or name in LOADING}
        assert all(link.startswith(SAFE_ADDRESSES) or ":" not in link for link in parts.links)
        assert not [link for link in parts.links if link.lstrip().startswith(("//", "\\", "/\\"))]


def test_formatted_text_that_is_too_long_once_it_is_clean_is_refused():
    with pytest.raises(BadFieldValue):
        FIELD_TYPES["wysiwyg"].clean("<p>" + "&" * 60_000, DEFINITION)


# Asking for values.

# Type, values of three contacts, what is asked for, which of the contacts have it.
ASKED: list[tuple[str, list[Any], str, list[int]]] = [
    ("text", ["Blue door", "red", "BLUE"], "blue", [0, 2]),
    ("text", ["50% off", "500 off", "50_off"], "50%", [0]),
    ("textarea", ["one\ntwo", "three", None], "two", [0]),
    ("wysiwyg", ["<b>loft</b>", "house", None], "LOFT", [0]),
    ("number", [7, 7.5, 70], "7.50", [1]),
    ("formatted_number", [1000, 1, None], "1,000", [0]),
    ("currency", [1000, 1, None], "1,000.00 €", [0]),
    ("select", [1, 2, 3], "Two", [1]),
    ("select_multi", [[1, 2], [3], [2]], "Two", [0, 2]),
    ("select_multi", [[1, 2], [3], [2]], "3", [1]),
    ("checkbox", [True, False, None], "yes", [0]),
    ("checkbox", [True, False, None], "false", [1]),
    ("file", ["https://example.com/a", "https://example.com/b", None], "https://example.com/a", [0]),
    ("file_multi", [["https://example.com/a", "https://example.com/b"], None, None], "https://example.com/b", [0]),
    ("date", ["2025-10-18", "2025-10-19", None], "2025-10-18", [0]),
    ("datetime", ["2025-10-18 18:24:10", None, None], "2025-10-18T18:24:10", [0]),
    ("datetime", ["2025-10-18 00:00:00", "2025-10-18 23:59:59", "2025-10-19 00:00:00"], " 2025-10-18", [0, 1]),
    ("user", [1, 2, None], "2", [1]),
    ("user_multi", [[1, 2], [2], [1]], "1", [0, 2]),
    ("phone", ["+43 1 234", "555", None], "234", [0]),
]


def found_by(field: CustomField, text: str, definition: Callable[[CustomField], Definition]) -> list[str]:
    asked = FIELD_TYPES[field.kind].matches(text, definition(field))
    return list(Contact.objects.filter(asked).order_by("id").values_list("full_name", flat=True))


def definition(field: CustomField) -> Definition:
    return Definition(key=field.key, options={option.number: option.name for option in field.options.all()})


def filled(world: World, kind: str, values: list[Any]) -> CustomField:
    """A field, beside another one, and a contact for each value; ``None`` is a contact without one."""
    field = create_field(
        "Asked", kind, ["One", "Two", "Three"] if kind.startswith("select") else (), actor=world.actor()
    )
    other = create_field("Other", "text", actor=world.actor())
    for number, value in enumerate(values):
        draft = ContactDraft(full_name=str(number), custom_values={field.number: value, other.number: "7"})
        create_contact(draft, actor=world.actor())
    return field


@pytest.mark.parametrize(("kind", "values", "text", "expected"), ASKED)
def test_contacts_are_found_by_a_value(
    north: World, south: World, kind: str, values: list[Any], text: str, expected: list[int]
):
    with south.scope():
        filled(south, kind, values)
    with north.scope():
        field = filled(north, kind, values)
        assert found_by(field, text, definition) == [str(number) for number in expected]


def test_a_value_of_the_kind_before_is_not_found_by_the_new_one(north: World):
    with north.scope():
        field = filled(north, "text", ["7", "8", "9"])
        changed = change_kind(field, "phone", actor=north.actor())
        assert found_by(changed, "7", definition) == []


@pytest.mark.parametrize(
    ("kind", "text"), [("number", "seven"), ("select", "Four"), ("checkbox", "maybe"), ("text", "\ud800")]
)
def test_nothing_can_be_asked_for_that_no_contact_can_have(kind: str, text: str):
    with pytest.raises(BadFieldValue):
        FIELD_TYPES[kind].matches(text, DEFINITION)
