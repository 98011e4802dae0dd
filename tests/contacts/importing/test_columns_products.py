"""Files as other programs write them: what their columns become, and what their rows say."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.importing.columns import TableInterpreter, guess
from contacts.importing.context import Context
from contacts.importing.records import IgnoredColumn, Record, RowFault, UsedColumn

HEADINGS = Path(__file__).parents[2] / "payloads/imports/headings"
NAMES = sorted(path.stem for path in HEADINGS.glob("*.csv"))
AGENT = 7
CONTEXT = Context(members={"agent boreas": AGENT, "agent@north.example": AGENT})

DRAFTS = {
    "apple_exporter": [
        ContactDraft(
            first_name="Tim",
            last_name="Berg",
            email="tim@berg.example",
            email_label="Work",
            phone="+1 408 555 0100",
            phone_label="iPhone",
            street="1 Loop",
            city="Cupertino",
            state="CA",
            zip_code="95014",
            notes="Runs",
        )
    ],
    "follow_up_boss": [
        ContactDraft(
            first_name="Kim",
            last_name="Stone",
            email="kim@stone.example",
            email_label="home",
            phone="(555) 987-6543",
            phone_label="mobile",
            street="7 Hill Rd",
            city="Reno",
            type="LEAD",
            source="Zillow",
            notes="Moves in May\nCalled twice\nProperty address: 5 Lake Dr, Reno, NV, 89501",
            assigned_to=AGENT,
            further_phones=(PhoneDraft(phone="5551112222"),),
            tags=("Buyer", "Hot"),
            created_at=datetime(2024, 3, 5, 14, 30, tzinfo=UTC),
        ),
        ContactDraft(first_name="Lee", email="lee@stone.example", type="PAST_CLIENT"),
    ],
    "google": [
        ContactDraft(
            first_name="Jane Q.",
            last_name="Alpha",
            full_name="Dr. Jane Q. Alpha",
            company_name="Alpha Ltd",
            email="jane@alpha.example",
            email_label="Work",
            phone="+1 415 555 0134",
            phone_label="Mobile",
            street="12 Elm St",
            city="Springfield",
            state="IL",
            zip_code="62701",
            country="US",
            notes="Two\nlines\nFurther address: 1 Dock Rd, Boston",
            further_emails=(
                EmailDraft(email="j.alpha@gmail.example", label="Work"),
                EmailDraft(email="jane@home.example", label="Home"),
            ),
            further_phones=(
                PhoneDraft(phone="+1 415 555 0135", label="Mobile"),
                PhoneDraft(phone="020 7946 0018", label="Grandma's"),
            ),
            tags=("Friends", "starred"),
        ),
        ContactDraft(is_company=True, company_name="Beta GmbH", email="info@beta.example"),
    ],
    "google_until_2024": [
        ContactDraft(
            first_name="John",
            last_name="van Doe",
            full_name="John van Doe",
            company_name="Doe & Sons",
            email="john@doe.example",
            email_label="Home",
            phone="+1 555 987 6543",
            phone_label="Mobile",
            street="9 Oak Ave",
            city="Portland",
            state="OR",
            zip_code="97201",
            country="USA",
            tags=("Buyers",),
        )
    ],
    "hubspot": [
        ContactDraft(
            first_name="Gaëlle",
            last_name="Perrin",
            company_name="Fromagerie Perrin",
            email="g.perrin@fromagerie.example",
            phone="04 50 11 22 33",
            city="Annecy",
            type="CLIENT",
            source="Organic Search",
            language="fr",
            assigned_to=AGENT,
            further_phones=(PhoneDraft(phone="06 11 22 33 44", label="Mobile"),),
            created_at=datetime(2023, 4, 12, 9, 31, tzinfo=UTC),
        ),
        ContactDraft(
            first_name="Paul",
            last_name="Girard",
            email="paul@girard.example",
            type="LEAD",
            created_at=datetime(2024, 11, 2, 16, 5, tzinfo=UTC),
        ),
    ],
    "mailchimp": [
        ContactDraft(
            first_name="Shi",
            last_name="Zhao",
            email="shi@gallery.example",
            street="1 Main St",
            city="Springfield",
            state="IL",
            zip_code="62701",
            country="US",
            tags=("VIP", "Blog, weekly"),
            created_at=datetime(2018, 10, 11, 9, 55, 14, tzinfo=UTC),
        ),
        ContactDraft(email="gone@gallery.example", tags=("unsubscribed",), do_not_contact_by=("email",)),
    ],
    "mailchimp_with_status": [
        ContactDraft(email="on@list.example", tags=("alpha", "beta")),
        ContactDraft(email="off@list.example", tags=("unsubscribed",), do_not_contact_by=("email",)),
        ContactDraft(email="dead@list.example", tags=("solo", "cleaned")),
    ],
    "outlook": [
        ContactDraft(
            first_name="Linus",
            last_name="Berg Jr.",
            full_name="Mr. Linus Berg Jr.",
            company_name="Kernel Inc",
            email="linus@berg.example",
            phone="+358 40 000 0003",
            phone_label="Mobile",
            street="1 Home Rd, Flat B",
            city="Helsinki",
            zip_code="00100",
            country="Finland",
            referral_source="Ada",
            notes="Likes penguins\nWork address: 2 Office St, Espoo",
            further_emails=(EmailDraft(email="lb@kernel.example"),),
            further_phones=(
                PhoneDraft(phone="+358 9 000 0001", label="Home"),
                PhoneDraft(phone="+358 9 000 0002", label="Work"),
                PhoneDraft(phone="+358 9 000 0004", label="Work fax"),
            ),
            related_people=(
                RelatedPersonDraft(first_name="Ann", last_name="Lee", mobile="+358 9 000 0009", notes="Assistant"),
                RelatedPersonDraft(first_name="Tove", last_name="Berg", notes="Spouse"),
            ),
            tags=("Friends", "Open source"),
        )
    ],
    "outlook_com": [
        ContactDraft(
            first_name="Svein",
            last_name="Heimdal",
            email="svein@heimdal.example",
            phone="901 06 000",
            phone_label="Home",
            street="50B Industrigata",
            city="Oslo",
            zip_code="0357",
            country="Norway",
            further_emails=(EmailDraft(email="svein@work.example"),),
        )
    ],
    "outlook_german": [
        ContactDraft(
            first_name="Jörg",
            last_name="Müller",
            full_name="Frau Jörg Müller",
            company_name="Müller GmbH",
            email="joerg@mueller.example",
            phone="0151 2345678",
            phone_label="Mobile",
            street="Hauptstr. 5",
            city="Berlin",
            zip_code="10115",
            notes="Ruft zurück",
            further_phones=(PhoneDraft(phone="030 123456", label="Work"),),
            tags=("Kunden", "VIP"),
        )
    ],
    "pipedrive": [
        ContactDraft(
            first_name="Eva",
            last_name="Lind",
            full_name="Eva Lind",
            company_name="Lind AB",
            email="eva@lind.example",
            email_label="Work",
            phone="+46 8 123 456",
            phone_label="Work",
            street="Storgatan 1",
            city="Stockholm",
            zip_code="111 22",
            country="Sweden",
            assigned_to=AGENT,
            further_emails=(EmailDraft(email="eva@other.example", label="Other"),),
            tags=("Hot lead", "Customer", "unsubscribed"),
            do_not_contact_by=("email",),
            created_at=datetime(2023, 5, 1, 8, 0, tzinfo=UTC),
        )
    ],
    "thunderbird": [
        ContactDraft(
            first_name="Rory",
            last_name="Williams",
            full_name="Rory Williams",
            email="rory@example.com",
            phone="555-2000",
            phone_label="Mobile",
            street="12 Leadworth Lane, Flat B",
            city="Leadworth",
            state="Gloucestershire",
            zip_code="GL1 2AB",
            country="UK",
            notes="Work address: 1 Tardis Way, London",
            further_emails=(EmailDraft(email="rory2@example.com"),),
            further_phones=(
                PhoneDraft(phone="555-1000", label="Home"),
                PhoneDraft(phone="555-3000", label="Work"),
                PhoneDraft(phone="555-4000", label="Fax"),
            ),
        )
    ],
}
FAULTS = {
    ("hubspot", 1): [
        RowFault(
            "Contact owner",
            "Somebody Else",
            "not_found",
            "No active member of the team has this e-mail address or name.",
        )
    ]
}


def rows_of(name: str) -> tuple[list[str], list[list[str]]]:
    with (HEADINGS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        headers, *rows = csv.reader(file)
    return headers, rows


@pytest.mark.parametrize("name", NAMES)
def test_the_headings_of_a_program_or_language_are_understood(name: str):
    headers, rows = rows_of(name)
    expected = json.loads((HEADINGS / f"{name}.json").read_text(encoding="utf-8"))
    assert guess(headers, rows, CONTEXT).to_json() == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_program_say_what_it_meant(name: str):
    headers, rows = rows_of(name)
    interpreter = TableInterpreter(guess(headers, rows, CONTEXT), headers, CONTEXT)
    read = [interpreter.interpret(Record(line=2, last_line=2, raw=row, position=0)) for row in rows]
    assert [each.draft for each in read] == DRAFTS.get(name, [])
    faults = {(name, index): list(each.faults) for index, each in enumerate(read) if each.faults}
    assert faults == {key: value for key, value in FAULTS.items() if key[0] == name}


def test_what_would_be_read_and_what_not_is_shown_with_examples_and_reasons():
    headers, rows = rows_of("hubspot")
    interpreter = TableInterpreter(guess(headers, rows, CONTEXT), headers, CONTEXT)
    assert interpreter.used() == [
        UsedColumn("First Name", "First name", ("Gaëlle", "Paul")),
        UsedColumn("Last Name", "Last name", ("Perrin", "Girard")),
        UsedColumn("Email", "E-mail", ("g.perrin@fromagerie.example", "paul@girard.example")),
        UsedColumn("Phone Number", "Phone", ("04 50 11 22 33",)),
        UsedColumn("Mobile Phone Number", "Further phone (Mobile)", ("06 11 22 33 44",)),
        UsedColumn("Contact owner", "Assigned to", ("Agent Boreas", "Somebody Else")),
        UsedColumn("Lifecycle Stage", "Type", ("Customer", "Marketing Qualified Lead")),
        UsedColumn("Associated Company", "Company", ("Fromagerie Perrin",)),
        UsedColumn("Street Address", "Street"),
        UsedColumn("City", "City", ("Annecy",)),
        UsedColumn("State/Region", "State"),
        UsedColumn("Postal Code", "Zip code"),
        UsedColumn("Country/Region", "Country"),
        UsedColumn("Create Date", "Created at", ("2023-04-12 09:31", "2024-11-02 16:05")),
        UsedColumn("Original Source", "Source", ("Organic Search",)),
        UsedColumn("Preferred language", "Language", ("French",)),
    ]
    about = "It is about the program that wrote the file, not about a person."
    unknown = "Nothing here is called that. Make a custom field of this name, or map it to notes, to keep it."
    assert interpreter.ignored() == [
        IgnoredColumn("Record ID", about),
        IgnoredColumn(
            "Lead Status", "Its values (Connected, New) are none of ours. Map it to tags or notes to keep them."
        ),
        IgnoredColumn("Company Name", "“Associated Company” is read instead."),
        IgnoredColumn("Marketing contact status", about),
        IgnoredColumn("Last Activity Date", unknown),
    ]
