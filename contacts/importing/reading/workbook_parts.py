"""What a workbook says beside its sheets: which there are, the texts they share, and which of their numbers are dates."""

from __future__ import annotations

import mmap
import posixpath
import re
import tempfile
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.parsers import expat

from contacts.importing.reading.archives import WorkbookArchive
from contacts.importing.records import Unreadable

# As the csv module has it.
LONGEST_CELL: Final = 131_072
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
# No database stores them, and no workbook means them.
_NO_CHARACTER: Final = re.compile("[\x00\ud800-\udfff]")
# What looks like an escape, also one that begins where another ends; and what XML has not, or reads as something else.
_TO_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x01-\x08\x0b-\x1f\ufffe\uffff]")

_BUILTIN_DATES: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_BUILTIN_PERCENTS: Final = frozenset([9, 10])
# Texts, escaped letters, colours and conditions in a number format; elapsed hours and the like stay.
_NO_LETTERS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS: Final = re.compile(r"[dmyhs]", re.IGNORECASE)

Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by its name and part."""

    name: str
    part: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Style:
    """How a number is shown, as far as that says what it is; ``digits`` is to how many it is filled up with zeros."""

    is_date: bool = False
    is_percent: bool = False
    digits: int = 0


@lru_cache(maxsize=1_000)
def local(name: str) -> str:
    """The name of an element or attribute without the namespace that the parser put before it."""
    return name.rpartition(" ")[2]


def read_part(archive: WorkbookArchive, part: str, begin: Callable[[str, Attributes], None]) -> None:
    """Calls ``begin`` with the local name and attributes of every element of a part."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: begin(
        local(name), {local(key): value for key, value in attributes.items()}
    )
    for _ in archive.feed(part, parser):
        pass


def _relations(archive: WorkbookArchive, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to, by id: the last word of its kind, and the part."""
    folder, name = posixpath.split(part)
    found: dict[str, tuple[str, str]] = {}

    def begin(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], path)

    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations in archive:
        read_part(archive, relations, begin)
    return found


class Workbook:
    """The sheets of a workbook in order, with what their cells refer to."""

    def __init__(self, archive: WorkbookArchive) -> None:
        """Raises ``Unreadable`` for a workbook without a sheet."""
        roots = dict(_relations(archive, "").values())
        part = roots.get("officeDocument", "xl/workbook.xml")
        relations = _relations(archive, part)
        self.sheets: list[Sheet] = []
        self.counts_from_1904 = False

        def begin(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self.counts_from_1904 = attributes.get("date1904", "") in ("1", "true")
            elif name == "sheet":
                kind, target = relations.get(attributes.get("id", ""), ("", ""))
                if kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), target, hidden))

        read_part(archive, part, begin)
        if not self.sheets:
            raise Unreadable("The workbook holds no sheet.")
        parts = dict(relations.values())
        self.styles = _styles(archive, parts["styles"]) if "styles" in parts else []
        self.texts = SharedTexts(archive, parts.get("sharedStrings"))

    def close(self) -> None:
        self.texts.close()


def _styles(archive: WorkbookArchive, part: str) -> Sequence[Style]:
    codes: dict[int, str] = {}
    numbers: list[int] = []
    inside: list[str] = []

    def begin(name: str, attributes: Attributes) -> None:
        if name in ("cellXfs", "cellStyleXfs", "dxfs"):
            inside[:] = [name]
        elif name == "numFmt" and inside != ["dxfs"]:
            codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "xf" and inside == ["cellXfs"]:
            numbers.append(_whole(attributes.get("numFmtId")))

    read_part(archive, part, begin)
    return [_style(number, codes.get(number)) for number in numbers]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _style(number: int, code: str | None) -> Style:
    if code is None:
        return Style(is_date=number in _BUILTIN_DATES, is_percent=number in _BUILTIN_PERCENTS)
    letters = _NO_LETTERS.sub("", code).split(";")[0]
    if code.strip("0") == "" and len(code) < 20:
        return Style(digits=len(code))
    is_date = "general" not in letters.lower() and _DATE_LETTERS.search(letters) is not None
    return Style(is_date=is_date, is_percent="%" in letters)


class SharedTexts:
    """The texts that cells refer to by number; they lie in a temporary file, since there may be millions."""

    def __init__(self, archive: WorkbookArchive, part: str | None) -> None:
        self._ends = array("Q", [0])
        # Closed by close(); the file has no name, so nothing is left of it when the process dies.
        self._file = tempfile.TemporaryFile(prefix="import-")  # noqa: SIM115  # kept open as long as the source
        try:
            if part is not None and part in archive:
                self._fill(archive, part)
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if self._ends[-1] else b""
        except Unreadable:
            self._file.close()
            raise

    def _fill(self, archive: WorkbookArchive, part: str) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        reading = RichText()
        written = 0

        def begin(name: str, attributes: Attributes) -> None:
            reading.begin(local(name))

        def end(name: str) -> None:
            nonlocal written
            if local(name) == "si":
                written += self._file.write(reading.take().encode("utf-8", "surrogatepass"))
                self._ends.append(written)
            else:
                reading.end(local(name))

        parser.StartElementHandler, parser.EndElementHandler = begin, end
        parser.CharacterDataHandler = reading.add
        for _ in archive.feed(part, parser):
            pass

    def __getitem__(self, number: int) -> str:
        """Raises ``IndexError`` for a number that no text has."""
        if number < 0:
            raise IndexError(number)
        return self._map[self._ends[number] : self._ends[number + 1]].decode("utf-8", "surrogatepass")

    def close(self) -> None:
        if isinstance(self._map, mmap.mmap):
            self._map.close()
        self._file.close()


class RichText:
    """A text in the making: the ``t`` elements that are parsed, without how they are pronounced; no more of it than a cell
    may have."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._is_text = False
        self._is_phonetic = False

    def begin(self, name: str) -> None:
        if name == "rPh":
            self._is_phonetic = True
        elif name == "t":
            self._is_text = not self._is_phonetic

    def end(self, name: str) -> None:
        if name == "rPh":
            self._is_phonetic = False
        elif name == "t":
            self._is_text = False

    def add(self, text: str) -> None:
        # One more than allowed is enough to know.
        if self._is_text and self._length <= LONGEST_CELL:
            self._parts.append(text)
            self._length += len(text)

    def take(self) -> str:
        """The text, whose place is empty then."""
        text = "".join(self._parts)
        self._parts, self._length, self._is_text, self._is_phonetic = [], 0, False, False
        return unescaped(text)


def unescaped(text: str) -> str:
    """The text with the characters that workbooks write as ``_x000D_`` (ECMA-376, 22.9.2.19), but for those nobody stores."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return found[0] if _NO_CHARACTER.match(character) else character


def escaped(text: str) -> str:
    """The text so that ``unescaped`` gives it back, and no XML parser makes other line breaks of it."""
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
