"""Requests that schemathesis makes up from EstatePrime's document: what it allows is served, what it forbids is refused."""

from __future__ import annotations

import pytest
from schemathesis import GenerationMode

from tests.contracts.made_up import ESTATEPRIMES, ask, walk
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("label", ESTATEPRIMES.operations)
def test_what_the_document_allows_is_served(label: str, north: World, south: World) -> None:
    ask(ESTATEPRIMES, label, GenerationMode.POSITIVE, north, south)


@pytest.mark.parametrize("label", ESTATEPRIMES.forbidding)
def test_what_the_document_forbids_is_refused(label: str, north: World, south: World) -> None:
    ask(ESTATEPRIMES, label, GenerationMode.NEGATIVE, north, south)


def test_what_was_made_is_read_changed_and_deleted_along_the_documents_links(north: World, south: World) -> None:
    succeeded = walk(ESTATEPRIMES, north, south)

    # Which of them follows from chance, though always in the same way.
    assert len(ESTATEPRIMES.linked & succeeded) > len(ESTATEPRIMES.linked) / 2
