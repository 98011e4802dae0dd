"""An archive on disk: a directory of JSON Lines files and, last of all, a manifest that says what they are.

Without its manifest a directory is no archive. Files come into being under another name, readable by their owner alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from accounts.archive.values import BadValue, read_line, written_line
from accounts.exceptions import ArchiveRefused

FORMAT: Final = "latchkey-organization"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
# Far above the longest row there can be; below what would fill the memory.
LONGEST_LINE: Final = 64 * 1024 * 1024
_BLOCK: Final = 1024 * 1024
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What the manifest says of a file."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ArchiveWriter:
    """Writes an archive into a directory that is empty or not there yet."""

    def __init__(self, directory: Path, organization: Mapping[str, str]) -> None:
        self._directory = directory
        self._organization = organization
        self._begun: list[str] = []
        self._written: list[FileFacts] = []

    @classmethod
    @contextmanager
    def into(cls, directory: Path, organization: Mapping[str, str]) -> Iterator[Self]:
        """The writer of a new archive, which is whole when the block ends, and of which nothing is left when it fails.

        ``organization`` is what the manifest says about whose it is. Raises ``ArchiveRefused`` when there is something in
        the directory already, ``OSError``.
        """
        is_new = _make_room(directory)
        writer = cls(directory, organization)
        with ExitStack() as failure:
            failure.callback(writer._clear, is_new)
            yield writer
            writer._seal()
            failure.pop_all()

    def write(self, name: str, lines: Iterable[bytes]) -> int:
        """Write one file and return how many lines it has. Raises ``OSError``."""
        digest, rows, length = hashlib.sha256(), 0, 0
        with self._new(name) as stream:
            for line in lines:
                stream.write(line)
                digest.update(line)
                rows += 1
                length += len(line)
        self._written.append(FileFacts(name=name, rows=rows, bytes=length, sha256=digest.hexdigest()))
        return rows

    @contextmanager
    def _new(self, name: str) -> Iterator[IO[bytes]]:
        part = self._part(name)
        with open(part, "xb", opener=_private) as stream:
            self._begun.append(name)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(self._directory / name)

    def _seal(self) -> None:
        files = [asdict(facts) for facts in self._written]
        manifest = {"format": FORMAT, "version": VERSION, "organization": dict(self._organization), "files": files}
        with self._new(MANIFEST) as stream:
            stream.write(written_line(manifest))
        _sync_directory(self._directory)

    def _clear(self, is_new: bool) -> None:
        """Only what was written here: somebody may have put something else in meanwhile."""
        for name in self._begun:
            self._part(name).unlink(missing_ok=True)
            (self._directory / name).unlink(missing_ok=True)
        if is_new and not any(self._directory.iterdir()):
            self._directory.rmdir()

    def _part(self, name: str) -> Path:
        return self._directory / f"{name}.part"


def _make_room(directory: Path) -> bool:
    """Make the directory unless it is there; returns whether it was made."""
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True)
        return True
    if not directory.is_dir():
        raise ArchiveRefused(str(directory), "is no directory")
    if any(directory.iterdir()):
        raise ArchiveRefused(str(directory), "is not empty")
    return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ArchiveReader:
    """Reads an archive whose every file is what its manifest says."""

    def __init__(self, directory: Path, files: dict[str, FileFacts]) -> None:
        self._directory = directory
        self._files = files

    @classmethod
    def open(cls, directory: Path, names: Iterable[str]) -> Self:
        """The archive in a directory, with exactly these files. Reads all of it once.

        Raises ``ArchiveRefused`` for what is no archive, one of another version, and files that are missing or not the
        ones that were written; ``OSError``.
        """
        files = _read_manifest(directory / MANIFEST)
        wanted = set(names)
        if files.keys() != wanted:
            differing = ", ".join(sorted(files.keys() ^ wanted))
            raise ArchiveRefused(MANIFEST, f"does not list the files of this version; differing: {differing}")
        for facts in files.values():
            _verify(directory / facts.name, facts)
        return cls(directory, files)

    def rows(self, name: str) -> int:
        """How many rows a file has."""
        return self._files[name].rows

    def documents(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of a file with the numbers of their lines. Raises ``ArchiveRefused`` and ``OSError``."""
        with open(self._directory / name, "rb") as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE):
                number += 1
                yield number, _document(line, name, number)
        if number != self._files[name].rows:
            raise ArchiveRefused(name, f"has {number} rows where the manifest says {self._files[name].rows}")


def _document(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        if not line.endswith(b"\n"):
            raise BadValue("is too long or has no end")
        return read_line(line)
    except BadValue as error:
        raise ArchiveRefused(f"{name}, line {number}", str(error)) from error


def _read_manifest(path: Path) -> dict[str, FileFacts]:
    if not path.parent.is_dir():
        raise ArchiveRefused(str(path.parent), "is no directory")
    if not path.is_file():
        raise ArchiveRefused(str(path.parent), f"has no {MANIFEST}: it is no archive, or its export did not end")
    if path.is_symlink():
        raise ArchiveRefused(MANIFEST, "is a link")
    with open(path, "rb") as stream:
        text = stream.read(LONGEST_LINE)
    try:
        manifest = read_line(text)
    except BadValue as error:
        raise ArchiveRefused(MANIFEST, str(error)) from error
    if manifest.get("format") != FORMAT:
        raise ArchiveRefused(MANIFEST, f"is not of the format {FORMAT!r}")
    if manifest.get("version") != VERSION:
        raise ArchiveRefused(MANIFEST, f"has a version that is not known here, which is {VERSION}")
    listed = manifest.get("files")
    if not isinstance(listed, list):
        raise ArchiveRefused(MANIFEST, "lists no files")
    facts = {each.name: each for each in map(_facts, listed)}
    if len(facts) != len(listed):
        raise ArchiveRefused(MANIFEST, "lists a file twice")
    return facts


def _facts(entry: Any) -> FileFacts:
    match entry:
        case {"name": str(name), "rows": int(rows), "bytes": int(length), "sha256": str(sha256)}:
            if _DIGEST.fullmatch(sha256):
                return FileFacts(name=name, rows=rows, bytes=length, sha256=sha256)
    raise ArchiveRefused(MANIFEST, "says something else of a file than its name, rows, bytes and sha256")


def _verify(path: Path, facts: FileFacts) -> None:
    if path.is_symlink():
        raise ArchiveRefused(facts.name, "is a link")
    if not path.is_file():
        raise ArchiveRefused(facts.name, "is missing")
    digest, length = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            length += len(block)
    if length != facts.bytes:
        raise ArchiveRefused(facts.name, f"has {length} bytes where the manifest says {facts.bytes}")
    if digest.hexdigest() != facts.sha256:
        raise ArchiveRefused(facts.name, "is not what the manifest says: its SHA-256 is another")
