"""``make bench``: everything that is promised about speed, measured on this machine and printed as one report."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import psycopg

from benchmarks import database, estateprime, inbound, product, rentalot, statements, totals, winnerr
from benchmarks.database import Bench, Say
from benchmarks.place import REPOSITORY, place_of_this_run
from benchmarks.report import Report
from benchmarks.textbook import filling as textbook
from benchmarks.wire import Effort

Part = Callable[[Bench, Effort, Report, Say], None]

PARTS: Final[dict[str, Part]] = {
    "winnerr": winnerr.measure,
    "rentalot": rentalot.measure,
    "estateprime": estateprime.measure,
    "statements": statements.measure,
    "totals": totals.measure,
    "inbound": inbound.measure,
}
# Over HTTP, beside the other programs.
WIRES: Final = ("winnerr", "rentalot", "estateprime")
# Every part is said by its name, and all wires by one.
SAID: Final = {name: (name,) for name in PARTS} | {"wire": WIRES}
RESULT: Final = Path("var") / "bench.md"


def main(arguments: Sequence[str]) -> int:
    """Measure the chosen parts, print the report and write it down; 0, whatever the goals came to."""
    options = _options(arguments)
    place = place_of_this_run()
    (REPOSITORY / "var" / "bench").mkdir(parents=True, exist_ok=True)
    product.start(place)
    bench = database.prepare(place, options.rows, keep=options.keep, say=say)
    if set(WIRES) & set(options.only):
        textbook.prepare(bench, keep=options.keep, say=say)
    report = Report(f"Latchkey, {options.rows:,} contacts in one organization ({_server(bench)})")
    for name in options.only:
        PARTS[name](bench, Effort(options.seconds, options.rounds), report, say)
    (REPOSITORY / RESULT).write_text(report.markdown())
    print(f"\n{report.text()}\n\nThe same is in {RESULT}.")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="contacts of the big organization")
    parser.add_argument("--seconds", type=float, default=3, help="of load per program, workload and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=_parts, default=tuple(PARTS), help=f"a comma list of {', '.join(SAID)}")
    parser.add_argument("--keep", type=int, default=1, help="0 makes the database again")
    options = parser.parse_args(arguments)
    if options.rows < 5_000:
        parser.error("rows: at least 5,000, or there is nothing to page through")
    return options


def _parts(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()] or list(PARTS)
    if unknown := set(names) - SAID.keys():
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return tuple(dict.fromkeys(part for name in names for part in SAID[name]))


def _server(bench: Bench) -> str:
    with bench.owner() as owner:
        version, buffers = owner.execute(
            "SELECT split_part(version(), ' ', 2), current_setting('shared_buffers')"
        ).fetchone()
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
    return f"PostgreSQL {version}, shared_buffers {buffers}; {busy}"


def _end(number: int, frame: object) -> None:
    sys.exit(128 + number)


def say(sentence: str) -> None:
    """Progress, on standard error: a long run is not a silent one."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Ended from outside, it still ends the servers it started.
    signal.signal(signal.SIGTERM, _end)
    try:
        sys.exit(main(sys.argv[1:]))
    except psycopg.OperationalError as error:
        sys.exit(f"PostgreSQL does not answer as BENCH_POSTGRES_URL says: {str(error).strip().splitlines()[0]}")
