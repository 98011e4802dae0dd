"""The counters behind ``total``: whoever writes and however many at once, they say what counting would say."""

# ruff: noqa: S608 - what is put into statements here is this file's own text

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.rls import PRIVATE_TABLES
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactRole, ContactStage, ContactStatus, ContactType, TaggedContact
from contacts.services import create_contacts, delete_contacts, restore_contact, update_contacts
from contacts.services.tags import delete_tag, tag_contacts
from tests.postgresql import Server
from tests.worlds import World

pytestmark = pytest.mark.postgresql

TAGS = ("vip", "buyer", "seller")
SOURCES = ("WEBSITE", "REFERRAL", "")
CHANNELS = ("whatsapp", "sms", "")
SINCE = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
EVERYTHING = (None, None, None, 0, 100)

# Each counter beside the count it stands for; the arguments are values of the test's own.
COUNTERS: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "contacts_total(%s, %s, %s, %s, %s)": (
        "(%s::text[] IS NULL OR type = ANY (%s)) AND (%s::text[] IS NULL OR status = ANY (%s))"
        " AND (%s::text[] IS NULL OR source = ANY (%s)) AND lead_score BETWEEN %s AND %s",
        "00112234",
        [
            EVERYTHING,
            (["LEAD"], None, None, 0, 100),
            (["LEAD", "VENDOR"], ["ACTIVE"], None, 0, 100),
            (None, ["INACTIVE"], ["WEBSITE", ""], 0, 100),
            (None, None, ["REFERRAL"], 10, 40),
            (None, None, None, 25, 100),
            (["CLIENT"], ["ACTIVE"], None, 0, 30),
            (None, None, ["nowhere"], 0, 100),
            (None, None, None, 101, 100),
        ],
    ),
    "contacts_staged_total(%s, %s, %s)": (
        "(%s::text[] IS NULL OR stage = ANY (%s)) AND (%s::text[] IS NULL OR role = ANY (%s))"
        " AND (%s::text[] IS NULL OR channel_preference = ANY (%s))",
        "001122",
        [
            (None, None, None),
            (["prospect"], None, None),
            (["renter", "applicant"], ["tenant"], None),
            (None, ["vendor", "other"], ["sms", ""]),
            (None, None, ["whatsapp"]),
            (["archived", "prospect"], ["prospect"], ["whatsapp", "nowhere"]),
            ([], None, None),
            (None, None, []),
        ],
    ),
    "contacts_created_total(%s, %s, %s)": (
        "(%s::text[] IS NULL OR source = ANY (%s)) AND created_at >= %s AND created_at < %s",
        "0012",
        [
            (None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
            (None, SINCE, SINCE + timedelta(days=3)),
            (None, SINCE.replace(hour=0, minute=0), SINCE.replace(hour=0, minute=0) + timedelta(days=2)),
            (["WEBSITE"], SINCE, SINCE + timedelta(days=2, hours=7)),
            (["WEBSITE", ""], SINCE, SINCE + timedelta(minutes=5)),
            (None, SINCE, SINCE - timedelta(days=1)),
        ],
    ),
}


def counted(cursor: Any) -> dict[str, tuple[int, int]]:
    """What every counter says, and what counting says, in one snapshot where the caller has opened one."""
    found = {}
    for call, (condition, places, calls) in COUNTERS.items():
        for arguments in calls:
            given = [arguments[int(place)] for place in places]
            cursor.execute(
                f"SELECT {call}, (SELECT count(*) FROM contacts_contact WHERE deleted_at IS NULL AND {condition})",
                [*arguments, *given],
            )
            found[f"{call} {arguments}"] = cursor.fetchone()
    cursor.execute(
        "SELECT contacts_assigned_total(ARRAY(SELECT id FROM accounts_member)),"
        " (SELECT count(*) FROM contacts_contact WHERE deleted_at IS NULL AND assigned_to_id IS NOT NULL)"
    )
    found["assigned"] = cursor.fetchone()
    # The rows that the search reads are kept by triggers in the same way.
    cursor.execute(
        "SELECT (SELECT count(*) FROM contacts_search('{}', '{}') AS found (id) JOIN contacts_contact c USING (id)"
        " WHERE c.deleted_at IS NULL),"
        " (SELECT count(*) FROM contacts_contact WHERE deleted_at IS NULL)"
    )
    found["searchable"] = cursor.fetchone()
    live = "(SELECT count(*) FROM contacts_contact c WHERE deleted_at IS NULL AND EXISTS (SELECT FROM contacts_taggedcontact"
    for tag in TAGS:
        cursor.execute(
            f"SELECT contacts_tag_total(%s), {live} t JOIN contacts_tag n ON n.id = t.tag_id"
            " WHERE t.content_object_id = c.id AND n.name = %s))",
            [tag, tag],
        )
        found[f"tag {tag}"] = cursor.fetchone()
    cursor.execute(
        f"SELECT contacts_any_tag_total(%s), {live} t JOIN contacts_tag n ON n.id = t.tag_id"
        " WHERE t.content_object_id = c.id AND n.name = ANY (%s)))",
        [list(TAGS), list(TAGS)],
    )
    found["any tag"] = cursor.fetchone()
    return found


def wrong(found: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def draft(chance: random.Random, number: int) -> ContactDraft:
    return ContactDraft(
        full_name=f"Person {number}",
        email=f"person{number}@example.com",
        type=chance.choice(ContactType.values),
        status=chance.choice(ContactStatus.values),
        source=chance.choice(SOURCES),
        stage=chance.choice(ContactStage.values),
        role=chance.choice(ContactRole.values),
        channel_preference=chance.choice(CHANNELS),
        notes=chance.choice(["", "x"]),
        tags=tuple(chance.sample(TAGS, chance.randint(0, 3))),
        created_at=SINCE + timedelta(hours=chance.randint(-60, 90)),
    )


def write_something(world: World, chance: random.Random, step: int) -> None:
    """One write of any kind, through the services every door uses."""
    actor = world.actor()
    live = list(Contact.objects.active().values_list("pk", flat=True))
    some = chance.sample(live, min(len(live), chance.randint(1, 9)))
    deleted = list(Contact.objects.deleted())
    change = ContactDraft(
        type=chance.choice(ContactType.values),
        source=chance.choice(SOURCES),
        assigned_to=chance.choice([None, world.agent.pk]),
        tags=tuple(chance.sample(TAGS, chance.randint(0, 3))),
    )
    writes: list[Callable[[], Any]] = [
        lambda: list(create_contacts([draft(chance, step * 100 + n) for n in range(7)], actor=actor)),
        lambda: update_contacts(some, change, actor=actor, score=chance.random() < 0.5),
        lambda: update_contacts(some, ContactDraft(status=chance.choice(ContactStatus.values)), actor=actor),
        lambda: update_contacts(
            some,
            ContactDraft(stage=chance.choice(ContactStage.values), channel_preference=chance.choice(CHANNELS)),
            actor=actor,
        ),
        lambda: delete_contacts(some[:3], actor=actor),
        lambda: [restore_contact(contact, actor=actor) for contact in deleted[:2]],
        lambda: tag_contacts(some, chance.choice(TAGS), actor=actor),
    ]
    chance.choice(writes)()


@pytest.mark.django_db
def test_totals_are_counts_after_any_writes(north: World, south: World):
    chance = random.Random(5)
    with south.scope(), connection.cursor() as cursor:
        before = counted(cursor)
    with north.scope(), connection.cursor() as cursor:
        for step in range(60):
            write_something(north, chance, step)
            if step % 5 == 0:
                assert wrong(counted(cursor)) == {}
        # As the trigger does every few hundred lines; afterwards the sums alone know.
        cursor.execute("SELECT contacts_fold_counts(%s)", [north.organization.pk])
        assert wrong(counted(cursor)) == {}
        cursor.execute("SELECT contacts_total(NULL, NULL, NULL, NULL, NULL) = contacts_total(NULL, NULL, NULL, 0, 100)")
        assert cursor.fetchone() == (True,)
        write_something(north, chance, 61)
        assert wrong(counted(cursor)) == {}
        delete_tag(TaggedContact.objects.select_related("tag").first().tag, actor=north.actor())  # type: ignore[union-attr]  # there are some
        assert wrong(counted(cursor)) == {}
    with south.scope(), connection.cursor() as cursor:
        assert counted(cursor) == before


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_counted(north: World):
    with north.scope(), connection.cursor() as cursor:
        before = counted(cursor)
        savepoint = transaction.savepoint()
        list(create_contacts([draft(random.Random(1), n) for n in range(300)], actor=north.actor()))
        cursor.execute("SELECT contacts_fold_counts(%s)", [north.organization.pk])
        assert counted(cursor) != before
        transaction.savepoint_rollback(savepoint)
        assert counted(cursor) == before


@pytest.mark.django_db(transaction=True)
def test_totals_are_exact_at_any_moment_under_eight_writers(
    north: World, south: World, postgresql_server: Server
) -> None:
    done = Event()
    moments = 0
    mistakes: dict[str, tuple[int, int]] = {}

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for step in range(12):
                with north.scope():
                    names = [draft(chance, seed * 10_000 + step * 100 + n) for n in range(8)]
                    (made,) = create_contacts(names, actor=north.actor())
                with north.scope():
                    keys = [contact.pk for contact in made]
                    update_contacts(
                        keys[:4], ContactDraft(type="VENDOR", stage="renter", added_tags=("vip",)), actor=north.actor()
                    )
                    delete_contacts(keys[4:6], actor=north.actor())
        finally:
            connection.close()

    def watch() -> int:
        seen = 0
        with postgresql_server.session(postgresql_server.application) as session:
            while not done.is_set() or seen == 0:
                with session.transaction():
                    session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    session.execute("SELECT set_config('app.organization', %s, true)", [str(north.organization.pk)])
                    mistakes.update(wrong(counted(session.cursor())))
                seen += 1
        return seen

    with ThreadPoolExecutor(9) as threads:
        watching = threads.submit(watch)
        writing = [threads.submit(write, seed) for seed in range(8)]
        for each in writing:
            each.result()
        done.set()
        moments = watching.result()
    assert moments > 0
    assert mistakes == {}
    with north.scope(), connection.cursor() as cursor:
        assert wrong(counted(cursor)) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("table", PRIVATE_TABLES)
@pytest.mark.parametrize(
    "statement", ["SELECT * FROM {}", "DELETE FROM {}", "UPDATE {} SET organization_id = 0", "TRUNCATE {}"]
)
def test_the_application_has_no_business_in_the_tables(north: World, table: str, statement: str):
    with north.scope(), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError) as refusal, transaction.atomic():
            cursor.execute(statement.format(table))
        assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


@pytest.mark.django_db
def test_without_an_organization_there_is_nothing_to_count(north: World, south: World):
    with connection.cursor() as cursor:
        cursor.execute("SELECT contacts_total(NULL, NULL, NULL, 0, 100), contacts_tag_total('vip')")
        assert cursor.fetchone() == (0, 0)
        cursor.execute("SELECT count(*) FROM contacts_tag_totals()")
        assert cursor.fetchone() == (0,)
