import base64
import json
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from django.db import connection, models
from django.db.models.functions import Length, Lower
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from accounts.ordering import Order, SortKey, after, order_by, page, with_tie_break
from config.wires.keyset import MAXIMUM_CURSOR, BadCursor, decode_cursor, encode_cursor

BINDING = "organization=1&sort=created_at:desc&status=ACTIVE"


class Row(models.Model):
    """A table of the test's own, with a column of each kind a cursor can hold."""

    id = models.BigIntegerField(primary_key=True)
    name = models.TextField()
    score = models.IntegerField()
    active = models.BooleanField()
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Row"]] = models.Manager()

    class Meta:
        app_label = "tests"
        managed = False
        db_table = "keyset_row"

    def __str__(self) -> str:
        return self.name


@pytest.fixture
def table(db: None) -> Iterator[None]:
    """Temporary, so that the role of requests, which may create no tables, can create it."""
    columns = ", ".join(f"{field.column} {field.db_type(connection)} not null" for field in Row._meta.local_fields)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE keyset_row ({columns})")
        cursor.execute("CREATE INDEX keyset_row_order ON keyset_row (score DESC, created_at DESC, id DESC)")
        yield
        cursor.execute("DROP TABLE keyset_row")


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Few distinct values, so that rows tie.
rows = st.lists(
    st.builds(
        Row,
        id=st.integers(1, 2**63 - 1),
        name=st.sampled_from(["", "a", "A", "é", "z z", "😀"]),
        score=st.integers(-1, 2),
        active=st.booleans(),
        created_at=st.sampled_from([NOON, NOON + timedelta(microseconds=1), NOON + timedelta(seconds=1)]),
    ),
    max_size=30,
    unique_by=lambda row: row.id,
)
sort_keys = st.builds(
    SortKey,
    st.sampled_from(["name", "score", "active", "created_at", "id", "name_length", "lower_name"]),
    st.booleans(),
)
orders = st.lists(sort_keys, max_size=5).map(lambda keys: with_tie_break(keys, "id"))


def kinds_of(values: list[Any]) -> list[Any]:
    return [type(value) for value in values]


def all_rows() -> models.QuerySet[Any]:
    return Row.objects.annotate(name_length=Length("name"), lower_name=Lower("name"))


def walk(order: Order, limit: int) -> Iterator[list[Row]]:
    """The pages a client sees who follows the cursors to the end."""
    values = None
    while True:
        fetched = list(page(all_rows(), order, limit, values))
        yield fetched[:limit]
        if len(fetched) <= limit:
            return
        last = [getattr(fetched[limit - 1], key.column) for key in order]
        values = decode_cursor(encode_cursor(last, binding=BINDING), binding=BINDING, kinds=kinds_of(last))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=rows, order=orders, limit=st.integers(1, 7))
def test_walking_the_pages_shows_every_row_once_and_in_order(
    table: None, rows: list[Row], order: Order, limit: int
) -> None:
    Row.objects.all().delete()
    Row.objects.bulk_create(rows)
    pages = list(walk(order, limit))
    expected = list(all_rows().order_by(*order_by(order)))
    assert [row.id for shown in pages for row in shown] == [row.id for row in expected]
    assert all(len(shown) == limit for shown in pages[:-1])


def test_rows_written_between_two_pages_neither_repeat_nor_hide_others(table: None) -> None:
    order = with_tie_break([SortKey("score", True)], "id")
    Row.objects.bulk_create(Row(id=n, name="", score=n, active=True, created_at=NOON) for n in range(10, 20))
    first = list(page(all_rows(), order, 5))[:5]
    Row.objects.create(id=30, name="", score=30, active=True, created_at=NOON)
    Row.objects.filter(id=15).delete()
    last = first[-1]
    second = list(page(all_rows(), order, 5, [last.score, last.id]))
    assert [row.id for row in first + second] == [19, 18, 17, 16, 15, 14, 13, 12, 11, 10]


def where(order: Order, values: list[Any]) -> str:
    sql = str(Row.objects.filter(after(order, values)).values("id").query)
    return sql.partition(" WHERE ")[2].replace('"keyset_row".', "").replace('"', "")


@pytest.mark.django_db
def test_keys_of_one_direction_compare_as_one_row() -> None:
    assert where((SortKey("score", True), SortKey("id", True)), [5, 7]) == "(score, id) < (5, 7)"
    assert where((SortKey("score", False), SortKey("id", False)), [5, 7]) == "(score, id) > (5, 7)"
    assert where((SortKey("id", True),), [7]) == "(id) < (7)"


@pytest.mark.django_db
def test_mixed_directions_bound_the_first_column_outside_the_or() -> None:
    order = (SortKey("score", True), SortKey("name", False), SortKey("id", True))
    assert where((order[0], SortKey("id", False)), [5, 7]) == "((score) <= (5) AND ((score) < (5) OR (id) > (7)))"
    assert where(order, [5, "a", 7]) == (
        "((score) <= (5) AND ((score) < (5) OR ((name) >= (a) AND ((name) > (a) OR (id) < (7)))))"
    )


@pytest.mark.parametrize("last_descending", [True, False])
def test_a_page_begins_inside_the_index(table: None, last_descending: bool) -> None:
    Row.objects.bulk_create(Row(id=n, name="", score=n % 1000, active=True, created_at=NOON) for n in range(3000))
    order = (SortKey("score", True), SortKey("created_at", True), SortKey("id", last_descending))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE keyset_row")
    plan = page(Row.objects.all(), order, 5, [5, NOON, 7]).explain()
    begins = {"postgresql": "Index Cond: (ROW(score, created_at", "sqlite": "keyset_row_order ((score,"}
    assert begins[connection.vendor] in plan


def test_an_order_needs_a_value_for_each_key() -> None:
    with pytest.raises(ValueError, match="one value for each"):
        after((SortKey("id", True),), [1, 2])
    with pytest.raises(ValueError, match="an order needs keys"):
        after((), [])


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ([], ["-id"]),
        ([SortKey("name", False)], ["name", "id"]),
        ([SortKey("name", False), SortKey("score", True)], ["name", "-score", "-id"]),
        ([SortKey("name", False), SortKey("name", True)], ["name", "id"]),
        ([SortKey("id", False)], ["id"]),
        ([SortKey("score", True), SortKey("id", False), SortKey("name", True)], ["-score", "id"]),
    ],
)
def test_an_order_ends_with_its_tie_break(keys: list[SortKey], order: list[str]) -> None:
    assert list(order_by(with_tie_break(keys, "id"))) == order


moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
cursor_values = st.lists(
    st.text(st.characters(), max_size=60) | st.integers() | st.booleans() | moments, min_size=1, max_size=6
)


@given(cursor_values, st.text(st.characters()))
def test_a_cursor_gives_back_exactly_the_values_it_was_made_of(values: list[Any], binding: str) -> None:
    cursor = encode_cursor(values, binding=binding)
    decoded = decode_cursor(cursor, binding=binding, kinds=kinds_of(values))
    assert decoded == values
    assert kinds_of(decoded) == kinds_of(values)
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_.")


def test_a_moment_in_any_zone_comes_back_as_the_same_moment_in_utc() -> None:
    athens = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    cursor = encode_cursor([athens], binding=BINDING)
    (decoded,) = decode_cursor(cursor, binding=BINDING, kinds=[datetime])
    assert decoded == athens
    assert isinstance(decoded, datetime)
    assert decoded.tzinfo is UTC


def test_the_longest_sort_fits_a_cursor() -> None:
    values: list[Any] = ["é" * 100, "漢" * 100, "x" * 254, "y" * 50, "ACTIVE", "LEAD", 100, NOON, NOON, NOON, 2**63]
    assert len(encode_cursor(values, binding=BINDING)) <= MAXIMUM_CURSOR


def test_values_that_would_make_a_cursor_too_long_are_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        encode_cursor(["".join(map(chr, range(0x4E00, 0x4E00 + 2000)))], binding=BINDING)


@pytest.mark.parametrize("value", [None, 1.5, b"x", ["x"], datetime(2026, 3, 1)])
def test_values_a_cursor_cannot_keep_exactly_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode_cursor([value], binding=BINDING)


def refused(cursor: str, *, binding: str = BINDING, kinds: Any = (datetime, int)) -> bool:
    try:
        decode_cursor(cursor, binding=binding, kinds=kinds)
    except BadCursor:
        return True
    return False


@given(st.data())
def test_a_cursor_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    cursor = encode_cursor([NOON, 7], binding=BINDING)
    at = data.draw(st.integers(0, len(cursor) - 1))
    replacement = data.draw(st.characters() | st.sampled_from("AQgw09-_.=+/ "))
    assume(replacement != cursor[at])
    assert refused(cursor[:at] + replacement + cursor[at + 1 :])


def test_a_cursor_cut_off_or_continued_is_refused() -> None:
    cursor = encode_cursor([NOON, 7], binding=BINDING)
    assert all(refused(cursor[:length]) for length in range(len(cursor)))
    assert all(refused(cursor + more) for more in (".", "=", "A", " ", "\n", "\x00", cursor))
    assert not refused(cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        ".",
        "..",
        "eyJpZCI6IjEyNCJ9",
        base64.urlsafe_b64encode(json.dumps([[0], 7]).encode()).decode(),
        "\ud800",
        "é.é",
        "A" * 100_000,
        "." * 100_000,
    ],
    ids=lambda cursor: repr(cursor)[:20],
)
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    assert refused(cursor)


@given(st.text())
def test_a_cursor_is_good_for_its_own_query_alone(binding: str) -> None:
    cursor = encode_cursor([NOON, 7], binding=BINDING)
    assert refused(cursor, binding=binding) == (binding != BINDING)


@pytest.mark.parametrize(
    "kinds", [(), (datetime,), (int, int), (datetime, bool), (datetime, str), (datetime, int, str)]
)
def test_values_of_other_kinds_than_the_order_has_are_refused(kinds: Any) -> None:
    assert refused(encode_cursor([NOON, 7], binding=BINDING), kinds=kinds)


def test_a_cursor_outlives_a_change_of_the_secret_key_while_the_old_one_is_a_fallback(settings: Any) -> None:
    cursor = encode_cursor([NOON, 7], binding=BINDING)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key"
    assert not refused(cursor)
    settings.SECRET_KEY_FALLBACKS = []
    assert refused(cursor)
