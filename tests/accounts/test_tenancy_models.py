"""Every model is inside the fence or on a short list that says why not, and every table has both walls."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from accounts.checks import check_tenant_models
from accounts.models import Organization
from accounts.tenancy import BaseTenantManager, TenantModel, tenant_models

# Models whose rows belong to no organization, and why that is right. Everything else is a TenantModel.
SHARED = {
    "accounts.User": "a person's login; one person may belong to several organizations, names and rights are Member's",
    "accounts.Organization": "the tenant itself: fenced by its own key, not by a column that leads to it",
    "account.EmailAddress": "allauth's: an address of a login",
    "account.EmailConfirmation": "allauth's: a pending proof of an address of a login",
    "mfa.Authenticator": "allauth's: a second factor of a login",
    "admin.LogEntry": "Django's admin log knows no organization; nothing shows it, history pages show ContactChange",
    "auth.Group": "Django's own and unused: rights come from Member.role",
    "auth.Group_permissions": "the same",
    "auth.Permission": "Django's own: names of models, the same for everybody",
    "django_tasks_database.DBTaskResult": "the queue of jobs: a worker looks for work before it knows whose; ids only",
    "contenttypes.ContentType": "names of models, the same for everybody",
    "sessions.Session": "a browser's login; which organization it works in is checked against Member at each request",
    "taggit.Tag": "the library's own and unused: contacts.Tag takes its place",
    "taggit.TaggedItem": "the library's own and unused: contacts.TaggedContact takes its place",
}

ALL_MODELS = apps.get_models(include_auto_created=True)
TENANT_MODELS = tenant_models(ALL_MODELS)


def label(model: type[models.Model]) -> str:
    return model._meta.label


def references(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """A model's foreign keys that lead to rows of an organization."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
    ]


def test_every_model_is_fenced_or_shared_for_a_reason():
    outside = {label(model) for model in ALL_MODELS if not issubclass(model, TenantModel)}
    assert outside - SHARED.keys() == set()


def test_no_reason_outlives_its_model():
    outside = {label(model) for model in ALL_MODELS if not issubclass(model, TenantModel)}
    assert SHARED.keys() - outside == set()


@pytest.mark.parametrize("model", [*TENANT_MODELS, Organization], ids=label)
def test_every_road_to_the_rows_leads_through_the_fence(model: type[models.Model]):
    managers = [*model._meta.managers, model._default_manager, model._base_manager]
    assert [manager for manager in managers if not isinstance(manager, BaseTenantManager)] == []


@pytest.mark.parametrize("model", TENANT_MODELS, ids=label)
def test_every_row_names_its_organization(model: type[TenantModel]):
    column = model._meta.get_field("organization")
    assert not column.null
    assert column.remote_field.model is Organization


@pytest.mark.parametrize("model", TENANT_MODELS, ids=label)
def test_unique_keys_start_with_the_organization(model: type[TenantModel]):
    faults = [
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields[:1] != ("organization",)
    ]
    assert faults == []


# Unique by themselves: random secrets and ids the server makes, so that a clash tells nobody anything.
UNIQUE_ALONE = {
    "activities.InboundChannel": {"token"},
    "accounts.Credential": {"uuid", "digest"},
    "accounts.Invitation": {"uuid", "digest"},
    "accounts.RefreshToken": {"digest"},
}


@pytest.mark.parametrize("model", TENANT_MODELS, ids=label)
def test_no_column_is_unique_across_organizations_but_random_ones(model: type[TenantModel]):
    alone = {field.name for field in model._meta.concrete_fields if field.unique and not field.primary_key}
    assert alone == UNIQUE_ALONE.get(label(model), set())


def test_no_relation_leads_from_a_shared_model_into_the_fence():
    roads = [
        f"{label(model)}.{field.name}"
        for model in ALL_MODELS
        if not issubclass(model, TenantModel)
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model and issubclass(field.related_model, TenantModel)
    ]
    assert roads == []


def test_the_system_check_names_a_model_that_leaves_the_fence():
    class Leaking(TenantModel):
        objects = models.Manager()  # type: ignore[assignment]  # the fault this test is about

        class Meta:
            app_label = "accounts"
            managed = False

    try:
        assert [(message.id, message.obj) for message in check_tenant_models(None)] == [("accounts.E001", Leaking)]
    finally:
        del apps.all_models["accounts"]["leaking"]
        apps.clear_cache()
    assert check_tenant_models(None) == []


def rows(statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.parametrize("model", [*TENANT_MODELS, Organization], ids=label)
def test_every_table_has_row_level_security_for_reading_and_writing(model: type[models.Model]):
    table = model._meta.db_table
    assert rows("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", [table]) == [(True,)]
    column = getattr(model, "tenant_column", "organization_id")
    rule = f"({column} = (NULLIF(current_setting('app.organization'::text, true), ''::text))::bigint)"
    policies = rows(
        "SELECT permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = %s", [table]
    )
    assert policies == [("PERMISSIVE", "{public}", "ALL", rule, rule)]


@pytest.mark.postgresql
@pytest.mark.django_db
def test_no_table_without_a_model_is_left_open():
    """What has no model (many-to-many tables, the cache, Django's bookkeeping) holds nothing of an organization."""
    known = {model._meta.db_table for model in ALL_MODELS}
    others = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT relrowsecurity"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert {name for (name,) in others} - known == {"accounts_cache", "django_migrations"}


COMPOSITE_KEYS = """
    SELECT source.relname, key_column.attname, target.relname
    FROM pg_constraint c
    JOIN pg_class source ON source.oid = c.conrelid
    JOIN pg_class target ON target.oid = c.confrelid
    JOIN pg_attribute key_column ON key_column.attrelid = c.conrelid AND key_column.attnum = c.conkey[2]
    WHERE c.contype = 'f' AND cardinality(c.conkey) = 2 AND c.convalidated
      AND (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]) = 'organization_id'
      AND (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1]) = 'organization_id'
      AND (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[2]) = 'id'
"""


@pytest.mark.postgresql
@pytest.mark.django_db
def test_every_reference_within_an_organization_carries_the_organization():
    wanted = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in TENANT_MODELS
        for field in references(model)
    }
    assert len(wanted) > 15
    assert set(rows(COMPOSITE_KEYS)) == wanted
