"""One contact, three exact documents: whatever is written through whichever door, in any order (DESIGN section 8).

After every write each wire's document is what a plain model says it is, and nothing that another wire owns has moved.
``PROOF_CASES`` is the number of stories, 200 where it is not set; ``make proof`` tells 5,000.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from accounts.models import Member
from contacts.models import Source, Tag
from contacts.services.custom_fields import create_field
from contacts.services.tagging import tags_by_name
from tests.contracts.book import Book, Doors
from tests.contracts.reference import Catalogue
from tests.contracts.reference_writes import SOURCES
from tests.contracts.writes import CUSTOM, TAGS, Write, stories
from tests.dashboard import browser_of
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db

CASES: Final = int(os.environ.get("PROOF_CASES") or 200)
WIRES: Final = ("winnerr", "rentalot", "estateprime")
# The same stories in every run but a proof, which looks for new ones.
TOLD: Final = settings(
    max_examples=max(1, CASES // len(WIRES)) + 1,
    deadline=None,
    database=None,
    derandomize="PROOF_CASES" not in os.environ,
    print_blob=True,
    suppress_health_check=[*HealthCheck],
)

Program = Callable[[Member | None], WireClient]


@pytest.fixture
def doors(north: World, winnerr: Program, rentalot: Program, estateprime: Program) -> Doors:
    """The owner's programs and browser, with the team's sources, tags and own fields made."""
    owner = north.actor()
    with north.scope():
        for number, name in enumerate(SOURCES, start=11):
            Source.objects.create(name=name, number=number, position=number)
        tags_by_name(TAGS)
        for name, kind in (("Text", "text"), ("Money", "currency"), ("Box", "checkbox")):
            create_field(name, kind, actor=owner)
        create_field("Several", "select_multi", ["A", "B", "C"], actor=owner)
        catalogue = Catalogue(
            organization=north.organization.public_id,
            owner=north.owner.number,
            agents={member.number: member.public_id for member in north.members},
            sources=dict(Source.objects.values_list("name", "number")),
            tags=dict(Tag.objects.values_list("name", "number")),
            fields=tuple(CUSTOM),
        )
    return Doors(
        world=north,
        programs={
            "winnerr": winnerr(north.owner),
            "rentalot": rentalot(north.owner),
            "estateprime": estateprime(north.owner),
        },
        browser=browser_of(north.owner),
        catalogue=catalogue,
    )


@contextmanager
def undone() -> Iterator[None]:
    """What happens in here leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tell(doors: Doors, story: list[Write]) -> None:
    with undone():
        book = Book(doors)
        for write in story:
            book.take(write)
        book.close()


@TOLD
@given(story=stories("winnerr"))
def test_contacts_made_on_winnerr_are_what_the_model_says_after_every_write(doors: Doors, story: list[Write]) -> None:
    tell(doors, story)


@TOLD
@given(story=stories("rentalot"))
def test_contacts_made_on_rentalot_are_what_the_model_says_after_every_write(doors: Doors, story: list[Write]) -> None:
    tell(doors, story)


@TOLD
@given(story=stories("estateprime"))
def test_contacts_made_on_estateprime_are_what_the_model_says_after_every_write(
    doors: Doors, story: list[Write]
) -> None:
    tell(doors, story)
