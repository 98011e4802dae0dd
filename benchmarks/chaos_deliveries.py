"""What a provider delivers in disorder, and what has to be stored in the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

# Shares of what is delivered, or of what there is to be delivered.
REPEATED: Final = 0.3
EDITED: Final = 0.1
MALFORMED: Final = 0.005
# Messages of one sender, on average.
PER_SENDER: Final = 20
_FIRST_SENDER: Final = 5_550_000_000_000
_FIRST_SECOND: Final = 1_772_442_000


@dataclass(frozen=True)
class Delivery:
    """One call: to which channel, by its place, and the body."""

    channel: int
    body: bytes


@dataclass(frozen=True)
class Said:
    """A message as it reads in the end, and whose it is: an organization's place and the provider's id of a person."""

    organization: int
    sender: str
    text: str


@dataclass(frozen=True)
class Story:
    """Everything to be delivered, in its order, and what it comes to."""

    deliveries: Sequence[Delivery]
    receipts: int
    malformed: int
    said: Counter[Said]

    @property
    def senders(self) -> set[tuple[int, str]]:
        return {(each.organization, each.sender) for each in self.said}


def story(count: int, *, channels: int, organizations: int, chance: Random) -> Story:
    """So many deliveries, shuffled; channels go to the organizations in turn. An edit always comes before its message."""
    unique = count - round(count * REPEATED)
    edits, malformed = round(unique * EDITED), max(1, round(unique * MALFORMED))
    messages = [_message(number, channels, chance, unique) for number in range(unique - edits - malformed)]
    edited = {message["update_id"]: message for _, message in chance.sample(messages, edits)}
    sent = [Delivery(channel, _body(message)) for channel, message in messages]
    sent += [Delivery(channel, _body(_edit(m))) for channel, m in messages if m["update_id"] in edited]
    sent += [Delivery(chance.randrange(channels), f"{{{number}".encode()) for number in range(malformed)]
    return Story(
        deliveries=_shuffled(sent, count, len(messages), list(edited), chance),
        receipts=len(sent),
        malformed=malformed,
        said=Counter(_said(channel % organizations, m, edited) for channel, m in messages),
    )


def _message(number: int, channels: int, chance: Random, unique: int) -> tuple[int, dict[str, Any]]:
    sender = _FIRST_SENDER + chance.randrange(max(2, unique // PER_SENDER))
    person = {"id": sender, "is_bot": False, "first_name": "Robin", "last_name": f"Example {sender}"}
    content = {
        "message_id": number,
        "from": person,
        "chat": {"id": sender, "type": "private"},
        "date": _FIRST_SECOND + number // 3,
        "text": f"Message {number}",
    }
    return chance.randrange(channels), {"update_id": 2 * number, "message": content}


def _edit(update: dict[str, Any]) -> dict[str, Any]:
    message = update["message"]
    changed = message | {"edit_date": message["date"] + 60, "text": f"Edited {message['message_id']}"}
    return {"update_id": update["update_id"] + 1, "edited_message": changed}


def _said(organization: int, update: dict[str, Any], edited: Iterable[int]) -> Said:
    message = update["message"]
    text = f"Edited {message['message_id']}" if update["update_id"] in edited else message["text"]
    return Said(organization, str(message["from"]["id"]), text)


def _body(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _shuffled(
    sent: Sequence[Delivery], count: int, messages: int, edited: Sequence[int], chance: Random
) -> list[Delivery]:
    """The places of what is sent, some of them twice, in disorder; then the first copy of each edit before its message."""
    places = [*range(len(sent)), *(chance.randrange(len(sent)) for _ in range(count - len(sent)))]
    chance.shuffle(places)
    first: dict[int, int] = {}
    for position, place in enumerate(places):
        first.setdefault(place, position)
    for offset, update_id in enumerate(sorted(edited)):
        edit, message = messages + offset, update_id // 2
        if first[edit] > first[message]:
            places[first[edit]], places[first[message]] = message, edit
            first[edit], first[message] = first[message], first[edit]
    return [sent[place] for place in places]
