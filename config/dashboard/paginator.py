"""Pages of a list of any length, without counting all of it."""

from __future__ import annotations

from typing import Any

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

# As far as a list is counted, and as far as it can be leafed through; a search or filter leads to the rest.
MOST_COUNTED = 1_000
DEEPEST_ROW = 10_000


class CappedPaginator(Paginator):
    """Counts at most ``MOST_COUNTED`` rows; beyond that a page knows only whether another one follows."""

    template_name = "admin/pagination_capped.html"
    most_counted = f"{MOST_COUNTED:,}"

    def __init__(self, object_list: Any, per_page: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(object_list, per_page, *args, **kwargs)
        self.page_shown: Page[Any] | None = None

    @cached_property
    def count(self) -> int:
        if not isinstance(self.object_list, QuerySet):
            return len(self.object_list)
        # Any rows will do, so none have to be sorted.
        return self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @property
    def is_capped(self) -> bool:
        return self.count > MOST_COUNTED

    def validate_number(self, number: Any) -> int:
        if not self.is_capped:
            return super().validate_number(number)
        wanted = int(number) if str(number).isdecimal() else 0
        if not 1 <= wanted <= DEEPEST_ROW // self.per_page:
            raise EmptyPage("beyond what can be leafed through")
        return wanted

    def page(self, number: Any) -> Page[Any]:
        wanted = self.validate_number(number)
        if not self.is_capped:
            self.page_shown = super().page(wanted)
            return self.page_shown
        first = (wanted - 1) * self.per_page
        rows = list(self.object_list[first : first + self.per_page + 1])
        self.page_shown = _OpenPage(rows, wanted, self)
        return self.page_shown


class _OpenPage(Page):
    """A page read with the first row of the next one."""

    def __init__(self, rows: list[Any], number: int, paginator: CappedPaginator) -> None:
        self.is_followed = len(rows) > paginator.per_page
        super().__init__(rows[: paginator.per_page], number, paginator)

    def has_next(self) -> bool:
        return self.is_followed and self.number < DEEPEST_ROW // self.paginator.per_page
