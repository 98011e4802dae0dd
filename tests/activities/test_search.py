"""What a search of messages finds, and whom the function behind it answers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from activities.drafts import CommunicationDraft
from activities.models import Communication
from activities.search import search_communications
from activities.services import record_communications
from contacts.models import Contact
from contacts.normalise import fold
from contacts.services import delete_contact
from tests.worlds import MOMENT, World

PARTS = ["Garden", "GARTEN", "größe", "50%", "5_0", "a\\b", "e", "é", "to", "o'clock", "日本", "Æ", "--", "x y", "\t"]


def record_anything(world: World, seed: int) -> None:
    """Messages with each live contact, made up of the parts; the second contact is deleted afterwards."""
    made_up = random.Random(seed)
    drafts = [
        (
            made_up.choice(world.contacts).pk,
            CommunicationDraft(
                kind="email",
                direction="inbound",
                subject=" ".join(made_up.choices(PARTS, k=made_up.randrange(3))),
                body=made_up.choice(["", " "]).join(made_up.choices(PARTS, k=made_up.randrange(5))),
                occurred_at=MOMENT + timedelta(minutes=made_up.randrange(9)),
            ),
        )
        for _ in range(60)
    ]
    for _ in record_communications(drafts, actor=world.actor()):
        pass
    delete_contact(Contact.objects.get(pk=world.contacts[1].pk), actor=world.actor())


@pytest.mark.parametrize("seed", range(5))
def test_a_search_finds_the_messages_that_hold_every_word(north: World, seed: int) -> None:
    made_up = random.Random(seed)
    narrowed = replace(north.actor(north.agent), sees_all_contacts=False)
    with north.scope():
        record_anything(north, seed)
        rows = Communication.objects.filter(contact__deleted_at=None).order_by("-occurred_at", "-id")
        messages = [(row.pk, row.contact_id, fold(f"{row.subject} {row.body}")) for row in rows]
        for _ in range(40):
            text = " ".join(part[made_up.randrange(2) :] for part in made_up.choices(PARTS, k=made_up.randrange(1, 4)))
            words = fold(text).split()
            found = [(pk, contact) for pk, contact, said in messages if words and all(word in said for word in words)]
            hits = search_communications(text, actor=north.actor(), first=0, limit=100)
            assert (list(hits.ids), hits.total, hits.is_cut_off) == ([pk for pk, _ in found], len(found), False)

            theirs = [pk for pk, contact in found if contact == north.contact.pk]
            hits = search_communications(text, actor=narrowed, first=2, limit=3)
            assert (list(hits.ids), hits.total, hits.is_cut_off) == (theirs[2:5], len(theirs), False)


NOTHING: list[Any] = [([], 0, False)]


def asked(patterns: Sequence[str | None] | None, **changes: Any) -> list[Any]:
    """What the function itself answers."""
    arguments = {"in_index": True, "member": None, "first": 0, "size": 10, "most": 100, "recent": 100, **changes}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ids, total, is_cut_off FROM activities_search(%s::text[], %s, %s, %s, %s, %s, %s)",
            [None if patterns is None else list(patterns), *arguments.values()],
        )
        return cursor.fetchall()


@pytest.mark.postgresql
@pytest.mark.parametrize("in_index", [True, False])
def test_without_an_organization_the_function_finds_nothing(north: World, south: World, in_index: bool) -> None:
    for patterns in (["%"], [], None, [f"%{south.canary}%"], [f"%{north.canary}%"]):
        assert asked(patterns, in_index=in_index) == NOTHING
        assert asked(patterns, in_index=in_index, member=south.agent.pk) == NOTHING


@pytest.mark.postgresql
@pytest.mark.parametrize("in_index", [True, False])
def test_the_function_finds_the_organizations_own_messages_alone(north: World, south: World, in_index: bool) -> None:
    for world, stranger in ((north, south), (south, north)):
        with world.scope():
            own = list(Communication.objects.order_by("-occurred_at", "-id").values_list("pk", flat=True))
            # Past the first page of too many hits, each way to look for one.
            for more in ({}, {"most": 1}, {"most": 1, "recent": 0}):
                ((ids, total, _),) = asked(["%dear%"], in_index=in_index, **more)
                assert set(ids) <= set(own)
                assert total <= len(own)
            assert asked(["%"], in_index=in_index) == [(own, len(own), False)]
            assert asked(["%"], in_index=in_index, member=stranger.agent.pk) == NOTHING
            assert asked([f"%{stranger.canary}%"], in_index=in_index) == NOTHING
            assert asked(["%dear%", None], in_index=in_index) == NOTHING
