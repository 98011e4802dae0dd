"""What the papers say is so: their commands print what they print, their lists are whole, their links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from django.core.management import get_commands

from tests.papers import REPOSITORY, Retelling, blocks, environment, one_line, paper, shell, steps

PAPERS = sorted(
    str(path.relative_to(REPOSITORY))
    for pattern in ("*.md", "docs/**/*.md", "config/**/*.md", "contacts/**/*.md", "activities/**/*.md")
    for path in REPOSITORY.glob(pattern)
)
PAPER_ADDRESS = "http://127.0.0.1:8000"
# Whose addresses a reader may be sent to.
HOSTS = {
    "127.0.0.1",
    "api.twilio.com",
    "api.winnerr.com",
    "app.example.com",
    "crm.example.com",
    "keepachangelog.com",
    "rentalot.ai",
    "semver.org",
}
STARTING = 120


@dataclass(frozen=True)
class Demo:
    """A running ``make demo``."""

    address: str
    data: Path
    welcome: str


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def make_demo(data: Path) -> Iterator[Demo]:
    """``make demo`` with this run's Python and a data directory and port of its own, until the block ends."""
    port = free_port()
    command = ["make", "--old-file=setup", "demo", f"RUN={sys.executable}", f"PORT={port}"]
    with (data / "stdout").open("w") as stdout, (data / "stderr").open("w") as stderr:
        # In a process group of its own, so that the server ends with the make that started it.
        server = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment(data, WEB_CONCURRENCY="1"),
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(server, address, data / "stderr")
        yield Demo(address, data, (data / "stdout").read_text())
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def wait_until_ready(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = monotonic() + STARTING
    while not is_ready(address):
        try:
            server.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            assert monotonic() < deadline, f"not ready after {STARTING} seconds: {log.read_text()}"
        else:
            pytest.fail(f"make demo ended: {log.read_text()}")


def is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:  # noqa: S310 - an address of this machine
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.sqlite
def test_the_readme_shows_what_its_commands_print(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("the README's requests are made with curl, which is not installed")
    readme = paper("README.md")
    with make_demo(tmp_path) as demo:
        retelling = Retelling()
        (welcome,) = [block for block in blocks(readme, "text") if block.heading == "Try it"]
        told = retelling.retell(demo.welcome.replace(demo.address, PAPER_ADDRESS), welcome.text)
        assert told == welcome.text.strip()
        variables = ""
        for step in (step for block in blocks(readme, "console") for step in steps(block)):
            command = (
                retelling.command(step.command)
                .replace(PAPER_ADDRESS, demo.address)
                .replace(".venv/bin/python", sys.executable)
                .replace(" var/", f" {demo.data}/")
            )
            printed = shell(variables + command, cwd=REPOSITORY, env=environment(demo.data)).replace(
                f"{demo.data}/", "var/"
            )
            assert retelling.retell(printed, step.output) == one_line(step.output), step.command
            if re.match(r"[A-Z]+=", command):
                variables += f"{command}\n"


def test_the_deployment_paper_lists_the_variables_that_are_read_and_no_others() -> None:
    read = {
        name
        for path in (REPOSITORY / "config").glob("*.py")
        for name in re.findall(r'\benv_\w+\(\s*"([A-Z_]+)"', path.read_text())
    }
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", paper("docs/deployment.md"), re.MULTILINE))
    assert listed == read


def test_the_readme_names_every_command_of_ours() -> None:
    readme = paper("README.md")
    ours = {
        path.stem
        for application in ("accounts", "activities", "contacts")
        for path in (REPOSITORY / application / "management" / "commands").glob("[a-z]*.py")
    }
    assert {name for name in ours if not re.search(rf"(?:`|manage\.py ){name}\b", readme)} == set()


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_names_only_commands_and_targets_that_exist(name: str) -> None:
    text = paper(name)
    commands = set(re.findall(r"(?:manage\.py|latchkey-manage(?: --owner)?) ([a-z_]+)", text))
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    known = set(re.findall(r"^([a-z-]+):", paper("Makefile"), re.MULTILINE))
    assert (commands - set(get_commands()), targets - known) == (set(), set())


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_links_to_what_is_there(name: str) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", paper(name)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        path = (REPOSITORY / name).parent / file if file else REPOSITORY / name
        if not path.exists() or (anchor and anchor not in anchors(path)):
            missing.append(target)
    assert missing == []


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_sends_nobody_to_one_machine_or_to_a_registry(name: str) -> None:
    text = paper(name)
    hosts = set(re.findall(r"https?://([\w-]+(?:\.[\w-]+)+)", text)) - HOSTS
    places = set(re.findall(r"(?<![\w.])/(?:home|root|tmp|work)/\S*", text))
    assert (hosts, places) == (set(), set())
