"""Rows as the text that COPY takes, a few at a time.

As psycopg makes it, but without a connection, so that it can be made while that is busy, and at half the cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, Final

import orjson
from django.db import models

Row = Sequence[Any]
Converter = Callable[[Any], str]

NULL: Final = r"\N"
_SPECIAL: Final = re.compile(r"[\\\t\n\r]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
# Rows between two looks at whether the database is done.
_FEW: Final = 32


class CopyText:
    """The text of some rows of a table, made step by step."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
        """``rows`` hold the values of ``columns``, attribute names, as the model's fields have them in Python."""
        texts, others = _kinds(model, tuple(columns))
        self._lines = (_line(row, texts, others) for row in rows)
        self._made: list[str] = []

    def step(self) -> bool:
        """Make a few more lines; False when there are none left."""
        made = list(islice(self._lines, _FEW))
        self._made += made
        return bool(made)

    def blocks(self) -> Iterator[str]:
        """All of it, once, what was made by now at once and the rest as it is made; nothing where there are no rows."""
        while self._made or self.step():
            made, self._made = self._made, []
            yield "".join(made)


def _line(row: Row, texts: Callable[[Row], Iterable[Any]], others: Sequence[tuple[int, Converter]]) -> str:
    values = list(row)
    for place, convert in others:
        value = values[place]
        values[place] = NULL if value is None else convert(value)
    try:
        if _SPECIAL.search("".join(texts(row))) is None:
            return "\t".join(values) + "\n"
    except TypeError:
        # A text that is None. The table says whether it may be.
        pass
    converted = {place for place, _ in others}
    return "\t".join(each if place in converted else _text(each) for place, each in enumerate(values)) + "\n"


@lru_cache
def _kinds(
    model: type[models.Model], columns: tuple[str, ...]
) -> tuple[Callable[[Row], Iterable[Any]], tuple[tuple[int, Converter], ...]]:
    """What picks the texts of a row, and by place how the rest becomes text."""
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    converters = [_converter(by_name[name]) for name in columns]
    texts = [place for place, convert in enumerate(converters) if convert is None]
    others = tuple((place, convert) for place, convert in enumerate(converters) if convert is not None)
    return _picking(texts), others


def _picking(places: Sequence[int]) -> Callable[[Row], Iterable[Any]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: [row[place] for place in places]


def _converter(field: models.Field[Any, Any]) -> Converter | None:
    if isinstance(field, models.CharField | models.TextField):
        return _text if field.null else None
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    for kind, convert in _CONVERTERS.items():
        if isinstance(target, kind):
            return convert
    raise TypeError(f"{field} has no text for COPY")


def _text(value: Any) -> str:
    return NULL if value is None else str(value).translate(_ESCAPES)


def json_text(value: Any) -> str:
    """JSON as both databases take it, keys that are numbers as text."""
    # Most are empty.
    return "{}" if value == {} else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _json(value: Any) -> str:
    return json_text(value).replace("\\", r"\\")


# A chunk's rows have few of them, on the contact, its tags and its change.
@lru_cache(maxsize=4_096)
def _moment(value: datetime) -> str:
    return value.isoformat()


def _truth(value: bool) -> str:
    return "t" if value else "f"


def _bytes(value: bytes) -> str:
    return rf"\\x{bytes(value).hex()}"


_CONVERTERS: Final[dict[type[models.Field[Any, Any]], Converter]] = {
    models.BooleanField: _truth,
    models.IntegerField: str,
    models.DateTimeField: _moment,
    models.UUIDField: attrgetter("hex"),
    models.JSONField: _json,
    models.BinaryField: _bytes,
}
