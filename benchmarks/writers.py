"""One of several programs that write into the same organization at once, straight in SQL, as fast as it is let.

``python -m benchmarks.writers`` reads a ``Task`` as JSON, writes for its seconds, and prints how many transactions it
committed. What it writes is what the services write for a contact that is made, changed, loses a tag and is deleted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import IO, Any, Final, cast
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from accounts.identifiers import uuid7
from benchmarks.limit_statements import Schema
from benchmarks.rows import SOURCES, STATUSES, TYPES

PROCESSES: Final = 8

_ENTER: Final = "SELECT set_config('app.organization', %s, true)"
_RECORD: Final = """
    INSERT INTO contacts_contactchange (organization_id, contact_id, operation, verb, actor_kind, actor_label, door,
                                        request_id, before, after, created_at)
    SELECT organization_id, id, %(operation)s, %(verb)s, 'system', 'Writer', 'command', '', '{}', %(after)s, now()
    FROM changed
"""
_UPDATE: Final = f"""
WITH changed AS (
    UPDATE contacts_contact SET type = %(type)s, status = %(status)s, lead_score = %(score)s, version = version + 1,
        updated_at = now()
    WHERE uuid = %(uuid)s RETURNING organization_id, id
) {_RECORD}
"""
_UNTAG: Final = f"""
WITH changed AS (
    DELETE FROM contacts_taggedcontact WHERE position = 0
        AND content_object_id = (SELECT id FROM contacts_contact WHERE uuid = %(uuid)s)
    RETURNING organization_id, content_object_id AS id
) {_RECORD}
"""
_DELETE: Final = f"""
WITH changed AS (
    UPDATE contacts_contact SET deleted_at = now(), version = version + 1 WHERE uuid = %(uuid)s
    RETURNING organization_id, id
) {_RECORD}
"""


@dataclass(frozen=True)
class Task:
    """For whom to write, for how long, and a text that no other writer puts into its addresses."""

    organization_id: int
    member_id: int
    seconds: float
    name: str


def written(tasks: Sequence[Task]) -> int:
    """Transactions that all writers together committed. Raises ``RuntimeError`` when one of them failed."""
    running = [_started() for _ in tasks]
    for _, _, answers in running:
        # Each says that it is connected before any begins.
        answers.readline()
    for (_, orders, _), task in zip(running, tasks, strict=True):
        orders.write(json.dumps(asdict(task)))
        orders.close()
    commits = [answers.read() for _, _, answers in running]
    if any(process.wait() for process, _, _ in running):
        raise RuntimeError("a writer failed; what it said is above")
    return sum(map(int, commits))


def _started() -> tuple[subprocess.Popen[str], IO[str], IO[str]]:
    command = [sys.executable, "-m", "benchmarks.writers"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, cast(IO[str], process.stdin), cast(IO[str], process.stdout)


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], prepare_threshold=0) as connection:
        create = Schema.of(connection).create
        connection.commit()
        print("ready", flush=True)
        task = Task(**json.load(sys.stdin))
        print(_write(connection, create, task))


def _write(connection: psycopg.Connection[Any], create: str, task: Task) -> int:
    ends, commits = time.monotonic() + task.seconds, 0
    for place in count():
        for statement, values in _life(create, task, place):
            if time.monotonic() >= ends:
                return commits
            with connection.transaction():
                connection.execute(_ENTER, [str(task.organization_id)])
                connection.execute(statement, values)
            commits += 1
    return commits


def _life(create: str, task: Task, place: int) -> list[tuple[str, dict[str, Any]]]:
    """A contact from its first transaction to its last; every other one stays."""
    uuid = uuid7()
    steps = [(create, _person(task, place, uuid)), (_UPDATE, _change(place, uuid)), (_UNTAG, _told(uuid, "updated"))]
    return [*steps, (_DELETE, _told(uuid, "deleted"))] if place % 2 else steps


def _person(task: Task, place: int, uuid: UUID) -> dict[str, Any]:
    email = f"{task.name}.{place}@writer.example.com"
    return {
        **dict.fromkeys(("first_name", "last_name", "full_name", "first_name_norm", "last_name_norm"), "Writer"),
        **{"email": email, "email_norm": email, "phone": "(312) 555-0142", "phone_norm": "+13125550142"},
        **{"second_phone": "", "second_phone_norm": "", "search_text": f"writer {email}", "notes": ""},
        **{"type": list(TYPES)[place % 5], "status": list(STATUSES)[place % 6], "source": SOURCES[place % 12]},
        **{"organization": task.organization_id, "uuid": uuid, "member": task.member_id, "credential": None},
        **{
            "label": "Writer",
            "tags": [f"tag-{place % 10}", f"tag-{10 + place % 40}"],
            "facts": Jsonb({"email": email}),
        },
    }


def _change(place: int, uuid: UUID) -> dict[str, Any]:
    kind = {"type": list(TYPES)[(place + 1) % 5], "status": list(STATUSES)[(place + 1) % 6], "score": place % 101}
    return kind | _told(uuid, "updated")


def _told(uuid: UUID, verb: str) -> dict[str, Any]:
    return {"uuid": uuid, "operation": uuid7(), "verb": verb, "after": Jsonb({})}


if __name__ == "__main__":
    main()
