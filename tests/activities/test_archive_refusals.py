"""What the two commands refuse, with status 2 and one sentence, and that nothing is left of it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.identifiers import uuid7
from accounts.models import User
from tests.archives import MANIFEST, exists, export, files_of, rewrite, rewrite_text, rows_of, take_in
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(north: World, tmp_path: Path) -> Path:
    directory = tmp_path / "north"
    export("north", directory)
    return directory


def refusal(command: Callable[..., Any], *arguments: Any) -> str:
    """The sentence a command ends with."""
    with pytest.raises(CommandError) as refused:
        command(*arguments)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_an_organization_there_is_not(north: World, tmp_path: Path):
    assert refusal(export, "nowhere", tmp_path / "x") == "There is no organization with the slug 'nowhere'."
    assert not (tmp_path / "x").exists()


def test_a_directory_with_something_in_it(archive: Path):
    before = files_of(archive)
    assert refusal(export, "north", archive) == f"{archive} is not empty."
    assert files_of(archive) == before


def test_a_file_in_the_place_of_a_directory(archive: Path):
    file = archive / MANIFEST
    assert refusal(export, "north", file) == f"{file} is no directory."
    assert refusal(take_in, file, "new") == f"{file} is no directory."
    assert refusal(export, "north", file / "below") == f"{file / 'below'} cannot be written: Not a directory."


def test_a_full_disk_leaves_nothing(north: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The third file finds no room; the directory was there before and stays, empty."""
    flushed = []

    def fsync(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    assert refusal(export, "north", tmp_path) == f"{tmp_path} cannot be written: No space left on device."
    assert list(tmp_path.iterdir()) == []
    flushed.clear()
    assert (
        refusal(export, "north", tmp_path / "new") == f"{tmp_path / 'new'} cannot be written: No space left on device."
    )
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_did_not_end(archive: Path):
    (archive / MANIFEST).unlink()
    assert refusal(take_in, archive, "new") == (
        f"{archive} has no manifest.json: it is no archive, or its export did not end."
    )


def change_manifest(archive: Path, **facts: Any) -> None:
    manifest = json.loads((archive / MANIFEST).read_text())
    (archive / MANIFEST).write_text(json.dumps(manifest | facts))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"format": "zip"}, "manifest.json is not of the format 'latchkey-organization'."),
        ({"version": 2}, "manifest.json has a version that is not known here, which is 1."),
        ({"files": None}, "manifest.json lists no files."),
        (
            {"files": [{"name": "x"}]},
            "manifest.json says something else of a file than its name, rows, bytes and sha256.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_a_manifest_that_is_another(archive: Path, facts: dict[str, Any], sentence: str):
    change_manifest(archive, **facts)
    assert refusal(take_in, archive, "new") == sentence
    assert not exists("new")


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_a_manifest_that_cannot_be_read(archive: Path, text: bytes):
    (archive / MANIFEST).write_bytes(text)
    assert refusal(take_in, archive, "new") == (
        "manifest.json is no JSON object." if text == b"[]" else "manifest.json is no JSON in UTF-8."
    )


def test_files_that_are_not_the_ones_of_this_version(archive: Path):
    files = json.loads((archive / MANIFEST).read_text())["files"]
    change_manifest(
        archive, files=[*(each for each in files if each["name"] != "tags.jsonl"), {**files[0], "name": "../x"}]
    )
    assert refusal(take_in, archive, "new") == (
        "manifest.json does not list the files of this version; differing: ../x, tags.jsonl."
    )


def test_a_file_that_is_missing(archive: Path):
    (archive / "tags.jsonl").unlink()
    assert refusal(take_in, archive, "new") == "tags.jsonl is missing."


@pytest.mark.parametrize("name", [MANIFEST, "tags.jsonl"])
def test_a_link(archive: Path, tmp_path: Path, name: str):
    (archive / name).rename(tmp_path / "elsewhere")
    (archive / name).symlink_to(tmp_path / "elsewhere")
    assert refusal(take_in, archive, "new") == f"{name} is a link."


def test_a_file_that_is_listed_twice(archive: Path):
    files = json.loads((archive / MANIFEST).read_text())["files"]
    change_manifest(archive, files=[*files, files[-1]])
    assert refusal(take_in, archive, "new") == "manifest.json lists a file twice."


def test_a_file_that_was_changed(archive: Path):
    path = archive / "contacts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Jane", b"June"))
    assert refusal(take_in, archive, "new") == "contacts.jsonl is not what the manifest says: its SHA-256 is another."
    path.write_bytes(path.read_bytes()[:-1])
    length = path.stat().st_size
    assert refusal(take_in, archive, "new") == (
        f"contacts.jsonl has {length} bytes where the manifest says {length + 1}."
    )


def test_another_number_of_rows_than_the_manifest_says(archive: Path):
    files = json.loads((archive / MANIFEST).read_text())["files"]
    change_manifest(archive, files=[each | {"rows": each["rows"] + (each["name"] == "tags.jsonl")} for each in files])
    rows = len(rows_of(archive, "tags"))
    assert refusal(take_in, archive, "new") == f"tags.jsonl has {rows} rows where the manifest says {rows + 1}."
    assert not exists("new")


@pytest.mark.parametrize("slug", ["north", "south"])
def test_a_slug_that_is_taken(archive: Path, south: World, tmp_path: Path, slug: str):
    assert refusal(take_in, archive, slug) == f"There is already one organization with the slug {slug!r}."
    export("north", tmp_path / "after")
    assert files_of(tmp_path / "after") == files_of(archive)


def test_a_slug_that_is_none(archive: Path):
    assert refusal(take_in, archive, "No Slug").startswith("slug: ")


# What the first contact says instead, and what is said of that column.
FAULTS_OF_CONTACTS: list[tuple[dict[str, Any], str]] = [
    ({"preferences": [1]}, "must be preferences as they are stored"),
    ({"preferences": {"locations": "x"}}, "must be preferences as they are stored"),
    ({"preferences": {"price_range": {"min": "1"}}}, "must be preferences as they are stored"),
    ({"custom_values": {"1": {"a": 1}}}, "has a value under '1' that is none of the field 1"),
    ({"custom_values": {"99": 1}}, "has a value under '99', which is no field"),
    ({"custom_values": {"x": 1}}, "has a value under 'x', which is no field"),
    ({"custom_values": {"01": 1}}, "has a value under '01', which is no field"),
    ({"custom_values": []}, "must be an object"),
    ({"extra": []}, "must be an object"),
    ({"created_at": "0001-01-01T00:00:00Z"}, "must be a moment that every time zone has a day for"),
    ({"created_at": "9999-12-31T23:00:00-10:00"}, "must be a moment that every time zone has a day for"),
    ({"email_norm": "other@example.com"}, "does not belong to the email beside it"),
    ({"phone_norm": ""}, "does not belong to the phone beside it"),
    ({"last_name_norm": "x"}, "does not belong to the last_name beside it"),
]

# A file, what is done to its rows, and what is said of it. The rest of the archive is sound.
Change = Callable[[list[dict[str, Any]]], object]
FAULTS: list[tuple[str, Change, str]] = [
    ("organization", lambda rows: rows.clear(), "organization.jsonl must have one row."),
    ("organization", lambda rows: rows.append(rows[0]), "organization.jsonl must have one row."),
    ("organization", lambda rows: rows[0].update(time_zone="Mars/Olympus"), "time_zone: "),
    ("organization", lambda rows: rows[0].update(plan="golden"), "plan: "),
    (
        "members",
        lambda rows: rows[1].update(user="no address"),
        "members.jsonl has a member whose e-mail address is none.",
    ),
    (
        "members",
        lambda rows: rows[1].update(user=rows[0]["user"]),
        "members.jsonl, lines 1 to 4: the database refuses a row, ",
    ),
    ("members", lambda rows: rows[1].update(role="king"), "members.jsonl, lines 1 to 4: the database refuses a row, "),
    (
        "members",
        lambda rows: rows[0].update(is_active="yes"),
        "members.jsonl, line 1, is_active: must be true or false.",
    ),
    (
        "tags",
        lambda rows: rows[0].pop("color"),
        "tags.jsonl, line 1 has other columns than there are, differing: color.",
    ),
    ("tags", lambda rows: rows[0].update(id=7), "tags.jsonl, line 1 has other columns than there are, differing: id."),
    ("tags", lambda rows: rows[1].update(name=None), "tags.jsonl, line 2, name: must have a value."),
    ("tags", lambda rows: rows[1].update(name="x" * 51), "tags.jsonl, line 2, name: must have at most 50 characters."),
    ("tags", lambda rows: rows[1].update(name=["x"]), "tags.jsonl, line 2, name: must be a text."),
    ("tags", lambda rows: rows[1].update(name="\x00"), "tags.jsonl, line 2 has characters that no database stores."),
    ("tags", lambda rows: rows[1].update(name="\ud800"), "tags.jsonl, line 2 has characters that no database stores."),
    (
        "tags",
        lambda rows: rows[1].update(number=True),
        "tags.jsonl, line 2, number: must be a whole number from 0 to 2147483647.",
    ),
    (
        "tags",
        lambda rows: rows[1].update(number=2**31),
        "tags.jsonl, line 2, number: must be a whole number from 0 to 2147483647.",
    ),
    ("contacts", lambda rows: rows[2].update(uuid="1"), "contacts.jsonl, line 3, uuid: must be a UUID."),
    (
        "contacts",
        lambda rows: rows[2].update(uuid=rows[0]["uuid"]),
        "contacts.jsonl, lines 1 to 7: the database refuses a row, ",
    ),
    (
        "contacts",
        lambda rows: rows[2].update(created_at="soon"),
        "contacts.jsonl, line 3, created_at: must be a moment.",
    ),
    (
        "contacts",
        lambda rows: rows[2].update(created_at="2026-01-01T00:00:00"),
        "contacts.jsonl, line 3, created_at: must be a moment with its offset from UTC.",
    ),
    (
        "contacts",
        lambda rows: rows[2].update(assigned_to=99),
        "contacts.jsonl, line 3, assigned_to: names the member with the number 99, whom there is not.",
    ),
    ("contacts", lambda rows: rows[2].update(extra=None), "contacts.jsonl, line 3, extra: must have a value."),
    (
        "contact_changes",
        lambda rows: rows[0]["after"].update(assigned_to_id=99),
        "contact_changes.jsonl, line 1, after: names the member with the number 99, whom there is not.",
    ),
    (
        "deals",
        lambda rows: rows[0].update(amount=1.5),
        "deals.jsonl, line 1, amount: must be a decimal number in quotes.",
    ),
    (
        "deals",
        lambda rows: rows[0].update(amount="Infinity"),
        "deals.jsonl, line 1, amount: must be a decimal number in quotes.",
    ),
    *(
        (
            "deals",
            lambda rows, amount=amount: rows[0].update(amount=amount),
            "deals.jsonl, line 1, amount: must have at most 14 digits before the point and 2 behind it.",
        )
        for amount in ("1e400", "1e999999999", "0.001")
    ),
    *(
        (
            "contacts",
            lambda rows, changes=changes: rows[0].update(changes),
            f"contacts.jsonl, line 1, {next(iter(changes))}: {reason}.",
        )
        for changes, reason in FAULTS_OF_CONTACTS
    ),
    (
        "contact_emails",
        lambda rows: rows[0].update(email_norm="x"),
        "contact_emails.jsonl, line 1, email_norm: does not belong to the email beside it.",
    ),
    (
        "contact_changes",
        lambda rows: rows[0].update(before=[]),
        "contact_changes.jsonl, line 1, before: must be an object.",
    ),
    (
        "sender_identities",
        lambda rows: rows[0].update(contact=4_000_000_000),
        "sender_identities.jsonl, line 1, contact: names a row that the archive does not have.",
    ),
]


@pytest.mark.parametrize(
    ("name", "change", "sentence"), FAULTS, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(FAULTS)]
)
def test_a_row_that_is_none_leaves_nothing(archive: Path, south: World, name: str, change: Change, sentence: str):
    rows = rows_of(archive, name)
    change(rows)
    rewrite(archive, name, rows)
    logins = User.objects.count()
    User.objects.filter(email="viewer@north.example").update(email="other@north.example")
    assert refusal(take_in, archive, "new").startswith(sentence)
    assert (exists("new"), User.objects.count()) == (False, logins)


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ["contacts", "communications"])
def test_a_number_that_would_use_up_the_sequence_of_all(archive: Path, name: str):
    rows = rows_of(archive, name)
    rewrite(archive, name, [*rows, rows[-1] | {"number": 2**62, "uuid": str(uuid7())}])
    assert refusal(take_in, archive, "new") == f"{name}.jsonl has a number that is too large to be kept, {2**62}."
    assert not exists("new")


@pytest.mark.parametrize("line", [b"{}x\n", b"\xff\n", b"[]\n", b'{"a": 1}'])
def test_a_line_that_is_none(archive: Path, line: bytes):
    rewrite_text(archive, "sources", line)
    assert refusal(take_in, archive, "new").startswith("sources.jsonl, line 1 ")
