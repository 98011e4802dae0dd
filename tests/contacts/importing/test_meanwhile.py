"""Work that is done while PostgreSQL is at a statement."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DataError, connection, transaction

from contacts.importing.meanwhile import doing, idle

pytestmark = pytest.mark.django_db

# Of some length, so that nothing comes back at once.
LONG = "SELECT count(*) FROM generate_series(1, 100000)"


def answer(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def counting(units: list[str], name: str, most: int) -> Callable[[], bool]:
    def work() -> bool:
        if units.count(name) == most:
            return False
        units.append(name)
        return True

    return work


@pytest.mark.postgresql
def test_work_is_done_while_a_statement_is_waited_for() -> None:
    units: list[str] = []
    with doing(counting(units, "unit", 3)):
        assert answer(LONG) == 100_000
    assert units == ["unit"] * 3
    assert answer(LONG) == 100_000
    assert units == ["unit"] * 3


@pytest.mark.postgresql
def test_work_is_done_while_rows_are_taken() -> None:
    units: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE taken (number int) ON COMMIT DROP")
        with doing(counting(units, "unit", 10**9)), cursor.copy("COPY taken FROM STDIN") as copy:
            copy.write("\n".join(map(str, range(100_000))))
    assert answer("SELECT count(*) FROM taken") == 100_000
    assert units


@pytest.mark.postgresql
def test_the_inner_work_comes_first() -> None:
    units: list[str] = []
    with doing(counting(units, "outer", 2)), doing(counting(units, "inner", 2)):
        assert answer(LONG) == 100_000
    assert units == ["inner", "inner", "outer", "outer"]


@pytest.mark.postgresql
@pytest.mark.parametrize("error", [KeyboardInterrupt, LookupError])
def test_what_the_work_raises_is_raised_when_the_statement_is_over(error: type[BaseException]) -> None:
    def work() -> bool:
        raise error

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE written (number int) ON COMMIT DROP")
    with pytest.raises(error), doing(work):
        answer("INSERT INTO written SELECT generate_series(1, 50000) RETURNING number")
    assert answer("SELECT count(*) FROM written") == 50_000


@pytest.mark.postgresql
def test_what_the_statement_raises_is_raised() -> None:
    units: list[str] = []
    with pytest.raises(DataError), transaction.atomic(), doing(counting(units, "unit", 10**9)):
        answer("SELECT sum(1 / (number - 90000)) FROM generate_series(1, 100000) AS number")
    assert units
    assert answer(LONG) == 100_000


@pytest.mark.postgresql
def test_an_interruption_is_told_before_what_the_statement_raises() -> None:
    def work() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction.atomic(), doing(work):
        answer("SELECT sum(1 / (number - 90000)) FROM generate_series(1, 100000) AS number")
    assert answer(LONG) == 100_000


@pytest.mark.postgresql
def test_nothing_to_do_is_waiting() -> None:
    with doing(idle), doing(lambda: False):
        assert answer(LONG) == 100_000


@pytest.mark.sqlite
def test_sqlite_has_nobody_to_wait_for() -> None:
    units: list[str] = []
    with doing(counting(units, "unit", 3)):
        assert answer("SELECT count(*) FROM contacts_contact") is not None
    assert units == []
