"""Changing only what one has seen: ``ETag`` on a single row, ``If-Match`` on its writes."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r'"([1-9][0-9]{0,17})"\Z')


def etag_of(version: int) -> str:
    """The entity tag of a row's version: it moves with every change of the row's own fields, not with rows beside it."""
    return f'"{version}"'


def versions_in(header: str) -> frozenset[int] | None:
    """The versions an ``If-Match`` header accepts; None for ``*``, which accepts any.

    What is none of our tags, weak ones included, accepts nothing (RFC 9110, 13.1.1: the comparison is strong).
    """
    tags = [tag.strip() for tag in header.split(",")]
    if tags == ["*"]:
        return None
    return frozenset(int(match[1]) for tag in tags if (match := _TAG.match(tag)))
