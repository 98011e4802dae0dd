"""Changing only what one has seen, and reading only what one has not: ``ETag``, ``If-Match`` and ``If-None-Match``."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any, Final

from config.wires.strict_json import write

_TAG: Final = re.compile(r'"([1-9][0-9]{0,17})(?:\.[0-9a-f]{16})?"\Z')
_WEAK: Final = "W/"


def etag_of(version: int, document: Any = None) -> str:
    """The entity tag of a row's version: it moves with every change of the row's own fields, not with rows beside it.

    Where a document is made of more than its row, it says the rest: the tag moves with that too. A condition on writing
    compares the version alone.
    """
    return f'"{version}"' if document is None else f'"{version}.{blake2b(write(document), digest_size=8).hexdigest()}"'


def versions_in(header: str) -> frozenset[int] | None:
    """The versions an ``If-Match`` header accepts; None for ``*``, which accepts any.

    What is none of our tags, weak ones included, accepts nothing (RFC 9110, 13.1.1: the comparison is strong).
    """
    tags = [tag.strip() for tag in header.split(",")]
    if tags == ["*"]:
        return None
    return frozenset(int(match[1]) for tag in tags if (match := _TAG.match(tag)))


def is_known(header: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` header says that its sender has what the tag names already; ``*`` knows anything.

    For a row alone: what hangs on it moves without its version. Weak tags are as good as strong ones (RFC 9110, 13.1.2).
    """
    tags = [tag.strip() for tag in (header or "").split(",")]
    return tags == ["*"] or etag in (tag.removeprefix(_WEAK) for tag in tags)
