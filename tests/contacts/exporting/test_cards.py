"""``manage.py export_contacts --format vcard``, and what our own reading makes of the files that carry everything."""

from __future__ import annotations

from typing import Any

import orjson

from contacts.drafts import ContactDraft
from contacts.exporting.vcards import card_of
from contacts.importing.cards import CardInterpreter
from contacts.importing.context import read_context
from contacts.importing.documents import document_interpreter
from contacts.importing.records import Interpreter, Record
from tests.contacts.exporting.test_documents import documents
from tests.exports import exported
from tests.worlds import World


def drafts(interpreter: Interpreter, raws: list[Any]) -> list[ContactDraft]:
    found = [interpreter.interpret(Record(1, 1, raw, 0)) for raw in raws]
    assert [each.faults for each in found if each.faults] == []
    return [each.draft for each in found]


def test_the_cards_are_those_of_the_documents_one_after_the_other(north: World, south: World):
    data = exported(north, "vcard").data
    assert data == b"".join(map(card_of, documents(north)))
    assert data.count(b"BEGIN:VCARD\r\nVERSION:3.0\r\n") == 6
    assert south.canary.encode() not in data.replace(b"\r\n ", b"")


def test_documents_and_cards_are_read_as_the_same_contacts(north: World, south: World):
    lines = [orjson.loads(line) for line in exported(north, "json").data.splitlines()]
    cards = exported(north, "vcard").data.split(b"BEGIN:VCARD")[1:]
    with north.scope():
        context = read_context()
        own = document_interpreter("json", context)
        of_lines = drafts(own, lines)
        of_cards = drafts(CardInterpreter(context), [b"BEGIN:VCARD" + card for card in cards])
    assert [draft.said()["uuid"] for draft in of_lines] == [contact.uuid for contact in north.contacts]
    assert of_lines[0].said()["custom_values"] == of_cards[0].said()["custom_values"]
    for line, card in zip(of_lines, of_cards, strict=True):
        empty: tuple[Any, ...] = (None, "", (), {})
        said = {name: value for name, value in line.said().items() if value not in empty}
        assert {name: value for name, value in card.said().items() if value not in empty} == said
