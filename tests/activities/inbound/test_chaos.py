"""``make chaos-inbound``, small."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.accounts.conftest import REPOSITORY
from tests.postgresql import is_chosen, superuser_url


def test_deliveries_in_disorder_with_workers_killed_are_stored_exactly() -> None:
    database = "postgresql" if is_chosen() else "sqlite"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.chaos_inbound",
            "--deliveries",
            "300",
            "--kills",
            "3",
            "--database",
            database,
        ],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "BENCH_POSTGRES_URL": superuser_url()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["tried"], report["lost"], report["doubled"], report["killed"]) == (300, 0, 0, 3)
    assert report["states"] == {"applied": 209, "quarantined": 1}
