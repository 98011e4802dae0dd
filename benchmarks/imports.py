"""``make bench-import``: a file into an empty organization, beside COPY of the same finished rows and Django's bulk_create.

A program of its own, in a database of its own. It imports ROWS rows (e-mail, telephone, two tags, source, address) with the
project's command on PostgreSQL, as the application role, with every index, both walls and changes on, while a list is asked
for five times a second; then the same rows by COPY, as the owner, into all the tables the import wrote, with their indexes and
foreign keys; then 20,000 more by ``bulk_create``. Undo, vCards, memory and SQLite follow. Everything is one run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.installation import Installation, on_postgresql, on_sqlite
from benchmarks.place import REPOSITORY, superuser_url
from benchmarks.report import Goal, Report, Table
from benchmarks.servers import HOST, Server, serving

SLUG: Final = "north"
# What an import writes, apart from its own account of it. Counters are kept by triggers: for COPY their rows are ready, too.
TABLES: Final = (
    "contacts_contact",
    "contacts_taggedcontact",
    "contacts_contactchange",
    "contacts_searchable",
    "contacts_count_change",
    "contacts_tag_count_change",
)
FIRST: Final = (
    "Ann",
    "Bob",
    "Carla",
    "Dmitri",
    "Eva",
    "Farid",
    "Grete",
    "Hugo",
    "Ines",
    "Jon",
    "Kira",
    "Liam",
    "Mona",
    "Nils",
)
LAST: Final = (
    "Smith",
    "Jones",
    "García",
    "Müller",
    "Papadopoulos",
    "Novak",
    "Silva",
    "Rossi",
    "Dubois",
    "Jansen",
    "Kowalski",
)
TAGS: Final = ("buyer", "seller", "investor", "vip", "newsletter", "open house", "rental", "past client")
SOURCES: Final = ("website", "referral", "open house", "portal", "walk-in")
HEADINGS: Final = "First Name,Last Name,Email,Phone,Tags,Source,Street,City,State,Zip\n"
BULK: Final = 20_000


@dataclass(frozen=True)
class Run:
    """A command's answer, how long it took and the most memory it had, in MiB."""

    answer: dict[str, Any]
    seconds: float
    peak: float


def main(arguments: Sequence[str]) -> int:
    """Measure, print the report and write it to ``var/bench-import.md``."""
    options = _options(arguments)
    report = Report(f"Import of {options.rows:,} rows ({os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before)")
    with ExitStack() as stack:
        made = stack.enter_context(on_postgresql("import"))
        _found(made)
        directory = Path(made.environment["DATA_DIR"])
        _on_postgresql(made, directory, options.rows, report)
    if options.sqlite:
        with on_sqlite("import") as made:
            _found(made)
            _on_sqlite(made, Path(made.environment["DATA_DIR"]), options.sqlite, report)
    (REPOSITORY / "var").mkdir(exist_ok=True)
    (REPOSITORY / "var" / "bench-import.md").write_text(report.markdown())
    print(report.text())
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-import", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sqlite", type=int, default=100_000, help="rows on SQLite; 0 leaves it out")
    options = parser.parse_args(arguments)
    if options.rows < 10_000:
        parser.error("rows: at least 10,000, or there is nothing to compare")
    return options


def _found(made: Installation) -> None:
    made.manage("migrate", "--verbosity", "0")
    owner = ("--owner-email", "owner@north.example.com", "--owner-first-name", "Olga")
    made.manage("create_organization", "--name", "North", "--slug", SLUG, *owner, "--owner-password", made.secret)


def _on_postgresql(made: Installation, directory: Path, rows: int, report: Report) -> None:
    ten = _imported(made, _file(directory / "ten.csv", 10, 2 * rows))
    thousands = _imported(made, _file(directory / "thousands.csv", 10_000, 2 * rows + 10))
    _say(f"Importing {rows:,} rows")
    file = _file(directory / "rows.csv", rows, 0)
    token = made.manage("issue_token", "--organization", SLUG, "--email", "owner@north.example.com", "--hours", "24")[
        "token"
    ]
    with serving("import", "config.wsgi", made.environment, f"Bearer {token}") as server:
        idle = _listed_for(server, 20)
        with _listing(server) as during:
            whole = _imported(made, file)
    _keep(made)
    _say("Taking it back")
    undone = _command(made, "undo_import", str(whole.answer["import_id"]), "--organization", SLUG)
    cards = _cards(made, directory)
    copied = _copied(made)
    bulk = _bulk_created(made)
    rate = rows / whole.seconds
    report.tables.append(
        Table(
            "PostgreSQL, application role, all indexes, both walls",
            ("what", "rows", "seconds", "rows/s", "of the import"),
            [
                _row("import_contacts (whole process)", rows, whole.seconds, rate),
                _row("COPY of the finished rows, owner, with indexes and foreign keys", rows, copied, rate),
                _row("bulk_create of contacts, tags, changes (1,000 at a time)", BULK, bulk, rate),
                _row("undo_import", rows, undone.seconds, rate),
                _row("import_contacts, vCards", cards.answer["rows"], cards.seconds, rate),
            ],
        )
    )
    report.tables.append(
        Table(
            "Peak memory of the command (MiB)",
            ("10 rows", "10,000 rows", f"{rows:,} rows", "undo"),
            [[f"{run.peak:.0f}" for run in (ten, thousands, whole, undone)]],
        )
    )
    at_idle, meanwhile = _percentile(idle), _percentile(during)
    report.tables.append(
        Table(
            "A list of 25 at 5 requests/s, p95 (ms)",
            ("idle", "during the import"),
            [[f"{at_idle:.1f}", f"{meanwhile:.1f}"]],
        )
    )
    report.goals += [
        Goal("at least 60 % of COPY", f"{100 * rate * copied / rows:.0f} %", rate * copied / rows >= 0.6),
        Goal("at least 3 times bulk_create", f"{rate * bulk / BULK:.1f}", rate * bulk / BULK >= 3),
        Goal(
            "at most 100 MiB above idle", f"{whole.peak - ten.peak:.0f} MiB above 10 rows", whole.peak - ten.peak <= 100
        ),
        Goal("p95 of a list at most 5 times idle", f"{meanwhile / at_idle:.1f}", meanwhile <= 5 * at_idle),
        Goal(
            "undo at least as fast as the import",
            f"{whole.seconds / undone.seconds:.1f}",
            undone.seconds <= whole.seconds,
        ),
        Goal(
            "3,000 vCards/s",
            f"{cards.answer['rows'] / cards.seconds:.0f}",
            cards.answer["rows"] / cards.seconds >= 3_000,
        ),
    ]


def _on_sqlite(made: Installation, directory: Path, rows: int, report: Report) -> None:
    _say(f"Importing {rows:,} rows on SQLite")
    run = _imported(made, _file(directory / "rows.csv", rows, 0))
    undone = _command(made, "undo_import", "1", "--organization", SLUG)
    rate = rows / run.seconds
    table = [_row("import_contacts", rows, run.seconds, rate), _row("undo_import", rows, undone.seconds, rate)]
    report.tables.append(Table("SQLite", ("what", "rows", "seconds", "rows/s", "of the import"), table))
    report.goals.append(Goal("5,000 rows/s on SQLite", f"{rate:.0f}", rate >= 5_000))


def _row(what: str, rows: int, seconds: float, rate: float) -> list[str]:
    return [what, f"{rows:,}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{100 * rate * seconds / rows:.0f} %"]


def _file(path: Path, rows: int, first: int) -> Path:
    """A table of people nobody else is."""
    chance = random.Random(first)  # noqa: S311 - the same people each time
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADINGS)
        file.writelines(_line(number, chance) for number in range(first, first + rows))
    return path


def _line(number: int, chance: random.Random) -> str:
    name, family = chance.choice(FIRST), chance.choice(LAST)
    tags = " | ".join(chance.sample(TAGS, 2))
    phone = f"+1{200 + number // 1_000_000:03}{2_000_000 + number % 1_000_000:07}"
    place = f"{number % 9_999} Main St,Springfield,CA,{90_000 + number % 9_999}"
    return f"{name},{family}{number % 977},{name.lower()}.{number}@example.com,{phone},{tags},{chance.choice(SOURCES)},{place}\n"


def _imported(made: Installation, file: Path, *arguments: str) -> Run:
    return _command(made, "import_contacts", str(file), "--organization", SLUG, *arguments)


def _command(made: Installation, *arguments: str) -> Run:
    command = [sys.executable, "manage.py", *arguments]
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | dict(made.environment), stdout=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    answer = process.stdout.read() if process.stdout else b""
    if status or not answer:
        raise RuntimeError(f"{' '.join(arguments)} ended with {status}: {answer!r}")
    return Run(json.loads(answer), seconds, usage.ru_maxrss / 1024)


def _cards(made: Installation, directory: Path) -> Run:
    """Cards as telephones write them."""
    file = directory / "cards.vcf"
    with file.open("w", encoding="utf-8") as cards:
        for number in range(50_000):
            cards.write(
                f"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Card{number % 977};Ann;;;\r\nFN:Ann Card{number % 977}\r\n"
                f"ORG:Acme;\r\nTEL;TYPE=CELL:+1 212 {number // 10_000:03} {number % 10_000:04}\r\n"
                f"EMAIL;TYPE=HOME:card{number}@example.org\r\nADR;TYPE=HOME:;;1 Main St;Springfield;CA;90000;USA\r\n"
                "NOTE:Met at the open house.\r\nCATEGORIES:buyer,vip\r\nEND:VCARD\r\n"
            )
    return _imported(made, file)


def _keep(made: Installation) -> None:
    """Put aside what the import stored, as it is stored."""
    with psycopg.connect(made.database, autocommit=True) as owner:
        for table in TABLES:
            kept, columns = _kept(owner, table)
            clause = sql.SQL("CREATE UNLOGGED TABLE {} AS SELECT {} FROM {}")
            owner.execute(clause.format(kept, columns, sql.Identifier(table)))


def _copied(made: Installation) -> float:
    """Seconds of COPY of those rows into the same tables, emptied, with their indexes and foreign keys."""
    with (
        psycopg.connect(made.database, autocommit=True) as owner,
        psycopg.connect(made.database, autocommit=True) as reader,
    ):
        for table in TABLES:
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, TABLES))))
        with psycopg.connect(superuser_url(), autocommit=True) as superuser:
            superuser.execute("CHECKPOINT")
        began = time.monotonic()
        with owner.transaction():
            for table in TABLES:
                kept, columns = _kept(owner, table)
                source = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(kept)
                target = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
                with reader.cursor().copy(source) as rows_out, owner.cursor().copy(target) as rows_in:
                    for block in rows_out:
                        rows_in.write(block)
        return time.monotonic() - began


def _kept(owner: psycopg.Connection[Any], table: str) -> tuple[sql.Identifier, sql.Composed]:
    names = owner.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum",
        [table],
    ).fetchall()
    return sql.Identifier(f"kept_{table}"), sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)


def _bulk_created(made: Installation) -> float:
    """Seconds of Django's own way for as many contacts, two tags each and a change, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bulk_creating", SLUG, str(BULK)]
    variables = os.environ | dict(made.environment)
    done = subprocess.run(command, cwd=REPOSITORY, env=variables, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


@contextmanager
def _listing(server: Server) -> Iterator[list[float]]:
    """Ask for a list five times a second meanwhile; milliseconds of each answer."""
    times: list[float] = []
    stopped = Event()
    thread = Thread(target=_list, args=(server, times, stopped))
    thread.start()
    try:
        yield times
    finally:
        stopped.set()
        thread.join()


def _listed_for(server: Server, seconds: float) -> list[float]:
    with _listing(server) as times:
        time.sleep(seconds)
    return times


def _list(server: Server, times: list[float], stopped: Event) -> None:
    connection = HTTPConnection(HOST, server.port, timeout=60)
    while not stopped.wait(0.2):
        began = time.monotonic()
        connection.request("GET", "/v1/contacts?limit=25", headers={"Authorization": server.authorization})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a list was answered {answer.status}")
        times.append(1_000 * (time.monotonic() - began))


def _percentile(times: Sequence[float], share: float = 0.95) -> float:
    ordered = sorted(times)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
