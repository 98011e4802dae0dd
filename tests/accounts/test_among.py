"""Conditions on thousands of keys."""

from __future__ import annotations

import pytest

from accounts.among import among
from contacts.models import Contact, ContactChange
from tests.worlds import World

pytestmark = pytest.mark.django_db


def test_those_of_the_organization_are_found_whose_keys_are_among_them(north: World, south: World) -> None:
    with north.scope():
        wanted = sorted(contact.pk for contact in north.contacts)[1:]
        asked = [*wanted, *(contact.pk for contact in south.contacts), 2**62, *range(10**9, 10**9 + 5_000)]
        found = Contact.objects.filter(among("pk", asked)).order_by("pk")
        assert list(found.values_list("pk", flat=True)) == wanted
        changes = ContactChange.objects.filter(among("contact_id", asked), verb="created")
        assert sorted(changes.values_list("contact_id", flat=True)) == wanted
        assert Contact.objects.filter(among("pk", frozenset(asked))).count() == len(wanted)


def test_nobody_is_among_none(north: World) -> None:
    with north.scope():
        assert not Contact.objects.filter(among("pk", [])).exists()
        assert Contact.objects.active().exclude(among("pk", [])).count() == len(north.contacts)
