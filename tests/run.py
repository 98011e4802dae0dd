"""Runs the whole suite once per database engine: `python tests/run.py [pytest arguments]`.

SQLite always; PostgreSQL when the server of TEST_POSTGRES_URL answers. PYTEST_WORKERS sets the number of processes.
"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_POSTGRES_URL = "postgres://postgres@127.0.0.1:5432/postgres"
# Pytest's own: no test was collected. A selection (`-k`) may leave nothing for one of the engines.
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    postgres_url = os.environ.get("TEST_POSTGRES_URL") or DEFAULT_POSTGRES_URL
    engines = ["sqlite"]
    if postgres_answers(postgres_url):
        engines.append("postgresql")
    else:
        say("No PostgreSQL answers (set TEST_POSTGRES_URL to name one): this run covers SQLite only.")
    statuses = {engine: run_pytest(engine, postgres_url, arguments) for engine in engines}
    failed = [engine for engine, status in statuses.items() if not passed(status)]
    if failed:
        # Pytest's last summary may be another engine's, and a good one.
        say(f"Failed on {' and '.join(failed)}.")
        return 1
    return NOTHING_COLLECTED if all(statuses.values()) else 0


def passed(status: int) -> bool:
    return status in {0, NOTHING_COLLECTED}


def postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def run_pytest(engine: str, postgres_url: str, arguments: list[str]) -> int:
    say(f"Running the tests on {engine}.")
    workers = os.environ.get("PYTEST_WORKERS") or "2"
    environment = {**os.environ, "TEST_DATABASE": engine, "TEST_POSTGRES_URL": postgres_url}
    command = [sys.executable, "-m", "pytest", "-n", workers, *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def say(sentence: str) -> None:
    # Flushed: the next line is another process's.
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
