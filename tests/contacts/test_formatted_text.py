"""Formatted text that would take too long to read is refused before anybody reads it."""

from __future__ import annotations

from typing import Any

import nh3
import pytest
from django.db import connection
from django.utils.html import escape

from accounts.exceptions import Invalid
from contacts.drafts import ContactDraft
from contacts.field_types import FIELD_TYPES, BadFieldValue, Definition
from contacts.field_types.markup import MOST_LEVELS, shown_html
from contacts.models import Contact
from contacts.services import create_contact, update_contact
from contacts.services.custom_fields import create_field
from tests.worlds import World

WYSIWYG = FIELD_TYPES["wysiwyg"]
DEFINITION = Definition(key="7")
SLOW = "<div>" * 5_900
FORMATS = "".join(f'<b title="{number}">' for number in range(50))


class Reader:
    """``nh3``, and whether a transaction was open whenever it was asked."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.clean = nh3.clean

    def __call__(self, *arguments: Any, **options: Any) -> str:
        self.asked.append(connection.in_atomic_block)
        return self.clean(*arguments, **options)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()
    monkeypatch.setattr(nh3, "clean", reader)
    return reader


@pytest.mark.parametrize(
    "html",
    [
        SLOW,
        "<b>" * (MOST_LEVELS + 1),
        "<DIV>" * 200 + "</div>" * 200,
        # End tags that end nothing.
        '<div title="</div>">' * 200,
        "<div title=</div>>" * 200,
        "<div><!--</div>-->" * 200,
        "<div><!x</div>" * 200,
        "<div></ div>" * 200,
        "<div></span>" * 200,
        "<div><style></div></style>" * 200,
        "<div><textarea></div></textarea>" * 200,
        "<svg>" + "<![CDATA[></svg>]]><g>" * 200,
        "<div/>" * 200,
        "<span><p></span></p>" * 200,
        "<bİ></bi̇>" * 200,
        "<div><script><!--<script></script></div></script>" * 200,
        # Elements that are opened anew in each paragraph.
        f"<p>{FORMATS}</p>" + "<p>x" * 10_000,
        # Attributes that are compared with one another.
        "<p " + " ".join(f"a{number}" for number in range(5_000)) + ">",
    ],
    ids=str.__len__,
)
def test_html_that_is_nested_deeper_than_anybody_writes_is_refused_unread(html: str, reader: Reader):
    with pytest.raises(BadFieldValue, match="must be plainer HTML"):
        WYSIWYG.clean(html, DEFINITION)
    assert reader.asked == []


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * MOST_LEVELS + "x" + "</b>" * MOST_LEVELS,
        "<p>one<br>two</p>" * 3_000,
        "<p>one" * 300,
        "<ul>" + "<li>one" * 300 + "</ul>",
        "<table>" + "<tr><td>one<td>two" * 300 + "</table>",
        "<table>" + "<tr><td>x</td></tr>" * 3_000 + "</table>",
        "<dl>" + "<dt>one<dd>two" * 300 + "</dl>",
        "<div><p>one</div>" * 300,
        '<img src="https://example.com/x.png"><hr>' * 300,
        "<!-- <div> --><style>p > a { color: red }</style><script>'</p>'</script>" * 150,
        "<DIV title='a > b'>x</Div >" * 300,
        """<div x"></div y">""" * 300,
        "a < b and <3, 5 </ 7, " * 300,
        '<p style="' + "x y " * 5_000 + '">one</p>',
    ],
    ids=str.__len__,
)
def test_html_as_people_and_editors_write_it_is_taken(html: str):
    clean = WYSIWYG.clean(html, DEFINITION)
    assert WYSIWYG.clean(clean, DEFINITION) == clean


def test_clean_html_is_read_once_and_any_other_once_more(reader: Reader):
    WYSIWYG.clean("<p>one</p>", DEFINITION)
    assert len(reader.asked) == 1
    WYSIWYG.clean("<p onclick=x>one", DEFINITION)
    assert len(reader.asked) == 3


def test_what_was_stored_before_there_was_a_bound_is_shown_as_text(reader: Reader):
    assert shown_html(SLOW) == escape(SLOW)
    assert reader.asked == []


@pytest.mark.django_db(transaction=True)
def test_html_is_read_before_the_transaction_that_stores_it(north: World, reader: Reader):
    with north.scope():
        field = create_field("Profile", "wysiwyg", actor=north.actor())
    outside = not connection.in_atomic_block
    for html in ("<p onclick=x>one", "<p onclick=x>two"):
        with north.scope():
            is_open = connection.in_atomic_block
            draft = ContactDraft(full_name="Ada", custom_values={field.number: html})
            contact = Contact.objects.filter(full_name="Ada").first()
            if contact is None:
                create_contact(draft, actor=north.actor())
            else:
                update_contact(contact, draft, actor=north.actor())
    # PostgreSQL's scope is a transaction itself, which holds no lock yet.
    assert outside
    assert reader.asked == [is_open] * 4


def test_a_contact_with_such_a_value_is_refused_by_the_fields_number(north: World):
    with north.scope():
        field = create_field("Profile", "wysiwyg", actor=north.actor())
        with pytest.raises(Invalid) as refusal:
            create_contact(ContactDraft(full_name="Ada", custom_values={field.number: SLOW}), actor=north.actor())
    assert [fault.field for fault in refusal.value.errors] == [f"custom_fields.{field.number}"]
