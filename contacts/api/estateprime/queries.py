"""What a list's JSON body and query string ask for (CONTRACTS 3.2, E-C1, E-S3, E-S4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.exceptions import FieldError, Invalid
from config.wires.estateprime import FixedPage
from config.wires.estateprime_values import bounds_in
from contacts.listing import Selection
from contacts.search import LONGEST_QUERY


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
        selection=Selection(
            created=bounds_in("date_created", said.get("date_created")), search=_search(said.get("search"))
        ),
    )


def _search(said: Any) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or len(said) > LONGEST_QUERY:
        raise Invalid([FieldError("search", "invalid_value")])
    return said.strip() or None
