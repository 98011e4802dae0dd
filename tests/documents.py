"""Documents inside a test, and an organization that understands them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contacts.field_types import FIELD_TYPES, Definition
from contacts.importing.context import Context, KnownField
from contacts.importing.records import Interpreted, Interpreter, Record

PAYLOADS = Path(__file__).parent / "payloads"
FORMATS = ("json", "winnerr", "rentalot", "estateprime")


def _field(number: int, name: str, kind: str) -> KnownField:
    return KnownField(number, name, FIELD_TYPES[kind], Definition(key=str(number), options={2: "Phone", 3: "Email"}))


# In Vienna, with two members whom wires know by other names than files do.
CONTEXT = Context(
    time_zone=ZoneInfo("Europe/Vienna"),
    fields=(_field(1, "Standing", "text"), _field(3, "Ways to reach", "select_multi")),
    members={"ann@example.com": 11, "bob@example.com": 12},
    members_by_id={"agent_123e4567-e89b-12d3-a456-426614174000": 11, "2": 11, "7": 12, "10": 12},
)


def interpreted(interpreter: Interpreter, raw: Any) -> Interpreted:
    """What is understood of one element, line or card."""
    return interpreter.interpret(Record(line=1, last_line=1, raw=raw, position=1))


def payload(path: str) -> Any:
    """A file of JSON among the payloads."""
    return json.loads((PAYLOADS / path).read_bytes())
