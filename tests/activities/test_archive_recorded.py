"""An archive that is kept in the repository comes back byte for byte, on every database: so one's is another's.

It is also what the format promises: archives of this version go on being read. ``RECORD_ARCHIVE=1`` in the environment
writes it anew, from a world that has everything; what differs is then for the reviewer to read.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.archives import enrich, export, files_of, take_in
from tests.worlds import World, make_world

pytestmark = pytest.mark.django_db

RECORDED: Final = Path(__file__).resolve().parents[1] / "payloads" / "archive"


@pytest.mark.skipif("RECORD_ARCHIVE" not in os.environ, reason="only where the archive is to be written anew")
def test_the_recorded_archive_is_written_anew(db: None) -> None:
    shutil.rmtree(RECORDED, ignore_errors=True)
    world = make_world("recorded", name="Recorded Realty")
    enrich(world)
    export("recorded", RECORDED)


def test_the_recorded_archive_comes_back_as_it_was(north: World, south: World, tmp_path: Path) -> None:
    recorded = files_of(RECORDED)
    take_in(RECORDED, "taken-in")
    export("taken-in", tmp_path / "again")
    assert files_of(tmp_path / "again") == recorded
