"""The test infrastructure itself: both worlds are populated, and the run's walls stand."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from accounts.rls import role_faults
from accounts.tenancy import tenant_models
from tests.worlds import World


def test_both_worlds_have_rows_of_every_tenant_model(north: World, south: World):
    for world in (north, south):
        with world.scope():
            empty = [
                model._meta.label for model in tenant_models(apps.get_models()) if not model._default_manager.exists()
            ]
        assert empty == []


@pytest.mark.postgresql
@pytest.mark.django_db
def test_tests_run_as_a_role_that_row_level_security_holds_for():
    assert role_faults(connection) == []


def test_a_transactional_test_finds_the_worlds_too(transactional_db: None, north: World, south: World):
    with north.scope():
        assert north.organization.slug == "north"
    with south.scope():
        assert len(south.contacts) == 6


def test_nothing_of_a_transactional_test_is_left_behind(transactional_db: None, north: World):
    with north.scope():
        assert len(north.contacts) == 6


def test_a_change_to_a_world_in_hand_is_not_seen_by_the_next_test_1(north: World):
    assert north.contact.notes == f"Likes {north.canary}."
    north.contact.notes = "changed"


def test_a_change_to_a_world_in_hand_is_not_seen_by_the_next_test_2(north: World):
    assert north.contact.notes == f"Likes {north.canary}."
