"""Cards that we write: that they come back as they went, and that others can read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import vobject
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contacts.exporting.vcards import card_of
from contacts.importing.cards import CardInterpreter
from contacts.importing.documents import document_interpreter
from contacts.importing.records import Interpreted
from contacts.normalise import phone_digits
from tests.documents import CONTEXT, PAYLOADS, interpreted, payload

# One line of what people write, blanks only between words; signs that mean something to cards among them.
letters = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "M"])
words = st.text(letters | st.sampled_from(':;,\\="'), min_size=1, max_size=12)
lines = st.lists(words, min_size=1, max_size=12).map(" ".join)
texts = st.lists(lines, min_size=1, max_size=3).map("\n".join)
labels = st.just("") | st.sampled_from(["home", "work", "mobile", "work fax", "Büro"]) | lines
emails = st.builds("{}@example.com".format, st.text("abcdef", min_size=1, max_size=8))
phones = st.builds("+{}".format, st.integers(1, 10**14))
emails_drafts = st.fixed_dictionaries({"email": emails, "label": labels, "note": st.just("") | lines})
phones_drafts = st.fixed_dictionaries({"phone": phones, "label": labels, "note": st.just("") | lines})
people = st.fixed_dictionaries(
    {
        "first_name": lines,
        "last_name": st.just("") | lines,
        "mobile": phones,
        "email": emails,
        "notes": st.just("") | texts,
    }
)
names: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"first_name": lines, "last_name": lines, "full_name": lines, "is_company": st.booleans()}),
    st.fixed_dictionaries({"full_name": lines, "is_company": st.just(False)}),
    st.fixed_dictionaries({"company_name": lines, "is_company": st.booleans()}),
    st.just({}),
)
single = dict.fromkeys(
    ("street", "city", "state", "zip_code", "country", "source", "referral_source", "language", "winnerr_key"), lines
)
documents = st.builds(
    lambda names, points, rest: {**names, **points, **rest},
    names,
    st.fixed_dictionaries(
        {},
        optional={
            "email": emails,
            "email_label": labels.filter(bool),
            "email_note": lines,
            "phone": phones,
            "phone_label": labels.filter(bool),
            "phone_note": lines,
            "further_emails": st.lists(emails_drafts, min_size=1, max_size=3, unique_by=lambda draft: draft["email"]),
            "further_phones": st.lists(
                phones_drafts, min_size=1, max_size=3, unique_by=lambda draft: phone_digits(draft["phone"])
            ),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional=single
        | {
            "notes": texts,
            "tags": st.lists(lines, min_size=1, max_size=4, unique_by=str.casefold),
            "related_people": st.lists(people, min_size=1, max_size=2),
            "type": st.sampled_from(["LEAD", "CLIENT"]),
            "number": st.integers(1, 10**9),
            "uuid": st.uuids().map(str),
            "assigned_to": st.just("ann@example.com"),
            "created_at": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
            "custom_fields": st.fixed_dictionaries({"Standing": texts, "Ways to reach": st.just(["Email"])}),
            "extra": st.dictionaries(words, lines | st.integers(0, 9), min_size=1, max_size=2),
            "preferences": st.fixed_dictionaries(
                {
                    "property_types": st.lists(lines, min_size=1, max_size=2),
                    "price_range": st.just({"min": 1, "max": 2.5}),
                }
            ),
        },
    ),
)


def without_loose_ends(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document in which labels and notes belong to something, as in every contact that is stored, and nothing is said
    twice, which a card does not."""
    kept = dict(document)
    for field in ("email", "phone"):
        further = [draft for draft in kept.pop(f"further_{field}s", ()) if draft[field] != kept.get(field)]
        kept |= {f"further_{field}s": further} if further else {}
        if field not in kept:
            kept = {key: value for key, value in kept.items() if key not in (f"{field}_label", f"{field}_note")}
            kept |= {field: ""} if f"further_{field}s" in kept else {}
    return kept


@settings(max_examples=60)
@given(documents.map(without_loose_ends))
@example({"phone": "+1", "phone_label": "work fax", "further_phones": [{"phone": "+2"}]})
@example({"full_name": "a" * 400, "email": "jane@example.com"})
@example({"full_name": "ß" * 200, "tags": ["a;b", "c,d", "e\\"]})
def test_a_card_says_what_the_document_says_in_lines_that_end_between_characters(document: dict[str, Any]) -> None:
    card = card_of(document)
    expected = interpreted(document_interpreter("json", CONTEXT), document).draft
    assert interpreted(CardInterpreter(CONTEXT), card) == Interpreted(expected, [])
    assert all(len(line) <= 75 and not {"\r", "\n"} & set(line.decode()) for line in card.split(b"\r\n"))


def test_everything_a_document_can_say_stands_in_its_card_and_comes_back() -> None:
    document = payload("imports/documents/own.json")
    assert card_of(document) == (PAYLOADS / "imports/documents/own.vcf").read_bytes()
    expected = interpreted(document_interpreter("json", CONTEXT), document).draft
    assert interpreted(CardInterpreter(CONTEXT), card_of(document)) == Interpreted(expected, [])


def test_another_program_reads_the_same() -> None:
    document = {
        "first_name": "Jane; Ann",
        "last_name": "Söderström, Smith",
        "full_name": "Jane Söderström \\ Smith",
        "email": "jane@example.com",
        "phone": "+1-555-123-4567",
        "phone_label": "mobile",
        "street": "1, Main Street; back",
        "city": "Köln",
        "notes": "First line\nSecond line, which is so long that it has to be folded: " + "ä" * 60,
        "tags": ["a,b", "c;d"],
    }
    card = vobject.readOne(card_of(document).decode())
    assert (card.n.value.given, card.n.value.family) == (document["first_name"], document["last_name"])
    assert (card.fn.value, card.note.value) == (document["full_name"], document["notes"])
    assert (card.email.value, card.tel.value) == (document["email"], document["phone"])
    assert card.tel.params == {"TYPE": ["PREF", "CELL"]}
    assert (card.adr.value.street, card.adr.value.city) == (document["street"], document["city"])
    assert card.categories.value == document["tags"]
