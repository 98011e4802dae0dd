"""Our own tables: what an export wrote is understood as it was meant, whatever the team calls things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange
from contacts.exporting.tables import Table
from contacts.field_types import FIELD_TYPES, Definition
from contacts.field_types.base import joined
from contacts.importing.columns import CUSTOM_PREFIX, OWN_HEADINGS, TableInterpreter, guess
from contacts.importing.context import Context, KnownField, read_context
from contacts.importing.records import IgnoredColumn, Interpreted, Record, RowFault
from contacts.models import ContactRole, ContactStage, ContactStatus, ContactType, Medium
from tests.worlds import World

FIELDS = (
    KnownField(7, "Status", FIELD_TYPES["select_multi"], Definition(key="7", options={1: "a; b", 2: "c, d"})),
    KnownField(8, "Email", FIELD_TYPES["text"], Definition(key="8")),
    KnownField(9, "Since", FIELD_TYPES["date"], Definition(key="9")),
    KnownField(10, "Own", FIELD_TYPES["checkbox"], Definition(key="10")),
    KnownField(11, "Paid", FIELD_TYPES["currency"], Definition(key="11")),
)
CONTEXT = Context(fields=FIELDS, members={"ann@north.example": 3, "ann lee": 3})
# As the export writes them, what is computed included.
HEADINGS = [*OWN_HEADINGS, *(f"{CUSTOM_PREFIX}{known.name}" for known in FIELDS)]
HEADINGS[HEADINGS.index("Created at") : HEADINGS.index("Created at")] = ["Lead score"]
HEADINGS[HEADINGS.index("Last contacted at") : HEADINGS.index("Last contacted at")] = ["Updated at"]

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\ufeff")
WORDS = st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=3).map(" ".join)
# Whatever separates anything anywhere else.
SEVERAL = st.lists(
    st.lists(WORDS | st.sampled_from([";", ",", "|", '"', ","]), min_size=1, max_size=3).map("".join),
    unique=True,
    min_size=1,
    max_size=3,
)
LABELS = st.just("") | st.sampled_from(["Home", "Mobile", "Tante Käthe; privat", "a, b", "Büro: Ost; links: 2"])
EMAILS = st.from_regex(r"[a-z]{1,6}@[a-z]{1,6}\.example", fullmatch=True)
NUMBERS = st.from_regex(r"\+?[1-9][0-9]{2} [0-9]{3,7}", fullmatch=True)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
TEXTS = {
    "First name": "first_name",
    "Last name": "last_name",
    "Full name": "full_name",
    "Company": "company_name",
    "Street": "street",
    "City": "city",
    "State": "state",
    "Zip code": "zip_code",
    "Country": "country",
    "Source": "source",
    "Referral source": "referral_source",
    "Channel preference": "channel_preference",
    "Notes": "notes",
}
CHOICES = {"Type": ContactType, "Status": ContactStatus, "Stage": ContactStage, "Role": ContactRole}
CUSTOM = {
    7: st.lists(st.sampled_from([1, 2]), unique=True, min_size=1),
    8: WORDS,
    9: st.dates().map(str),
    10: st.booleans(),
    11: st.integers(0, 10**9).map(str),
}


@st.composite
def exported(draw: st.DrawFn) -> tuple[dict[str, str], ContactDraft]:
    """A row as the export writes a contact, and the draft that makes it again."""
    cells: dict[str, str] = {}
    said: dict[str, Any] = {"uuid": draw(st.uuids()), "number": draw(st.integers(1, 10**12))}
    cells["ID"], cells["Number"] = str(said["uuid"]), str(said["number"])
    for heading, name in TEXTS.items():
        if draw(st.booleans()):
            cells[heading] = said[name] = draw(WORDS)
    for heading, kinds in CHOICES.items():
        said[heading.lower()] = draw(st.sampled_from(kinds.values))
        cells[heading] = draw(st.sampled_from([said[heading.lower()], kinds(said[heading.lower()]).label]))
    said["is_company"] = draw(st.booleans())
    cells["Is company"] = "yes" if said["is_company"] else "no"
    cells["Language"] = said["language"] = "pt-BR"
    cells["Created at"] = (moment := draw(MOMENTS)).isoformat().replace("+00:00", "Z")
    said["created_at"] = moment
    cells["Assigned to"], said["assigned_to"] = "ann@north.example", 3
    cells["Lead score"], cells["Updated at"] = "50", "2026-01-01T00:00:00Z"
    _points(draw, cells, said)
    _lists(draw, cells, said)
    _custom_fields(draw, cells, said)
    return cells, ContactDraft(**said)


def _points(draw: st.DrawFn, cells: dict[str, str], said: dict[str, Any]) -> None:
    for name, kind, values in (("email", EmailDraft, EMAILS), ("phone", PhoneDraft, NUMBERS)):
        heading = name.capitalize()
        first, *further = draw(st.lists(values, unique=True, min_size=1, max_size=4))
        if draw(st.booleans()):
            cells[heading] = said[name] = first
            for remark in ("label", "note"):
                if text := draw(LABELS):
                    cells[f"{heading} {remark}"] = said[f"{name}_{remark}"] = text
        labels = [draw(LABELS) for _ in further]
        if further:
            entries = [f"{label}: {value}" if label else value for label, value in zip(labels, further, strict=True)]
            cells[f"Further {name}s"] = joined(entries)
            said[f"further_{name}s"] = tuple(
                kind(**{name: value, "label": label}) for label, value in zip(labels, further, strict=True)
            )


def _lists(draw: st.DrawFn, cells: dict[str, str], said: dict[str, Any]) -> None:
    tags, kinds, places = draw(SEVERAL), draw(SEVERAL), draw(SEVERAL)
    cells["Tags"], said["tags"] = joined(tags), tuple(tags)
    cells["Property types"], cells["Locations"] = joined(kinds), joined(places)
    if media := draw(st.lists(st.sampled_from(Medium.values), unique=True)):
        cells["Do not contact by"], said["do_not_contact_by"] = joined(media), tuple(media)
    cells["Communication method"], cells["Price from"], cells["Price to"] = "EMAIL", "1200.5", "250000"
    said["preferences"] = PreferencesDraft(
        communication_method="EMAIL",
        property_types=tuple(kinds),
        locations=tuple(places),
        price_range=PriceRange(min=1200.5, max=250_000),
    )


def _custom_fields(draw: st.DrawFn, cells: dict[str, str], said: dict[str, Any]) -> None:
    values = {number: draw(stored) for number, stored in CUSTOM.items() if draw(st.booleans())}
    for known in FIELDS:
        if known.number in values:
            cells[f"{CUSTOM_PREFIX}{known.name}"] = known.type.to_cell(values[known.number], known.definition)
    if values:
        said["custom_values"] = values


@settings(max_examples=60, deadline=None)
@given(exported())
def test_what_an_export_wrote_is_understood_as_it_was_meant(written: tuple[dict[str, str], ContactDraft]):
    cells, draft = written
    row = [cells.get(heading, "") for heading in HEADINGS]
    interpreter = TableInterpreter(guess(HEADINGS, [row], CONTEXT), HEADINGS, CONTEXT)
    found = interpreter.interpret(Record(line=2, last_line=2, raw=row, position=0))
    assert found == Interpreted(draft, [])


def test_of_an_export_only_what_is_computed_is_ignored():
    headers = [*HEADINGS, "Import error", "Custom: Gone"]
    interpreter = TableInterpreter(guess(headers, [], CONTEXT), headers, CONTEXT)
    assert interpreter.ignored() == [
        IgnoredColumn("Lead score", "It is computed from the rest."),
        IgnoredColumn("Updated at", "It is kept by itself."),
        IgnoredColumn("Import error", "It says what was wrong with the row before."),
        IgnoredColumn(
            "Custom: Gone",
            "Nothing here is called that. Make a custom field of this name, or map it to notes, to keep it.",
        ),
    ]


def test_an_export_without_a_field_of_the_team_says_nothing_of_it():
    row = {"ID": "018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f", "Further emails": "Home: a@b.example"}
    cells = [row.get(heading, "") for heading in HEADINGS]
    interpreter = TableInterpreter(guess(HEADINGS, [cells], CONTEXT), HEADINGS, CONTEXT)
    found = interpreter.interpret(Record(line=2, last_line=2, raw=cells, position=0))
    assert found == Interpreted(
        ContactDraft(uuid=UUID(row["ID"]), further_emails=(EmailDraft(email="a@b.example", label="Home"),)), []
    )


def test_labels_may_hold_what_stands_between_them_and_their_values():
    further = '"Büro: Ost; links: a@b.example"; c@d.example; Home: : e@f.example'
    row = {"ID": "018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f", "Further emails": further}
    cells = [row.get(heading, "") for heading in HEADINGS]
    interpreter = TableInterpreter(guess(HEADINGS, [cells], CONTEXT), HEADINGS, CONTEXT)
    found = interpreter.interpret(Record(line=2, last_line=2, raw=cells, position=0))
    labels = {"a@b.example": "Büro: Ost; links", "c@d.example": "", "e@f.example": "Home:"}
    emails = tuple(EmailDraft(email=email, label=label) for email, label in labels.items())
    assert found == Interpreted(ContactDraft(uuid=UUID(row["ID"]), further_emails=emails), [])


def test_an_organizations_table_is_understood_there_and_without_its_own_fields_elsewhere(north: World, south: World):
    with north.scope():
        table = Table()
        (row,) = table.rows([north.contact.pk])
        home = read_context()
    with south.scope():
        away = read_context()
    cells = ["" if cell is None else str(cell) for cell in row]
    record = Record(line=2, last_line=2, raw=cells, position=0)
    interpreters = [
        TableInterpreter(guess(table.headings, [cells], context), table.headings, context) for context in (home, away)
    ]
    at_home, abroad = (interpreter.interpret(record) for interpreter in interpreters)
    own = f"Custom: Budget {north.canary}"
    computed = ["Lead score", "Updated at"]
    assert [column.column for column in interpreters[0].ignored()] == computed
    assert [column.column for column in interpreters[1].ignored()] == [*computed, own]
    assert (at_home.faults, at_home.draft.said()["custom_values"]) == ([], {home.fields[0].number: 2})
    stranger = RowFault(
        "Assigned to",
        "agent@north.example",
        "not_found",
        "No active member of the team has this e-mail address or name.",
    )
    said = {name: value for name, value in at_home.draft.said().items() if name not in {"assigned_to", "custom_values"}}
    assert (abroad.faults, abroad.draft.said()) == ([stranger], said)
