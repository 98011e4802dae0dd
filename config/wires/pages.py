"""Cursor pages: one statement for the rows, a cursor bound to its query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, QuerySet

from accounts import ordering
from accounts.exceptions import FieldError, Invalid
from accounts.ordering import Counted, Order, SortKey
from config.wires import keyset
from config.wires.filters import BadValue, whole
from config.wires.keyset import BadCursor


@dataclass(frozen=True)
class CursorPage:
    """One page of rows: ``values_list`` tuples that begin with the asked columns, and the cursor of the next page or None.

    ``total`` is how many rows all pages have, None where nobody asked.
    """

    rows: list[tuple[Any, ...]]
    next_cursor: str | None
    limit: int
    total: int | None = None

    def pagination(self) -> dict[str, Any]:
        """What Winnerr's lists say about their pages (CONTRACTS 1.4)."""
        return {
            "hasMore": self.next_cursor is not None,
            "nextCursor": self.next_cursor,
            "total": self.total,
            "limit": self.limit,
        }


def limit_of(text: str, *, default: int, largest: int) -> int:
    """How many rows to send: more than the largest page is clamped to it, less than one refused (CONTRACTS W-S10)."""
    return min(_at_least_one("limit", text, default), largest)


def page_number_of(text: str) -> int:
    """Which page to send, the first when nothing is said; less than one is refused (CONTRACTS R-S2)."""
    return _at_least_one("page", text, 1)


def _at_least_one(name: str, text: str, default: int) -> int:
    if not text.strip():
        return default
    try:
        number = whole(text.strip())
    except BadValue as error:
        raise Invalid([FieldError(name, error.code, message=error.message)]) from error
    if number < 1:
        raise Invalid([FieldError(name, "out_of_range", message="must be at least 1")])
    return number


def sort_keys(text: str, columns: Mapping[str, str], default: str) -> list[SortKey]:
    """``createdAt:desc,leadScore`` as columns; a bare field ascends (CONTRACTS W-S12). Raises ``Invalid``."""
    keys = []
    for part in (text.strip() or default).split(","):
        name, _, direction = part.strip().partition(":")
        if name not in columns or direction not in ("", "asc", "desc"):
            message = f"must be a list of field:asc|desc of {', '.join(columns)}"
            raise Invalid([FieldError("sort", "invalid_value", message=message)])
        keys.append(SortKey(columns[name], direction == "desc"))
    return keys


def cursor_page(
    queryset: QuerySet[Any],
    columns: Sequence[str],
    order: Order,
    *,
    limit: int,
    cursor: str,
    binding: str,
    kind_of: Callable[[str], type[Any]],
    is_counted: bool = True,
) -> CursorPage:
    """The page after ``cursor`` (the first when empty), in one statement with the total when ``is_counted``.

    The order ends with a unique column. Raises ``Invalid`` on ``cursor`` for one that is bad or another query's.
    """
    values = position_in(cursor, queryset.model._default_manager.all(), order, binding=binding, kind_of=kind_of)
    sort_columns = [key.column for key in order]
    found = ordering.page(queryset, order, limit, values)
    # Counted beside the rows, so that both are of one moment.
    counted = [Counted(queryset.order_by().values("pk"))] if is_counted else []
    rows = list(found.values_list(*columns, *sort_columns, *counted))
    total = _total_beside(rows, queryset, values) if is_counted else None
    if len(rows) <= limit:
        return CursorPage(rows, None, limit, total)
    rows = rows[:limit]
    position = rows[-1][len(columns) : len(columns) + len(order)]
    return CursorPage(rows, cursor_after(position, binding=binding), limit, total)


def _total_beside(rows: Sequence[tuple[Any, ...]], queryset: QuerySet[Any], values: Sequence[Any] | None) -> int:
    """The total of a page's rows. A first page without any has none to count; a later one lost what it had to show."""
    if rows:
        return int(rows[0][-1])
    return 0 if values is None else queryset.count()


def cursor_after(position: Sequence[Any], *, binding: str) -> str:
    """The cursor of the page after a row, given by its values of the order's columns."""
    try:
        return keyset.encode_cursor(position, binding=binding)
    except ValueError:
        # Sort values too long for an address: the row's own key, from which they can be read again.
        return keyset.encode_cursor(position[-1:], binding=f"{binding}#key")


def position_in(
    cursor: str, rows: QuerySet[Any] | Manager[Any], order: Order, *, binding: str, kind_of: Callable[[str], type[Any]]
) -> Sequence[Any] | None:
    """The values of the order's columns that a cursor stands for, None for an empty one.

    ``rows`` are all those a cursor could come from. Raises ``Invalid`` on ``cursor`` for one that is bad or another
    query's.
    """
    if not cursor:
        return None
    kinds = [kind_of(key.column) for key in order]
    try:
        return keyset.decode_cursor(cursor, binding=binding, kinds=kinds)
    except BadCursor:
        return _read_by_key(rows, order, cursor, binding, kinds)


def _read_by_key(
    rows: QuerySet[Any] | Manager[Any], order: Order, cursor: str, binding: str, kinds: Sequence[type[Any]]
) -> Sequence[Any]:
    fault = Invalid([FieldError("cursor", "invalid_value", message="is not a cursor of this list")])
    try:
        (key,) = keyset.decode_cursor(cursor, binding=f"{binding}#key", kinds=kinds[-1:])
    except BadCursor as error:
        raise fault from error
    # Whether or not the row still passes the filters: its place in the order is all that counts.
    found = rows.filter(**{order[-1].column: key})
    values = found.values_list(*(sort_key.column for sort_key in order)).first()
    if values is None:
        raise fault
    return tuple(values)
