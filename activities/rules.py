"""What must hold for activities, communications and deals, through every door."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlsplit

from accounts.exceptions import FieldError
from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft, DocumentDraft
from activities.models import ActivityType, CommunicationKind, Deal, DealStage, DealStatus, DealType, Direction
from contacts.drafts import UNSET
from contacts.rules import fault_of_text, tag_faults, unstorable

# Longest texts, in code points. A message is as long as the longest wire allows, and mail is longer than that.
LONGEST_TYPE = 50
LONGEST_TEXT = 10_000
LONGEST_SUBJECT = 500
LONGEST_BODY = 100_000
LONGEST_SUMMARY = 500
LONGEST_TITLE = 200
LONGEST_SOURCE = 100
LONGEST_DETAIL = 500
LONGEST_KEY = 100
LONGEST_PROVIDER_ID = 255
LONGEST_ADDRESS = 2_000
# Written as JSON without blanks, in characters.
LARGEST_METADATA = 20_000
DEEPEST_METADATA = 20
WIDEST_INTEGER = 1_024
MOST_DEAL_ROWS = 100
LARGEST_AMOUNT = Decimal(10) ** 13
LARGEST_NUMBER = 10**15
CENT = Decimal("0.01")

# What a message's metadata holds for those who apply what comes after it, and for nobody else.
# The public id of the channel it came through, and the place of its last edit among those of one second.
CHANNEL = "channel"
EDIT_NUMBER = "editNumber"
BOOKKEEPING = frozenset({CHANNEL, EDIT_NUMBER})

# An activity of these is a word with the contact (CONTRACTS W-S18).
CONTACT_TYPES = frozenset(
    {
        ActivityType.EMAIL_SENT,
        ActivityType.EMAIL_RECEIVED,
        ActivityType.PHONE_CALL,
        ActivityType.SMS_SENT,
        ActivityType.SMS_RECEIVED,
        ActivityType.MEETING,
    }
)
_DEAL_CHOICES = {"type": DealType.values, "stage": DealStage.values, "status": DealStatus.values}
_DEAL_TEXTS = {
    "title": LONGEST_TITLE,
    "description": LONGEST_TEXT,
    "source": LONGEST_SOURCE,
    "notes": LONGEST_TEXT,
    "winnerr_key": LONGEST_KEY,
}
_DEAL_LISTS = ("team_members", "documents", "tasks")


def activity_faults(draft: ActivityDraft) -> list[FieldError]:
    """Everything that is wrong with an activity by itself."""
    return [
        *([] if draft.type.strip() else [FieldError("type", "required")]),
        *fault_of_text("type", draft.type, LONGEST_TYPE),
        *fault_of_text("description", draft.description, LONGEST_TEXT),
        *fault_of_text("winnerr_key", draft.winnerr_key or "", LONGEST_KEY),
        *_object_faults("metadata", draft.metadata),
    ]


def summary_of(subject: str, body: str) -> str:
    """What an activity that tells of a message says: its subject, else as much of its text as a list has room for."""
    return (subject or body)[:LONGEST_SUMMARY]


def contacted_at(draft: ActivityDraft, created_at: datetime, now: datetime) -> datetime | None:
    """When the activity was a word with the contact; None when it was none, or is still to come (CONTRACTS W-S18)."""
    moment = draft.scheduled_at or created_at
    return moment if draft.type in CONTACT_TYPES and moment <= now else None


def communication_faults(draft: CommunicationDraft) -> list[FieldError]:
    """Everything that is wrong with a communication by itself."""
    return [
        *_fault_of_choice("kind", draft.kind, CommunicationKind.values),
        *_fault_of_choice("direction", draft.direction, Direction.values),
        *fault_of_text("subject", draft.subject, LONGEST_SUBJECT),
        *fault_of_text("body", draft.body, LONGEST_BODY),
        *fault_of_text("provider_message_id", draft.provider_message_id, LONGEST_PROVIDER_ID),
        *fault_of_text("winnerr_key", draft.winnerr_key or "", LONGEST_KEY),
        *_object_faults("metadata", draft.metadata),
        *_object_faults("extra", draft.extra),
    ]


def deal_faults(draft: DealDraft, *, is_new: bool) -> list[FieldError]:
    """Everything that is wrong with a deal by itself. A title is required of a new one, and never cleared."""
    faults = list(_deal_value_faults(draft))
    if draft.title == "" or (is_new and draft.title is UNSET):
        faults.append(FieldError("title", "required"))
    if not is_new:
        once = ("created_at", "winnerr_key")
        faults += [FieldError(name, "invalid_value") for name in once if getattr(draft, name) is not UNSET]
    return faults


def _deal_value_faults(draft: DealDraft) -> Iterator[FieldError]:
    for name, maximum in _DEAL_TEXTS.items():
        if getattr(draft, name) is not UNSET:
            yield from fault_of_text(name, getattr(draft, name), maximum)
    for name, choices in _DEAL_CHOICES.items():
        if getattr(draft, name) is not UNSET:
            yield from _fault_of_choice(name, getattr(draft, name), choices)
    yield from tag_faults(draft.tags)
    yield from _fault_of_number("amount", draft.amount or None, LARGEST_AMOUNT)
    yield from _fault_of_number("probability", draft.probability or None, 100)
    yield from _deal_part_faults(draft)


def _deal_part_faults(draft: DealDraft) -> Iterator[FieldError]:
    if draft.commission:
        yield from _fault_of_number("commission.rate", draft.commission.rate, 100)
        yield from _fault_of_number("commission.amount", draft.commission.amount, LARGEST_NUMBER)
        yield from _fault_of_number("commission.split", draft.commission.split, 100)
    if draft.property_details:
        for name in ("id", "address", "type"):
            yield from fault_of_text(f"property_details.{name}", getattr(draft.property_details, name), LONGEST_DETAIL)
        for name in ("bedrooms", "bathrooms", "square_footage"):
            yield from _fault_of_number(
                f"property_details.{name}", getattr(draft.property_details, name), LARGEST_NUMBER
            )
    for name in _DEAL_LISTS:
        if len(getattr(draft, name) or ()) > MOST_DEAL_ROWS:
            yield FieldError(name, "too_long", {"maximum": MOST_DEAL_ROWS, "items": True})
    yield from _deal_row_faults(draft)


def _deal_row_faults(draft: DealDraft) -> Iterator[FieldError]:
    for index, person in enumerate(draft.team_members or ()):
        yield from fault_of_text(f"team_members.{index}.role", person.role, LONGEST_TYPE)
        yield from _fault_of_number(f"team_members.{index}.commission_split", person.commission_split, 100)
    for index, document in enumerate(draft.documents or ()):
        yield from _document_faults(f"documents.{index}", document)
    for index, task in enumerate(draft.tasks or ()):
        if not task.title:
            yield FieldError(f"tasks.{index}.title", "required")
        for name in ("id", "title"):
            yield from fault_of_text(f"tasks.{index}.{name}", getattr(task, name), LONGEST_DETAIL)


def _document_faults(path: str, document: DocumentDraft) -> Iterator[FieldError]:
    for name in ("id", "name", "type"):
        yield from fault_of_text(f"{path}.{name}", getattr(document, name), LONGEST_DETAIL)
    yield from fault_of_text(f"{path}.url", document.url, LONGEST_ADDRESS)
    if document.url and not is_web_address(document.url):
        # A page shows it as a link; ``javascript:`` must never become one.
        yield FieldError(f"{path}.url", "invalid_value")


def is_web_address(url: str) -> bool:
    """Whether a browser may follow it: http or https, to some host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _fault_of_choice(name: str, value: str, choices: Sequence[str]) -> Iterator[FieldError]:
    if value not in choices:
        yield FieldError(name, "invalid_value", {"choices": list(choices)})


def _fault_of_number(name: str, value: Decimal | float | None, maximum: Decimal | int) -> Iterator[FieldError]:
    if value is not None and not (math.isfinite(value) and 0 <= value <= maximum):
        yield FieldError(name, "out_of_range", {"minimum": 0, "maximum": int(maximum)})


def _object_faults(name: str, value: Any) -> Iterator[FieldError]:
    """A JSON object that both databases store as it is, and of bearable size."""
    if not isinstance(value, Mapping):
        yield FieldError(name, "invalid_type")
    elif _depth_fault(value):
        yield FieldError(name, "too_long", {"maximum": DEEPEST_METADATA, "levels": True})
    elif not _is_json(value):
        yield FieldError(name, "invalid_value")
    elif len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > LARGEST_METADATA:
        yield FieldError(name, "too_long", {"maximum": LARGEST_METADATA})


def _depth_fault(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST_METADATA):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _is_json(value: Any) -> bool:
    """Whether a value of bounded depth is JSON: text keys, finite numbers, text a database stores."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and not unstorable(key) for key in value) and all(map(_is_json, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, str):
        return not unstorable(value)
    if isinstance(value, float):
        return math.isfinite(value)
    # Wider ones have no place in a number column of anybody's, and Python refuses to print the widest.
    return value is None or (isinstance(value, int) and value.bit_length() <= WIDEST_INTEGER)


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


# Copied from a draft to the row as they are.
_PLAIN_DEAL_FIELDS = ("title", "description", "type", "stage", "status", "probability", "source", "notes")


def apply_deal(draft: DealDraft, deal: Deal) -> None:
    """Make a deal's columns say what the draft says; the closing date follows the timeline's."""
    for name in _PLAIN_DEAL_FIELDS:
        value = getattr(draft, name)
        if value is not UNSET:
            setattr(deal, name, value)
    if draft.amount is not UNSET:
        deal.amount = None if draft.amount is None else draft.amount.quantize(CENT, ROUND_HALF_UP)
    if draft.assigned_to is not UNSET:
        deal.assigned_to_id = draft.assigned_to
    if draft.tags is not UNSET:
        deal.tags = list(dict.fromkeys(draft.tags))
    if draft.timeline is not UNSET:
        deal.closing_date = draft.timeline.closing_date if draft.timeline else None
    for name in ("commission", "property_details", "timeline", *_DEAL_LISTS):
        value = getattr(draft, name)
        if value is not UNSET:
            setattr(deal, name, _as_json(value))


def _as_json(value: Any) -> Any:
    """A draft's part as stored: objects by field name, moments in UTC as ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _as_json(part) for name, part in asdict(value).items()}
    if isinstance(value, tuple):
        return [_as_json(part) for part in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
