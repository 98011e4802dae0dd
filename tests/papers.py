"""The project's papers: their fenced blocks, the commands in those with what they are said to print, and a shell for them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, and the heading it stands under."""

    heading: str
    language: str
    text: str


@dataclass(frozen=True)
class Step:
    """One ``$ command`` of a console block and what it prints."""

    command: str
    output: str


def paper(path: str) -> str:
    """The text of a paper, by its path in the repository."""
    return (REPOSITORY / path).read_text(encoding="utf-8")


def blocks(text: str, *languages: str) -> list[Block]:
    """The fenced blocks in these languages, in order."""
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(_FENCE.sub(_blank, text))]
    return [
        Block(next((title for start, title in reversed(headings) if start < found.start()), ""), found[1], found[2])
        for found in _FENCE.finditer(text)
        if found[1] in languages
    ]


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block; one that ends in a backslash, or is inside quotes, goes on in the next line."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, output = _split(part)
        yield Step(command, output)


def _split(part: str) -> tuple[str, str]:
    lines = part.splitlines()
    count = 1
    while count < len(lines) and (lines[count - 1].endswith("\\") or "".join(lines[:count]).count("'") % 2):
        count += 1
    return "\n".join(lines[:count]), "\n".join(lines[count:]).strip()


def _blank(found: re.Match[str]) -> str:
    """As many characters, none of them a heading's: a comment in a shell block begins with # too."""
    return " " * len(found[0])


_IDENTIFIER = re.compile(r"\b(?:(?:agent|channel|contact|key|org)_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Dates too: those of the demo hang on the day it was made.
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ| \d\d:\d\d:\d\d)?")
# How long something took is this machine's own.
_DURATION = re.compile(r'(?<="seconds": )[\d.]+|(?<="rows_per_second": )[\d.]+')
# The rest of a secret, which a paper does not print.
_REST = "…"


class Retelling:
    """Tells what a run printed in a paper's words: the same ids stand for the same things, and times are the paper's."""

    def __init__(self) -> None:
        self._paper_ids: dict[str, str] = {}

    def command(self, command: str) -> str:
        """A paper's command with this run's ids."""
        ours = {theirs: mine for mine, theirs in self._paper_ids.items()}
        return _IDENTIFIER.sub(lambda found: ours.get(found[0], found[0]), command)

    def retell(self, printed: str, expected: str) -> str:
        """What was printed, as the paper has it; equal to ``one_line(expected)`` when it says the same."""
        printed, expected = one_line(printed), one_line(expected)
        for mine, theirs in zip(_IDENTIFIER.findall(printed), _IDENTIFIER.findall(expected), strict=False):
            if theirs not in self._paper_ids.values():
                self._paper_ids.setdefault(mine, theirs)
        told = _IDENTIFIER.sub(lambda found: self._paper_ids.get(found[0], found[0]), printed)
        for taken_by_run in (_MOMENT, _DURATION):
            theirs_in_order = iter(taken_by_run.findall(expected))
            told = taken_by_run.sub(lambda found, theirs=theirs_in_order: next(theirs, found[0]), told)  # type: ignore[misc]  # bound at once
        pattern = re.escape(expected).replace(_REST, r"[\w.~-]+")
        return expected if re.fullmatch(pattern, told) else told


def one_line(text: str) -> str:
    """A JSON document without the line breaks a paper gives it; other text as it is, without blank ends."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text.strip()


def environment(data: Path, **more: str) -> dict[str, str]:
    """A shell in which nothing of the test run is set."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATA_DIR": str(data), "PYTHONUTF8": "1", **more}


def shell(script: str, *, cwd: Path, env: dict[str, str]) -> str:
    """What a shell script prints; it must end well and complain about nothing."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the reader's own
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), script
    return done.stdout
