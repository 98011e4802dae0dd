"""Everything an organization owns is in its archive or stays behind for a reason, and nothing in it is a primary key."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from accounts.archive.kinds import Kind, natural_key
from accounts.models import Member, Organization, User
from accounts.tenancy import tenant_models
from activities.archive import KINDS, LEFT_BEHIND

TENANT_MODELS = {*tenant_models(apps.get_models(include_auto_created=True)), Organization}

# JSON columns in which no key of this database ever stands, and what does.
JSON_WITHOUT_KEYS = {
    "custom_fields.former_kinds": "kinds by the keys of values, which are numbers of fields",
    "scoring_weights.overrides": "points by part",
    "rescores.overrides": "points by part",
    "rescores.overrides_before": "points by part",
    "contacts.custom_values": "values by number of the field; members, contacts and options in them by number too",
    "contacts.extra": "what programs sent and nobody reads",
    "contacts.preferences": "words and amounts",
    "communications.metadata": "what providers sent, and the public id of a channel",
    "communications.extra": "what programs sent and nobody reads",
    "activities.metadata": "what programs sent, and the public id of a message",
    "deals.tags": "words",
    "deals.commission": "amounts",
    "deals.property_details": "words and amounts",
    "deals.timeline": "moments",
    "deals.documents": "words and addresses",
    "deals.tasks": "words",
}

COLUMNS = [(kind, column) for kind in KINDS for column in kind.columns]


def test_every_model_of_an_organization_is_in_the_archive_or_stays_behind_for_a_reason():
    written = [kind.model for kind in KINDS]
    assert len(written) == len(set(written))
    assert {*written, *LEFT_BEHIND} == TENANT_MODELS
    assert not set(written) & LEFT_BEHIND.keys()
    assert all(LEFT_BEHIND.values())


def test_files_have_names_of_their_own():
    assert len({kind.file for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_a_declaration_names_is_there(kind: Kind):
    names = {field.name for field in kind.model._meta.concrete_fields}
    assert {*kind.left_out, *kind.member_columns, *kind.member_paths} <= names
    assert all(kind.left_out.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_rows_come_after_those_they_refer_to(kind: Kind):
    before = {each.model for each in KINDS[: KINDS.index(kind)]} | {User}
    wanted = {column.target for column in kind.columns if column.target}
    wanted |= {Member} if kind.member_paths or any(column.is_member for column in kind.columns) else set()
    assert wanted <= before


def test_what_others_refer_to_by_is_unique_in_an_organization():
    for model in {column.target or Member for _, column in COLUMNS if column.target or column.is_member} - {User}:
        unique = {
            constraint.fields
            for constraint in model._meta.constraints
            if isinstance(constraint, models.UniqueConstraint)
        }
        assert ("organization", natural_key(model)) in unique


def test_every_json_column_was_looked_at_for_keys():
    without = {
        f"{kind.name}.{column.name}"
        for kind, column in COLUMNS
        if isinstance(column.field, models.JSONField) and column.field.name not in kind.member_paths
    }
    assert without == JSON_WITHOUT_KEYS.keys()


def test_no_number_that_is_called_an_id_is_written():
    """A primary key that is no foreign key, because what it leads to may go first."""
    written = [
        f"{kind.name}.{column.name}"
        for kind, column in COLUMNS
        if isinstance(column.field, models.IntegerField) and column.name.endswith("_id")
    ]
    assert written == []
