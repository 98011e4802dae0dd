"""What columns are taken for where headings alone do not say it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from contacts.field_types import FIELD_TYPES, Definition
from contacts.importing.columns import guess
from contacts.importing.context import Context, KnownField

UTC = ZoneInfo("UTC")
FIELDS = (
    KnownField(7, "Birthday", FIELD_TYPES["date"], Definition(key="7")),
    KnownField(8, "Work phone", FIELD_TYPES["phone"], Definition(key="8")),
    KnownField(9, "Loan number", FIELD_TYPES["text"], Definition(key="9")),
    KnownField(10, "Notes", FIELD_TYPES["text"], Definition(key="10")),
)
CONTEXT = Context(fields=FIELDS, members={"ann@north.example": 3})


def targets(table: dict[str, list[str]], context: Context = CONTEXT) -> dict[str, str | None]:
    """What the columns of a table, each with its cells, are taken for."""
    return guess(list(table), list(zip(*table.values(), strict=True)), context).to_json()["columns"]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # A column full of addresses or numbers is one, whatever it is called.
        ({"Kontakt": ["a@b.example", "c@d.example"]}, {"Kontakt": "email"}),
        ({"Kontakt": ["Jane Alpha", ""]}, {"Kontakt": "full_name"}),
        ({"Whatever": ["+1 555 123 4567", ""]}, {"Whatever": "phone"}),
        ({"Loan": ["5551234567", "5551234568"]}, {"Loan": None}),
        ({"Closing": ["2024-05-06", "06.07.2024"]}, {"Closing": None}),
        ({"Phone": ["a@b.example", "c@d.example"]}, {"Phone": "email"}),
        ({"Email": ["yes", "no", "yes"]}, {"Email": None}),
        # One bad cell says nothing against a column.
        ({"Email": ["nobody"]}, {"Email": "email"}),
        # A file without headings.
        (
            {
                "Column 1": ["Jane Alpha", "John Doe"],
                "Column 2": ["j@a.example", ""],
                "Column 3": ["5551234567", ""],
                "Column 4": ["buyer", ""],
            },
            {"Column 1": "full_name", "Column 2": "email", "Column 3": "phone", "Column 4": None},
        ),
        # Names beside each other.
        ({"Name": [], "Vorname": []}, {"Name": "last_name", "Vorname": "first_name"}),
        ({"Name": []}, {"Name": "full_name"}),
        ({"Nome": []}, {"Nome": "full_name"}),
        ({"Nome": [], "Cognome": []}, {"Nome": "first_name", "Cognome": "last_name"}),
        (
            {"Name": [], "First Name": [], "Last Name": []},
            {"Name": "full_name", "First Name": "first_name", "Last Name": "last_name"},
        ),
        ({"Title": ["Mr.", "Dr. Prof."]}, {"Title": "name_prefix"}),
        ({"Title": ["CEO", "Mr."]}, {"Title": None}),
        # Spelling does not matter.
        (
            {"FIRST_NAME": [], "lastName": [], "e-mail": [], "TEL2": [], "tel": [], "Phone (3)": []},
            {
                "FIRST_NAME": "first_name",
                "lastName": "last_name",
                "e-mail": "email",
                "TEL2": "further_phone",
                "tel": "phone",
                "Phone (3)": "further_phone",
            },
        ),
        # Closed lists by what stands in them.
        ({"Status": ["prospect", "Renter"]}, {"Status": "stage"}),
        ({"Status": ["Active", "DO_NOT_CONTACT"]}, {"Status": "status"}),
        ({"Stage": ["Lead", "Past Client", "Nurture"]}, {"Stage": "type"}),
        ({"Stage": ["Nurture", "Hot"]}, {"Stage": None}),
        ({"Type": ["landlord", "Tenant"]}, {"Type": "role"}),
        # Ids by what they look like.
        ({"ID": ["contact_018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f"]}, {"ID": "winnerr_key"}),
        ({"ID": ["018f3c1e-7c1a-7b2e-9d3f-0a1b2c3d4e5f"]}, {"ID": "uuid"}),
        ({"ID": ["17"], "Number": ["4"]}, {"ID": None, "Number": None}),
        ({"Name": ["Jane Alpha"], "Number": ["+44 20 7946 0018"]}, {"Name": "full_name", "Number": "phone"}),
        # Custom fields by name, but not in the place of what is always there.
        (
            {"birthday": ["1/2/1990"], "Work Phone": [], "LOAN_NUMBER": [], "Notes": []},
            {"birthday": "custom:7:month-first", "Work Phone": "custom:8", "LOAN_NUMBER": "custom:9", "Notes": "notes"},
        ),
        ({"Custom: Notes": []}, {"Custom: Notes": "custom:10"}),
        # Members.
        ({"Owner": ["ann@north.example", "x"]}, {"Owner": "assigned_to"}),
        ({"Owner": ["y", "x"]}, {"Owner": None}),
        # Two columns for one place: the fuller wins, of two as full the first.
        ({"Company": ["", "B"], "Company Name": ["A", "B"]}, {"Company": None, "Company Name": "company_name"}),
        ({"City": ["A"], "Town": ["A"]}, {"City": "city", "Town": None}),
        # The fullest address is the contact's own.
        (
            {"Work Street": ["1 A St"], "Work City": ["B"], "Home City": [""]},
            {"Work Street": "street", "Work City": "city", "Home City": "city:Home"},
        ),
        ({"Address": ["1 A St, B"]}, {"Address": "address"}),
        ({"Address": ["1 A St"], "City": ["B"]}, {"Address": "street", "City": "city"}),
        # A fax is nobody's first number.
        ({"Fax": [""], "Work phone 2": [""]}, {"Fax": "further_phone:Fax", "Work phone 2": "phone:Work"}),
        # Days and months in the order that some row shows.
        ({"Created": ["03/04/2024", "25/12/2024"]}, {"Created": "created_at:day-first"}),
        ({"Created": ["03/04/2024", "12/25/2024"]}, {"Created": "created_at:month-first"}),
        ({"Created": ["03/04/2024"]}, {"Created": "created_at:month-first"}),
        ({"Created": ["2024-04-03", "03.04.2024"]}, {"Created": "created_at"}),
        ({"Budget": ["cheap", "dear", "none at all"]}, {"Budget": None}),
    ],
)
def test_headings_and_cells_together_say_what_a_column_is(table: dict[str, list[str]], expected: dict[str, str | None]):
    longest = max(map(len, table.values()))
    filled = {heading: [*cells, *[""] * (longest - len(cells))] for heading, cells in table.items()}
    assert targets(filled) == expected


def test_where_no_row_shows_the_order_of_days_and_months_it_is_that_of_the_region():
    assert targets({"Created": ["03/04/2024"]}, Context(region="GB")) == {"Created": "created_at:day-first"}


def test_another_organizations_custom_fields_are_unknown():
    assert targets({"Loan number": ["4"]}, Context()) == {"Loan number": None}
