"""What is read for long is of one moment, and nobody who writes meanwhile waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.snapshot import one_moment
from contacts.drafts import ContactDraft
from contacts.models import Contact
from contacts.services import create_contact
from tests.worlds import World


def write(world: World) -> int:
    """Make a contact over a connection of its own; returns how many there are then."""
    try:
        with world.scope():
            create_contact(ContactDraft(full_name="Meanwhile"), actor=world.actor())
            return Contact.objects.count()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_what_others_write_meanwhile_is_not_seen_and_not_held_up(north: World) -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        with one_moment(), north.scope():
            before = Contact.objects.count()
            assert elsewhere.submit(write, north).result(timeout=30) == before + 1
            assert Contact.objects.count() == before
        with north.scope():
            assert Contact.objects.count() == before + 1
            # Afterwards the connection writes and reads as ever.
            assert elsewhere.submit(write, north).result(timeout=30) == before + 2
            assert Contact.objects.count() == before + 2
