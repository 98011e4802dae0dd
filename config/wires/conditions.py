"""Changing only what one has seen, and reading only what one has not: ``ETag``, ``If-Match`` and ``If-None-Match``."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r'"([1-9][0-9]{0,17})"\Z')
_WEAK: Final = "W/"


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


def is_known(header: str | None, version: int) -> bool:
    """Whether an ``If-None-Match`` header says that its sender has this version already; ``*`` knows any.

    For a row alone: what hangs on it moves without its version. Weak tags are as good as strong ones (RFC 9110, 13.1.2).
    """
    tags = [tag.strip() for tag in (header or "").split(",")]
    return tags == ["*"] or etag_of(version) in (tag.removeprefix(_WEAK) for tag in tags)
