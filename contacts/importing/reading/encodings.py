"""The text of a file, whatever it was written in, as bytes that can be read from any place on."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from contacts.importing.records import Unreadable

# How much of a file decides what it is.
SAMPLE: Final = 1024 * 1024
_BLOCK: Final = 256 * 1024
# Most lines end in it.
_FIRST_BLOCK: Final = 4 * 1024

# UTF-32 before UTF-16, whose mark it begins with.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# A character that the end of a sample cuts.
_CUT: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")
_HIGH: Final = re.compile(rb"[\x80-\xff]")


class TextFile:
    """A file of text by offsets: ``start`` is where the text begins, ``size`` where it ends.

    ``encoding`` is ``utf-8`` or ``cp1252``: bytes that mean the same in ASCII. Anything wider is copied once, as UTF-8,
    into a temporary file, and offsets are those of the copy; half of a surrogate pair becomes bytes that are no UTF-8.
    """

    def __init__(self, path: Path) -> None:
        """Raises ``Unreadable`` for a file that cannot be opened, and for an empty one."""
        self._file = _opened(path)
        head = self._file.read(SAMPLE)
        written_in, self.start = encoding_of(head)
        self.encoding = written_in if written_in in ("utf-8", "cp1252") else "utf-8"
        if written_in != self.encoding:
            self._file = _copied(self._file, written_in, self.start)
            self.start = 0
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, count: int, offset: int) -> bytes:
        """The bytes from ``offset`` on, ``count`` of them unless the file ends before; reading moves nothing."""
        return os.pread(self._file.fileno(), min(count, max(self.size - offset, 0)), offset)

    def sample(self) -> bytes:
        """The beginning of the text, as much as decides what it is."""
        return self.read(SAMPLE, self.start)

    def line_end(self, offset: int) -> int:
        """Where the line ends that ``offset`` is in, its line break included; reads any length of line in little memory."""
        count = _FIRST_BLOCK
        while block := self.read(count, offset):
            found = min((place for mark in (b"\n", b"\r") if (place := block.find(mark)) >= 0), default=None)
            if found is not None:
                break_length = 2 if self.read(2, offset + found) == b"\r\n" else 1
                return offset + found + break_length
            offset += len(block)
            count = _BLOCK
        return self.size

    def close(self) -> None:
        self._file.close()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror or 'it is not readable'}.") from None


def encoding_of(head: bytes) -> tuple[str, int]:
    """What a file that begins with ``head`` is written in, by the evidence of all of it, and how long its mark is.

    UTF-8 with some bytes that are none stays UTF-8: they are faults of their rows. It is taken for an old Western file
    where such bytes are more than those of well-formed characters.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    return _wide_encoding(head) or _narrow_encoding(head), 0


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: of every comma, digit and line break one half is a zero byte, always the same half."""
    head = head[: len(head) // 2 * 2]
    halves = head[::2].count(0), head[1::2].count(0)
    if sum(halves) * 20 < len(head) or sum(halves) < 2 or min(halves) * 20 > max(halves):
        return None
    is_little = halves[1] > halves[0]
    breaks = sum(map(head.count, (b"\n", b"\r")))
    wide_breaks = sum(map(head.count, (b"\n\0", b"\r\0") if is_little else (b"\0\n", b"\0\r")))
    if wide_breaks * 2 < breaks:
        return None
    return "utf-16-le" if is_little else "utf-16-be"


def _narrow_encoding(head: bytes) -> str:
    if len(head) == SAMPLE:
        head = _CUT.sub(b"", head)
    strays = len(_HIGH.findall(_SEQUENCE.sub(b"", head)))
    return "utf-8" if strays == 0 or len(_SEQUENCE.findall(head)) >= strays else "cp1252"


def _copied(file: BinaryIO, encoding: str, start: int) -> BinaryIO:
    # Closed by close(); the file has no name, so nothing is left of it when the process dies.
    copy = tempfile.TemporaryFile(prefix="import-")  # noqa: SIM115  # kept open as long as the source
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    file.seek(start)
    try:
        while block := file.read(_BLOCK):
            copy.write(decoder.decode(block).encode("utf-8", "surrogatepass"))
        if decoder.getstate()[0]:
            copy.write(b"\xff")
    except UnicodeDecodeError:
        copy.close()
        raise Unreadable("The text cannot be decoded: save the file as UTF-8.") from None
    finally:
        file.close()
    copy.flush()
    return copy
