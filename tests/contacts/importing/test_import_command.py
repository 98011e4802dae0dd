"""``import_contacts`` as its user sees it: a status, one object, a report, and a file of failed rows to be corrected."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Member
from contacts.drafts import ContactDraft
from contacts.field_types import FIELD_TYPES
from contacts.models import Contact, ImportJob, ImportState
from contacts.models.custom_field import KINDS_WITH_OPTIONS
from contacts.services import create_contact, update_contact
from contacts.services.custom_fields import create_field
from tests.worlds import World, actor_of

pytestmark = pytest.mark.django_db

PEOPLE = """First Name,Last Name,Email,Phone,City
Ann,Lee,ann@new.example,415-555-0100,Berlin
Bob,Ray,bob@new.example,,Rome
Ann,Lee,ANN@new.example,,Oslo
Cid,Moe,jane@example.com,,Paris
"""
FAULTY = """First Name,Last Name,Email,City
Ann,Lee,ann@new.example,Berlin
Bob,Ray,no address,Rome
Cid,Moe,cid@new.example,Oslo
"""


@dataclass
class Ended:
    """How the command ended: its status, what it answered, or the sentence it refused with."""

    status: int
    answer: dict[str, Any]
    sentence: str = ""

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Created, updated, skipped, failed and all rows."""
        created, updated, skipped, failed, rows = (
            self.answer[name] for name in ("created", "updated", "skipped", "failed", "rows")
        )
        return created, updated, skipped, failed, rows


def ended(world: World | str, path: Path, *arguments: str) -> Ended:
    """Run the command in the test's own process."""
    slug = world if isinstance(world, str) else world.organization.slug
    out = StringIO()
    try:
        call_command("import_contacts", str(path), "--organization", slug, *arguments, stdout=out)
    except SystemExit as stopped:
        return Ended(int(str(stopped.code)), json.loads(out.getvalue()))
    except CommandError as error:
        assert out.getvalue() == ""
        return Ended(error.returncode, {}, str(error))
    return Ended(0, json.loads(out.getvalue()))


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def addresses(world: World) -> set[str]:
    with world.scope():
        return set(Contact.objects.active().exclude(email="").values_list("email", flat=True))


def jobs(world: World) -> list[tuple[int, str]]:
    """Numbers and states of the imports, apart from the one each world begins with."""
    with world.scope():
        return list(ImportJob.objects.filter(number__gt=0).order_by("number").values_list("number", "state"))


def test_every_row_is_accounted_for_in_one_object(north: World, south: World, people: Path) -> None:
    before = addresses(south)
    done = ended(north, people)
    assert done.answer.pop("seconds") >= 0
    assert done.answer.pop("rows_per_second") >= 0
    assert done.answer == {"created": 2, "updated": 0, "skipped": 2, "failed": 0, "rows": 4, "import_id": 1}
    assert done.status == 0
    assert {"ann@new.example", "bob@new.example"} <= addresses(north)
    assert addresses(south) == before
    assert jobs(south) == []


def test_the_other_organization_has_its_own_imports_and_addresses(north: World, south: World, people: Path) -> None:
    for world in (north, south):
        done = ended(world, people)
        assert (done.status, done.counts, done.answer["import_id"]) == (0, (2, 0, 2, 0, 4), 1)


def test_a_report_tells_each_row_once(north: World, people: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    done = ended(north, people, "--report", str(report), "--chunk", "1", "--on-duplicate", "fill")
    assert (done.status, done.answer["report"]) == (0, str(report))
    with north.scope():
        numbers = dict(Contact.objects.active().values_list("email", "number"))
    jane = numbers["jane@example.com"]
    assert lines_of(report) == [
        {"line": 2, "fate": "create", "contact": numbers["ann@new.example"]},
        {"line": 3, "fate": "create", "contact": numbers["bob@new.example"]},
        {
            "line": 4,
            "fate": "skip",
            "contact": numbers["ann@new.example"],
            "reason": "the same e-mail address as in line 2, and the row says nothing new",
        },
        {
            "line": 5,
            "fate": "skip",
            "contact": jane,
            "reason": f"contact {jane} has the same e-mail address, and the row says nothing new",
        },
    ]


def test_nobody_else_may_read_what_a_report_tells_of_people(north: World, people: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    done = ended(north, people, "--report", str(report), "--on-duplicate", "error")
    files = [report, Path(done.answer["failed_rows"])]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    assert sorted(tmp_path.glob(".*")) == []


def test_a_report_may_be_a_table(north: World, people: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.CSV"
    assert ended(north, people, "--report", str(report), "--on-duplicate", "update").status == 0
    with report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    with north.scope():
        jane = Contact.objects.get(email="jane@example.com").number
        ann = Contact.objects.get(email="ann@new.example").number
    assert rows[0] == ["Line", "Fate", "Contact", "Reason", "Errors", "Changes"]
    assert [row[:5] for row in rows[3:]] == [
        ["4", "update", str(ann), "the same e-mail address as in line 2", ""],
        ["5", "update", str(jane), f"contact {jane} has the same e-mail address", ""],
    ]
    assert rows[3][5].startswith("city: Berlin → Oslo")


def test_failed_rows_can_be_corrected_and_imported_again(north: World, tmp_path: Path) -> None:
    path, report = tmp_path / "people.csv", tmp_path / "report.jsonl"
    path.write_text(FAULTY)
    done = ended(north, path, "--report", str(report))
    assert (done.status, done.counts) == (1, (2, 0, 0, 1, 3))
    failed = Path(done.answer["failed_rows"])
    assert failed == tmp_path / "report.failed.csv"
    assert lines_of(report)[1] == {
        "line": 3,
        "fate": "fail",
        "errors": [
            {
                "column": "Email",
                "value": "no address",
                "code": "invalid_email",
                "message": "this is no e-mail address",
            }
        ],
    }
    text = failed.read_text(encoding="utf-8-sig")
    assert list(csv.DictReader(StringIO(text))) == [
        {
            "First Name": "Bob",
            "Last Name": "Ray",
            "Email": "no address",
            "City": "Rome",
            "Import error": "Email: this is no e-mail address",
        }
    ]
    failed.write_text(text.replace("no address", "bob@new.example"))
    assert (ended(north, failed).counts, ended(north, path).counts) == ((1, 0, 0, 0, 1), (0, 0, 2, 1, 3))


def test_a_dry_run_changes_nothing_and_its_plan_is_what_happens(north: World, people: Path, tmp_path: Path) -> None:
    before = addresses(north)
    planned, done = tmp_path / "planned.jsonl", tmp_path / "done.jsonl"
    plan = ended(north, people, "--dry-run", "--report", str(planned), "--on-duplicate", "update")
    assert (plan.status, plan.counts, addresses(north)) == (0, (2, 2, 0, 0, 4), before)
    assert len(plan.answer["plan"]) == 64
    ran = ended(
        north, people, "--plan", plan.answer["plan"], "--report", str(done), "--on-duplicate", "update", "--chunk", "2"
    )
    assert (ran.status, ran.counts) == (0, plan.counts)
    named = [{**line, "contact": None} for line in lines_of(done)]
    assert named == [{**line, "contact": None} for line in lines_of(planned)]


def test_rows_that_moved_since_the_plan_are_named(north: World, people: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    plan = ended(north, people, "--dry-run").answer["plan"]
    with north.scope():
        bob = create_contact(ContactDraft(full_name="Bob", email="BOB@new.example"), actor=north.actor())
    ran = ended(north, people, "--plan", plan, "--report", str(report))
    assert (ran.status, ran.counts) == (1, (1, 0, 2, 1, 4))
    assert lines_of(report)[1] == {
        "line": 3,
        "fate": "fail",
        "contact": bob.number,
        "errors": [
            {
                "column": "",
                "value": "",
                "code": "moved",
                "message": f"the plan was to create; now it would skip (contact {bob.number} has the same e-mail address)",
            }
        ],
    }


def test_a_plan_is_for_one_file_and_its_options(north: World, south: World, people: Path) -> None:
    plan = ended(north, people, "--dry-run").answer["plan"]
    unknown = "No plan with this hash was made for this file and these options."
    other = people.with_name("other.csv")
    other.write_text(PEOPLE + "Dan,Doe,dan@new.example,,\n")
    for world, path, *options in (
        (north, people, "--plan", plan, "--on-duplicate", "update"),
        (north, people, "--plan", plan, "--tag", "new"),
        (north, people, "--plan", "0" * 64),
        (north, other, "--plan", plan),
        (south, people, "--plan", plan),
    ):
        refused = ended(world, path, *options)
        assert (refused.status, refused.sentence) == (2, unknown)
    assert ended(north, people, "--plan", plan).status == 0
    again = ended(north, people, "--plan", plan)
    assert (again.status, again.sentence) == (2, "Import 1 is finished.")


def test_a_plan_ends_with_what_the_organization_knew(north: World, people: Path) -> None:
    plan = ended(north, people, "--dry-run").answer["plan"]
    with north.scope():
        create_field("Garden", "text", actor=north.actor())
    refused = ended(north, people, "--plan", plan)
    assert refused.status == 2
    assert refused.sentence == (
        "The organization's custom fields, members, scoring or phone region changed since the plan: plan again."
    )
    assert jobs(north) == [(1, ImportState.PLANNED)]


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (None, (), "The file cannot be opened: No such file or directory."),
        (b"", (), "The file is empty."),
        (b"First Name,Email\n", (), "The file has no rows."),
        (
            b"%PDF-1.7",
            (),
            "The file is a PDF document. Export the contacts as CSV, Excel workbook (.xlsx), vCard or JSON",
        ),
        (b"a,b\n1,2\n", ("--format", "vcard"), "The file holds no vCard: nothing in it begins with BEGIN:VCARD."),
        (b"Email\na@x.example\n", ("--mapping", "{path}.none"), "{path}.none: No such file or directory."),
        (b"Email\na@x.example\n", ("--mapping", "{path}"), "{path} is no JSON: "),
        (b"Email\na@x.example\n", ("--tag", "x" * 51), "tags.0: the value is too long."),
        (b"Email\na@x.example\n", ("--assign", "nobody@x.example"), "The organization has no active member with"),
        (b"Email\na@x.example\n", ("--resume",), "No import of this file with these options was begun."),
        (b"Email\na@x.example\n", ("--resume", "--dry-run"), "Choose one of --dry-run, --plan, --resume and --show-"),
        (b"Email\na@x.example\n", ("--report", "{path}"), "The report would take the place of the file itself."),
        (b"Email\na@x.example\n", ("--report", "{path}.d/report.csv"), "{path}.d/report.csv: No such file or"),
        (b"Email\na@x.example\n", ("--report", "/"), "/: Is a directory."),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_with_status_2(
    north: World, tmp_path: Path, content: bytes | None, options: tuple[str, ...], sentence: str
) -> None:
    path = tmp_path / "people.csv"
    if content is not None:
        path.write_bytes(content)
    refused = ended(north, path, *(option.format(path=path) for option in options))
    assert refused.status == 2
    assert refused.sentence.startswith(sentence.format(path=path)), refused.sentence
    assert "ann@new.example" not in addresses(north)


def test_a_directory_and_an_unknown_organization_are_refused(north: World, people: Path, tmp_path: Path) -> None:
    assert ended(north, tmp_path).status == 2
    assert ended(north, tmp_path).sentence == "What is to be imported is no file."
    unknown = ended("nowhere", people)
    assert (unknown.status, unknown.sentence) == (2, "There is no organization with the slug 'nowhere'.")


@pytest.mark.parametrize("mapping", ["[]", '"email"', "7", '{"columns": 3}', '{"Email": "no such target"}', "null"])
def test_a_mapping_that_means_nothing_is_refused(north: World, people: Path, tmp_path: Path, mapping: str) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(mapping)
    refused = ended(north, people, "--mapping", str(path))
    assert (refused.status, refused.answer) == (2, {}), refused.answer
    assert refused.sentence


def test_the_mapping_is_shown_and_nothing_done(north: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("First Name,Email,Shoe size\nAnn,ann@new.example,38\n")
    shown = ended(north, path, "--show-mapping")
    assert shown.status == 0
    assert [(column["column"], column["examples"]) for column in shown.answer["columns"]] == [
        ("First Name", ["Ann"]),
        ("Email", ["ann@new.example"]),
    ]
    assert [column["column"] for column in shown.answer["ignored"]] == ["Shoe size"]
    assert jobs(north) == []


def test_tags_source_and_turns_come_to_every_row(north: World, people: Path) -> None:
    done = ended(north, people, "--tag", "list", "--tag", "vip", "--source", "fair", "--assign", "round-robin")
    assert done.status == 0
    with north.scope():
        ann, bob = Contact.objects.filter(email__endswith="@new.example").order_by("number")
        agents = Member.objects.filter(role="agent")
        assert [contact.assigned_to for contact in (ann, bob)] == [*agents, *agents]
        assert (ann.source, [tag.name for tag in ann.tags.all()]) == ("fair", ["list", "vip"])
        jane = Contact.objects.get(email="jane@example.com")
        assert jane.source != "fair"


def test_whoever_joins_takes_turns_and_keeps_nobody_from_going_on(north: World, people: Path) -> None:
    with north.scope():
        Member.objects.filter(pk=north.admin.pk).update(role="agent")
    done = ended(north, people, "--assign", "round-robin")
    with north.scope():
        ann, bob = Contact.objects.filter(email__endswith="@new.example").order_by("number")
        assert [ann.assigned_to_id, bob.assigned_to_id] == sorted([north.admin.pk, north.agent.pk])
        Member.objects.filter(pk=north.viewer.pk).update(role="agent")
    again = ended(north, people, "--assign", "round-robin", "--resume", "--chunk", "7")
    assert again.answer == done.answer


def test_a_file_whose_rest_cannot_be_read_ends_there_and_says_so(north: World, tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    people = [{"firstName": f"Person {number}", "email": f"p{number}@new.example"} for number in range(40)]
    path.write_text(json.dumps({"data": people})[:-30])
    options = ("--format", "winnerr", "--chunk", "10")
    why = "The file ends in the middle: its last contact is not whole."
    planned = ended(north, path, "--dry-run", *options)
    assert (planned.status, planned.sentence) == (2, why)
    done = ended(north, path, *options)
    # What stands before the broken place is in, whatever chunk it is of.
    assert (done.status, done.counts) == (1, (39, 0, 0, 0, 39))
    assert done.answer["notes"] == [f"Not all of the file is in: {why}"]
    assert jobs(north) == [(1, ImportState.REFUSED), (2, ImportState.FINISHED)]
    # Whoever asks again is told the same, and nobody is kept out.
    assert ended(north, path, "--resume", *options).answer == done.answer
    assert ended(north, path, *options).counts == (0, 0, 39, 0, 39)


def test_an_unfinished_import_keeps_others_out_until_it_goes_on(north: World, people: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("Email\nzoe@new.example\n")
    ended(north, people)
    with north.scope():
        # As if it had been killed before its last row.
        ImportJob.objects.filter(number=1).update(state=ImportState.RUNNING, finished_at=None)
    refused = ended(north, other)
    assert (refused.status, refused.sentence) == (
        2,
        "Import 1 of 'people.csv' was interrupted: go on with --resume and its own file, or take it back with undo_import 1.",
    )
    refused = ended(north, people)
    assert (refused.status, refused.sentence) == (
        2,
        "Import 1 of the same file was interrupted: go on with --resume.",
    )
    assert ended(north, other, "--dry-run").status == 0
    resumed = ended(north, people, "--resume")
    assert (resumed.status, resumed.counts) == (0, (2, 0, 2, 0, 4))
    assert ended(north, other).status == 0


def test_what_is_stored_already_is_not_replaced_by_what_rows_do_not_say(north: World, people: Path) -> None:
    with north.scope():
        update_contact(north.contact, ContactDraft(assigned_to=north.admin.pk), actor=actor_of(north.owner))
    done = ended(
        north,
        people,
        "--on-duplicate",
        "update",
        "--source",
        "fair",
        "--assign",
        f"agent@{north.organization.slug}.example",
    )
    assert done.status == 0
    with north.scope():
        jane = Contact.objects.get(pk=north.contact.pk)
    assert (jane.city, jane.source, jane.assigned_to_id) == ("Paris", f"website {north.canary}", north.admin.pk)


HOSTILE = [
    "\x00",
    "9" * 400,
    "-9223372036854775809",
    "1e400",
    "NaN",
    "-0",
    "0x1F",
    "<script>alert(1)</script>",
    "2024-02-31",
    "9999-12-31T23:59:59-14:00",
    "0000-00-00",
    "٣",
    "a" * 20_000,
    "[1, 2]",
    '{"a": 1}',
    '"',
    "\\N",
    "\t",
    "=1+1",
    "1,2;3|4",
]


def test_no_value_of_any_custom_field_stops_an_import(north: World, tmp_path: Path) -> None:
    """Each hostile value in a field of each kind, one a row."""
    path, report = tmp_path / "people.csv", tmp_path / "report.jsonl"
    with north.scope():
        for kind in FIELD_TYPES:
            options = ["One", "Two"] if kind in KINDS_WITH_OPTIONS else []
            create_field(f"Of {kind}", kind, options, actor=north.actor())
    rows = [(f"Person {number}", kind, value) for number, value in enumerate(HOSTILE) for kind in FIELD_TYPES]
    with path.open("w", newline="") as stream:
        lines = csv.DictWriter(stream, ["Name", *(f"Of {kind}" for kind in FIELD_TYPES)])
        lines.writeheader()
        lines.writerows({"Name": f"{name} {kind}", f"Of {kind}": value} for name, kind, value in rows)
    done = ended(north, path, "--report", str(report), "--chunk", "50")
    assert done.status == 1, done.sentence
    assert len(lines_of(report)) == done.answer["rows"] == len(rows)


@pytest.mark.parametrize("vendor", ["json", "winnerr", "rentalot", "estateprime"])
def test_no_document_stops_an_import(north: World, tmp_path: Path, vendor: str) -> None:
    """Each hostile value, and others that only JSON has, under each key that means something."""
    path, report = tmp_path / "people.json", tmp_path / "report.jsonl"
    path.write_text(json.dumps([{"first_name": "Ann", "firstName": "Ann", "name": "Ann"}]))
    shown = ended(north, path, "--format", vendor, "--show-mapping").answer["columns"]
    keys = sorted({column["column"].partition(".")[0] for column in shown})
    values = [
        *HOSTILE,
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        [],
        {},
        [None],
        [[1]],
        [{"a": "\x00"}],
        {"a": "\x00"},
        {"\x00": 1},
    ]
    people = [{"first_name": "Ann", "firstName": "Ann", "name": "Ann", key: value} for value in values for key in keys]
    path.write_text("\n".join(json.dumps(person) for person in people))
    for policy in ("skip", "update"):
        options = ("--format", vendor, "--report", str(report), "--on-duplicate", policy)
        done = ended(north, path, *options)
        assert done.status == 1, done.sentence
        assert len(lines_of(report)) == done.answer["rows"] == len(people)
