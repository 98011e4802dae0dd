"""``manage.py export_contacts --format csv`` and ``xlsx``: tables that spreadsheets open, and that come back unchanged."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from contacts.drafts import ContactDraft, EmailDraft
from contacts.services import create_contact, update_contact
from contacts.services.custom_fields import create_field
from contacts.spreadsheets import plain_cell
from tests.contacts.exporting.test_documents import moment
from tests.exports import exported
from tests.worlds import World

HEADINGS = [
    *("ID", "Number", "First name", "Last name", "Full name", "Is company", "Company"),
    *("Email", "Email label", "Email note", "Phone", "Phone label", "Phone note", "Further emails", "Further phones"),
    *("Street", "City", "State", "Zip code", "Country", "Type", "Status", "Stage", "Role"),
    *("Source", "Referral source", "Channel preference", "Language"),
    *("Communication method", "Property types", "Price from", "Price to", "Locations"),
    *("Notes", "Tags", "Assigned to", "Lead score", "Created at", "Updated at", "Last contacted at"),
    "Do not contact by",
]
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")


def table(data: bytes) -> list[list[str]]:
    """The rows of a CSV file as a program reads them, without the mark at its beginning."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def rows_of(world: World, *options: str) -> list[dict[str, str]]:
    headings, *rows = table(exported(world, "csv", *options).data)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def workbook_of(world: World, *options: str) -> bytes:
    return exported(world, "xlsx", *options).data


def test_a_row_has_every_column_by_the_heading_that_importing_knows(north: World, south: World):
    first, *others = rows_of(north)
    with north.scope():
        contact = north.contact
        contact.refresh_from_db()
    canary = north.canary
    assert list(first) == [*HEADINGS, f"Custom: Budget {canary}"]
    assert {heading: cell for heading, cell in first.items() if cell} == {
        "ID": str(contact.uuid),
        "Number": str(contact.number),
        "First name": "Jane",
        "Last name": f"Alpha {canary}",
        "Full name": f"Jane Alpha {canary}",
        "Is company": "no",
        "Company": f"Alpha {canary} Ltd",
        "Email": "jane@example.com",
        "Email note": canary,
        "Phone": "'+1-555-123-4567",
        "Further emails": f"work: jane.{canary}@example.com",
        "Further phones": f"{canary}: +1-555-987-6543",
        "Street": f"1 {canary} Street",
        "City": canary,
        "State": "CA",
        "Zip code": "94016",
        "Country": "USA",
        "Type": "LEAD",
        "Status": "ACTIVE",
        "Stage": "prospect",
        "Role": "prospect",
        "Source": f"website {canary}",
        "Language": "en",
        "Communication method": "EMAIL",
        "Property types": "SINGLE_FAMILY",
        "Price from": "300000",
        "Price to": "500000",
        "Locations": f"{canary} Heights",
        "Notes": f"Likes {canary}.",
        "Tags": f"vip; tag {canary}",
        "Assigned to": "agent@north.example",
        "Lead score": str(contact.lead_score),
        "Created at": moment(contact.created_at),
        "Updated at": moment(contact.updated_at),
        "Last contacted at": moment(contact.last_contacted_at),
        f"Custom: Budget {canary}": f"High {canary}",
    }
    assert [other["ID"] for other in others] == [str(other.uuid) for other in north.contacts[1:]]
    assert others[2]["Is company"] == "yes"
    assert others[4]["Do not contact by"] == "email; sms; whatsapp; telegram"


def test_lines_end_as_rfc_4180_has_it_and_line_breaks_inside_of_cells_stay(north: World):
    with north.scope():
        draft = ContactDraft(notes='one\ntwo\r\nthree, "four"')
        update_contact(north.contact, draft, actor=north.actor())
    data = exported(north, "csv", "--search", "Jane").data
    assert data.count(b"\r\n") == 3
    assert rows_of(north, "--search", "Jane")[0]["Notes"] == 'one\ntwo\r\nthree, "four"'


@example(texts=["=1+1", "'=1+1", "''+", "@SUM(A1)", "-2", "\t=x", "+1-555", '=cmd|"/c calc"!A1', "'plain", "＝1"])
@given(texts=st.lists(st.text(st.sampled_from("=+-@'\t\r\n\",;＝ax1"), max_size=8), min_size=1, max_size=10))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_cell_is_a_formula_and_every_text_comes_back(north: World, texts: list[str]):
    with north.scope():
        actor = north.actor()
        stored = [create_contact(ContactDraft(last_name="Cells", notes=text), actor=actor) for text in texts]
    keys = {str(contact.uuid): contact.notes for contact in stored}
    rows = [row for row in rows_of(north, "--search", "Cells") if row["ID"] in keys]
    assert [cell for row in rows for cell in row.values() if FORMULA.match(cell)] == []
    assert {row["ID"]: plain_cell(row["Notes"]) for row in rows} == keys


def sheet_of(data: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("Contacts").to_python()


def test_a_workbook_has_the_same_table_with_texts_that_stay_texts(north: World, south: World):
    with north.scope():
        actor = north.actor()
        create_field("=HYPERLINK(1)", "text", [], actor=actor)
        create_contact(ContactDraft(full_name="=1+1", notes="#N/A", email_note="_x0041_ \x01", city="007"), actor=actor)
    headings, *rows = table(exported(north, "csv").data)
    sheet = sheet_of(workbook_of(north))
    plain = [plain_cell(heading) for heading in headings]
    assert sheet[0] == plain
    numbers = {"Number", "Price from", "Price to", "Lead score"}
    for row, cells in zip(rows, sheet[1:], strict=True):
        for heading, text, cell in zip(plain, row, cells, strict=True):
            shown = f"{cell:.0f}" if heading in numbers and cell != "" else cell
            assert heading == "Email note" or shown == plain_cell(text)
    cells = [cell for row in load_workbook(io.BytesIO(workbook_of(north)))["Contacts"] for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    # As ECMA-376 writes what XML cannot say, and what looks like it.
    assert [cell.value for cell in cells if str(cell.value).startswith("_x")] == ["_x005F_x0041_ _x0001_"]


def test_a_cell_longer_than_a_workbook_holds_is_cut_off_with_a_warning(
    north: World, capsys: pytest.CaptureFixture[str]
):
    with north.scope():
        actor = north.actor()
        field = create_field("Story", "wysiwyg", [], actor=actor)
        update_contact(north.contact, ContactDraft(custom_values={field.number: "x" * 40_000}), actor=actor)
    assert [len(str(row[-1])) for row in sheet_of(workbook_of(north, "--search", "Jane"))] == [13, 32_767]


def test_labels_stand_before_what_they_label(north: World):
    further = (EmailDraft(email="a@example.com"), EmailDraft(email="b@example.com", label='at "x"; y'))
    with north.scope():
        update_contact(north.contact, ContactDraft(further_emails=further), actor=north.actor())
    assert rows_of(north, "--search", "Jane")[0]["Further emails"] == 'a@example.com; "at ""x""; y: b@example.com"'
