"""``import_contacts`` with documents and cards, which have no columns to choose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contacts.importing.test_import_command import ended, jobs, lines_of
from tests.worlds import World

pytestmark = pytest.mark.django_db


def test_a_bad_line_is_one_failed_row_and_comes_out_as_it_was(north: World, tmp_path: Path) -> None:
    path, report = tmp_path / "people.jsonl", tmp_path / "report.jsonl"
    path.write_text('{"Email":"a@new.example"}\n{"Email":"b@new.example"}\nnot json\n{"Email":"bad"}\n')
    done = ended(north, path, "--report", str(report))
    assert (done.status, done.answer["created"], done.answer["failed"], done.answer["rows"]) == (1, 2, 2, 4)
    assert [line["line"] for line in lines_of(report)] == [1, 2, 3, 4]
    bad, contact = (tmp_path / "report.failed.jsonl").read_text().splitlines()
    assert bad == "not json"
    assert json.loads(contact).keys() == {"Email", "importError"}


def test_what_documents_and_cards_say_is_shown_with_examples(north: World, tmp_path: Path) -> None:
    documents, cards = tmp_path / "people.jsonl", tmp_path / "people.vcf"
    documents.write_text('{"First Name":"Ann","Shoe size":38}\nnot json\n{"first_name":"Bob","tags":["vip"]}\n')
    cards.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Ann Lee\nEMAIL:ann@new.example\nX-SHOE:38\nEND:VCARD\n")
    told = [
        (
            {column["column"]: column["examples"] for column in answer["columns"] if column["examples"]},
            answer["ignored"][-1],
        )
        for answer in (ended(north, path, "--show-mapping").answer for path in (documents, cards))
    ]
    assert told == [
        (
            {"first_name": ["Ann", "Bob"], "tags": ['["vip"]']},
            {"column": "Shoe size", "reason": "has no place in a contact"},
        ),
        (
            {"FN": ["Ann Lee"], "EMAIL": ["ann@new.example"]},
            {"column": "X-SHOE", "reason": "no custom field has this name"},
        ),
    ]
    assert jobs(north) == []
