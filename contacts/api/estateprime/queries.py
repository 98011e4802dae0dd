"""What a list's JSON body and query string ask for (CONTRACTS 3.2, E-C1, E-S3, E-S4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from accounts.exceptions import FieldError, Invalid
from config.wires.estateprime import FixedPage, organization_zone
from contacts.listing import Selection
from contacts.search import LONGEST_QUERY

_SPELLING: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2}))?\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """A list that is asked for."""

    selection: Selection
    page: FixedPage


def list_query(said: Mapping[str, Any]) -> ListQuery:
    """The list that parameters ask for. Raises ``Invalid``."""
    page = FixedPage.asked(said)
    return ListQuery(
        page=page,
        selection=Selection(created=created_range(said.get("date_created")), search=_search(said.get("search"))),
    )


def created_range(said: Any) -> tuple[datetime | None, datetime | None] | None:
    """From the first moment of ``min`` to before the end of ``max``, each None when open; None when both are."""
    if said in (None, ""):
        return None
    if not isinstance(said, dict):
        raise _invalid()
    begin, end = said.get("min"), said.get("max")
    first = None if begin in (None, "") else _moment(begin, "00:00:00")
    last = None if end in (None, "") else _after(_moment(end, "23:59:59"))
    return None if first is None and last is None else (first, last)


def _moment(said: Any, time_of_day: str) -> datetime:
    """A moment on the organization's clock; of an hour that comes twice the first."""
    spelling = _SPELLING.match(said.strip()) if isinstance(said, str) else None
    if spelling is None:
        raise _invalid()
    try:
        local = datetime.fromisoformat(f"{spelling[1]} {spelling[2] or time_of_day}")
        return local.replace(tzinfo=organization_zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _invalid() from None


def _after(moment: datetime) -> datetime:
    try:
        return moment + timedelta(seconds=1)
    except OverflowError:
        return moment


def _search(said: Any) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or len(said) > LONGEST_QUERY:
        raise Invalid([FieldError("search", "invalid_value")])
    return said.strip() or None


def _invalid() -> Invalid:
    return Invalid([FieldError("date_created", "invalid_value")])
