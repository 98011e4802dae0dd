"""Wall 1: without an organization in scope no query answers, and with one it answers for that organization alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects

from accounts.exceptions import TenantError, TenantMismatch, TenantNotSet
from accounts.models import Credential, Member, Organization, User
from accounts.tenancy import TenantModel, current_organization, current_organization_id, empty_scope, tenant_models
from activities.models import Activity, Deal
from contacts.models import Contact, ContactChange, ContactEmail, Tag, TaggedContact
from tests.worlds import World

# Built when the module is imported, long before any organization is known.
EVERYBODY = Contact.objects.all()
WITH_TAGS = Contact.objects.filter(Exists(TaggedContact.objects.filter(content_object=OuterRef("pk"))))

Query = Callable[[World], Any]


class ContactForm(forms.ModelForm):
    class Meta:
        model = Contact
        fields = ["email", "assigned_to"]


async def _collected(rows: QuerySet[Contact]) -> list[Contact]:
    return [row async for row in rows]


def _run(make: Callable[[], Any]) -> Any:
    async def run() -> Any:
        return await make()

    return asyncio.run(run())


def _new_email(world: World) -> ContactEmail:
    return ContactEmail(contact_id=world.contact.pk, email="new@example.com")


def _fresh(world: World) -> Contact:
    """The contact as another process knows it: nothing but a key is in hand."""
    return Contact(pk=world.contact.pk, assigned_to_id=world.agent.pk)


READS: dict[str, Query] = {
    "list": lambda world: list(Contact.objects.all()),
    "exists": lambda world: Contact.objects.exists(),
    "count": lambda world: Contact.objects.count(),
    "explain": lambda world: Contact.objects.all().explain(),
    "get": lambda world: Contact.objects.get(pk=world.contact.pk),
    "first": lambda world: Contact.objects.first(),
    "last": lambda world: Contact.objects.last(),
    "latest": lambda world: Contact.objects.latest("created_at"),
    "earliest": lambda world: Contact.objects.earliest("created_at"),
    "iterator": lambda world: list(Contact.objects.iterator(chunk_size=10)),
    "in_bulk": lambda world: Contact.objects.in_bulk([world.contact.pk]),
    "in_bulk by uuid": lambda world: Contact.objects.filter().in_bulk([world.contact.pk], field_name="pk"),
    "contains": lambda world: Contact.objects.contains(world.contact),
    "slice": lambda world: list(Contact.objects.all()[1:2]),
    "index": lambda world: Contact.objects.all()[0],
    "values": lambda world: list(Contact.objects.values("pk")),
    "values_list": lambda world: list(Contact.objects.values_list("pk", flat=True)),
    "dates": lambda world: list(Contact.objects.dates("created_at", "day")),
    "datetimes": lambda world: list(Contact.objects.datetimes("created_at", "hour")),
    "distinct": lambda world: list(Contact.objects.order_by().values("type").distinct()),
    "aggregate": lambda world: Contact.objects.aggregate(Max("number")),
    "annotate": lambda world: list(Contact.objects.annotate(changes_made=Count("changes"))),
    "group by": lambda world: list(Contact.objects.order_by().values("type").annotate(Count("pk"))),
    "union": lambda world: list(Contact.objects.order_by().union(Contact.objects.order_by(), all=True)),
    "intersection": lambda world: list(Contact.objects.order_by().intersection(Contact.objects.order_by())),
    "difference": lambda world: list(Contact.objects.order_by().difference(Contact.objects.order_by().filter(pk=0))),
    "or": lambda world: list(Contact.objects.filter(pk=0) | Contact.objects.all()),
    "q or": lambda world: list(Contact.objects.filter(Q(pk=0) | Q(pk__gt=0))),
    "exclude": lambda world: list(Contact.objects.exclude(pk=0)),
    "extra": lambda world: list(Contact.objects.extra(where=["1 = 1"])),
    "module level": lambda world: list(EVERYBODY),
    "module level with a subquery": lambda world: list(WITH_TAGS.all()),
    "exists subquery of a shared model": lambda world: list(User.objects.filter(Exists(Member.objects.all()))),
    "subquery of a shared model": lambda world: list(
        User.objects.annotate(role=Subquery(Member.objects.filter(user=OuterRef("pk")).values("role")[:1]))
    ),
    "in subquery of a shared model": lambda world: list(User.objects.filter(pk__in=Member.objects.values("user_id"))),
    "select_related": lambda world: list(Contact.objects.select_related("assigned_to")),
    "select_for_update": lambda world: list(Contact.objects.select_for_update()),
    "prefetch_related": lambda world: list(Contact.objects.prefetch_related("further_emails")),
    "prefetch related objects": lambda world: prefetch_related_objects([_fresh(world)], "further_emails"),
    "prefetch object": lambda world: prefetch_related_objects(
        [_fresh(world)], Prefetch("activities", queryset=Activity.objects.all())
    ),
    "foreign key": lambda world: _fresh(world).assigned_to,
    "foreign key to the organization": lambda world: Contact(organization_id=world.organization.pk).organization,
    "reverse foreign key": lambda world: list(world.contact.further_emails.all()),
    "reverse foreign key count": lambda world: world.contact.changes.count(),
    "tags": lambda world: list(world.contact.tags.all()),
    "tag names": lambda world: list(world.contact.tags.names()),
    "refresh_from_db": lambda world: world.contact.refresh_from_db(),
    "deferred field": lambda world: Contact(pk=world.contact.pk).refresh_from_db(fields=["notes"]),
    "validate_unique": lambda world: Credential(digest="0" * 64).validate_unique(),
    "validate_constraints": lambda world: Tag(organization=world.organization, name="vip").validate_constraints(),
    "full_clean": lambda world: Contact(full_name="New", number=99, assigned_to_id=world.agent.pk).full_clean(),
    "form validation": lambda world: ContactForm({"email": "a@b.example", "assigned_to": world.agent.pk}).is_valid(),
    "form choices": lambda world: list(ContactForm().fields["assigned_to"].widget.choices),
    "active": lambda world: list(Contact.objects.active()),
    "narrowed": lambda world: list(Contact.objects.filter(tagged__tag__name__in=["vip"])),
    "organization": lambda world: Organization.objects.get(),
    "aget": lambda world: _run(lambda: Contact.objects.aget(pk=world.contact.pk)),
    "aexists": lambda world: _run(lambda: Contact.objects.aexists()),
    "acount": lambda world: _run(lambda: Contact.objects.acount()),
    "async for": lambda world: _run(lambda: _collected(Contact.objects.all())),
    "async for iterator": lambda world: _run(lambda: _collected(Contact.objects.all().aiterator())),  # type: ignore[arg-type]  # iterated alike
    "arefresh_from_db": lambda world: _run(lambda: world.contact.arefresh_from_db()),
}

WRITES: dict[str, Query] = {
    "save new": lambda world: _new_email(world).save(),
    "save stored": lambda world: world.contact.save(),
    "save fields": lambda world: world.contact.save(update_fields=["notes"]),
    "create": lambda world: ContactEmail.objects.create(contact_id=world.contact.pk, email="a@example.com"),
    "create through a relation": lambda world: world.contact.further_emails.create(email="a@example.com"),
    "get_or_create": lambda world: Tag.objects.get_or_create(name="vip"),
    "update_or_create": lambda world: Tag.objects.update_or_create(name="vip", defaults={"color": "#000000"}),
    "bulk_create": lambda world: ContactEmail.objects.bulk_create([_new_email(world)]),
    "bulk_update": lambda world: Contact.objects.bulk_update([world.contact], ["notes"]),
    "update": lambda world: Contact.objects.update(notes="overwritten"),
    "update by expression": lambda world: Contact.objects.update(version=F("version") + 1),
    "update through a relation": lambda world: world.contact.further_emails.update(label="overwritten"),
    "delete": lambda world: world.contact.further_emails.model(pk=1).delete(),
    "delete many": lambda world: ContactEmail.objects.all().delete(),
    "delete through a relation": lambda world: world.contact.further_emails.all().delete(),
    "add a tag": lambda world: world.contact.tags.add("vip"),
    "clear tags": lambda world: world.contact.tags.clear(),
    "asave": lambda world: _run(lambda: _new_email(world).asave()),
    "acreate": lambda world: _run(lambda: ContactEmail.objects.acreate(contact_id=world.contact.pk, email="a@b.c")),
    "aupdate": lambda world: _run(lambda: Contact.objects.aupdate(notes="overwritten")),
    "adelete": lambda world: _run(lambda: world.contact.adelete()),
}


@pytest.mark.parametrize("query", [*READS.values(), *WRITES.values()], ids=[*READS, *WRITES])
def test_no_query_answers_without_an_organization(north: World, query: Query):
    with pytest.raises(TenantNotSet):
        query(north)


@pytest.mark.parametrize("query", READS.values(), ids=READS)
def test_no_query_answers_in_a_scope_that_has_no_organization_yet(north: World, query: Query):
    with empty_scope(), pytest.raises(TenantNotSet):
        query(north)


@pytest.mark.parametrize("scoped", ["current_organization", "current_organization_id"])
def test_there_is_no_current_organization_without_a_scope(scoped: str):
    asked = {"current_organization": current_organization, "current_organization_id": current_organization_id}[scoped]
    with pytest.raises(TenantNotSet):
        asked()


def test_raw_queries_are_refused_in_and_out_of_scope(north: World):
    statement = "SELECT * FROM contacts_contact"
    with pytest.raises(TenantError):
        Contact.objects.raw(statement)
    with north.scope(), pytest.raises(TenantError):
        Contact.objects.all().raw(statement)


@pytest.mark.parametrize("model", tenant_models(apps.get_models()), ids=lambda model: model._meta.label)
def test_a_scope_shows_its_own_organizations_rows_alone(north: World, south: World, model: type[TenantModel]):
    for world in (north, south):
        with world.scope():
            owners = set(model._default_manager.values_list("organization_id", flat=True))
            assert owners == {world.organization.pk}
            assert set(model._base_manager.values_list("organization_id", flat=True)) == owners
            assert {row.organization_id for row in model._default_manager.all()} == owners


def test_a_scope_shows_its_own_organization_alone(north: World, south: World):
    with south.scope():
        assert list(Organization.objects.values_list("slug", flat=True)) == ["south"]
        assert current_organization() == south.organization


def test_a_queryset_made_at_import_shows_whichever_organization_asks(north: World, south: World):
    for world in (north, south, north):
        with world.scope():
            assert set(EVERYBODY.values_list("pk", flat=True)) == {c.pk for c in [*world.contacts, world.deleted]}
            assert set(WITH_TAGS.values_list("organization_id", flat=True)) == {world.organization.pk}


def test_combined_queries_stay_inside_the_scope(north: World, south: World):
    with north.scope():
        both = Contact.objects.filter(pk=south.contact.pk) | Contact.objects.filter(pk=north.contact.pk)
        assert list(both) == [north.contact]
        either = Contact.objects.filter(Q(pk=north.contact.pk) | Q(organization_id=south.organization.pk))
        assert list(either) == [north.contact]
        united = Contact.objects.order_by().union(Contact.objects.order_by().filter(pk=south.contact.pk), all=True)
        assert {row.organization_id for row in united} == {north.organization.pk}
        users = User.objects.filter(pk__in=Member.objects.values("user_id"))
        assert set(users.values_list("email", flat=True)) == {
            f"{role}@north.example" for role in ("owner", "admin", "agent", "viewer")
        }


def _email_of(world: World, **columns: Any) -> ContactEmail:
    return ContactEmail(contact_id=world.contact.pk, email="x@example.com", **columns)


# What north's code must not be able to do with a row of south's in its hands.
THEFTS: dict[str, Callable[[World, World], Any]] = {
    "save": lambda north, south: south.contact.save(),
    "save fields": lambda north, south: south.contact.save(update_fields=["notes"]),
    "delete": lambda north, south: south.contact.delete(),
    "save new": lambda north, south: _email_of(south, organization_id=south.organization.pk).save(),
    "create": lambda north, south: ContactEmail.objects.create(
        organization=south.organization, contact=south.contact, email="x@example.com"
    ),
    "bulk_create": lambda north, south: ContactEmail.objects.bulk_create(
        [_email_of(north), _email_of(south, organization_id=south.organization.pk)]
    ),
    "refer to a row in hand": lambda north, south: ContactEmail.objects.create(
        contact=south.contact, email="x@example.com"
    ),
    "refer to a row in hand in bulk": lambda north, south: Deal.objects.bulk_create(
        [Deal(contact=south.contact, title="Stolen")]
    ),
    "update the organization": lambda north, south: Contact.objects.update(organization=south.organization),
    "update the organization's key": lambda north, south: Contact.objects.update(organization_id=south.organization.pk),
    "bulk_update the organization": lambda north, south: Contact.objects.bulk_update(
        [Contact(pk=north.contact.pk, organization=south.organization)], ["organization"]
    ),
    "upsert on a bare key": lambda north, south: Contact.objects.bulk_create(
        [Contact(pk=south.contact.pk, number=99, notes="overwritten")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["notes"],
    ),
}


@pytest.mark.parametrize("theft", THEFTS.values(), ids=THEFTS)
def test_writes_to_another_organizations_rows_are_refused(
    north: World, south: World, theft: Callable[[World, World], Any]
):
    with north.scope(), pytest.raises(TenantMismatch), transaction.atomic():
        theft(north, south)
    with south.scope():
        south.contact.refresh_from_db()
        assert south.contact.notes == f"Likes {south.canary}."
        assert ContactEmail.objects.count() == 1


def test_a_row_made_up_around_a_foreign_key_deletes_nothing(north: World, south: World):
    with south.scope():
        stored = ContactEmail.objects.get()
    with north.scope():
        assert ContactEmail(pk=stored.pk).delete() == (0, {})
        assert ContactEmail(pk=stored.pk, organization=north.organization).delete() == (0, {})
    with south.scope():
        assert ContactEmail.objects.get() == stored


def test_a_row_made_up_around_a_foreign_key_overwrites_nothing(north: World, south: World):
    with south.scope():
        stored = Tag.objects.values_list("pk", flat=True)[0]
    with north.scope(), pytest.raises(IntegrityError), transaction.atomic():
        Tag(pk=stored, name="taken over", slug="x", number=99, color="#000000").save()
    with south.scope():
        assert set(Tag.objects.values_list("name", flat=True)) == {"vip", f"tag {south.canary}"}


def test_another_organization_itself_is_neither_changed_nor_deleted(north: World, south: World):
    taken = Organization(pk=south.organization.pk, slug="taken", name="Taken over")
    # SQLite refuses the second row with the key, row-level security the row of another organization.
    with north.scope(), pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        taken.save()
    # Row-level security finds nothing to delete, SQLite finds the rows that refer to it.
    with suppress(IntegrityError), north.scope(), transaction.atomic():
        taken.delete()
        connection.check_constraints()
    with south.scope():
        assert Organization.objects.get().slug == "south"


def test_upserts_on_a_key_with_the_organization_work(north: World, south: World):
    with north.scope():
        Tag.objects.bulk_create(
            [Tag(name="vip", slug="vip-9", number=9, color="#123456")],
            update_conflicts=True,
            unique_fields=["organization", "name"],
            update_fields=["color"],
        )
        assert Tag.objects.get(name="vip").color == "#123456"
    with south.scope():
        assert Tag.objects.get(name="vip").color != "#123456"


def test_validation_does_not_tell_of_another_organizations_values(north: World, south: World):
    with north.scope():
        # South has this tag; north may have one of the same name.
        same = Tag(name=f"tag {south.canary}", slug="s", number=99, color="#000000", organization=north.organization)
        same.full_clean()
        form = ContactForm({"email": "new@example.com", "assigned_to": south.agent.pk})
        assert not form.is_valid()
        missing = ContactForm({"email": "new@example.com", "assigned_to": 10**9})
        assert form.errors["assigned_to"] == missing.errors["assigned_to"]
        assert south.canary not in str(form)


def test_tags_of_another_organization_cannot_be_listed_through_taggit(north: World, south: World):
    with north.scope():
        assert list(Contact.tags.all().values_list("organization_id", flat=True).distinct()) == [north.organization.pk]
        assert set(Contact.tags.most_common().values_list("organization_id", flat=True)) == {north.organization.pk}
        assert list(south.contact.tags.all()) == []


def test_deleting_many_takes_only_the_scopes_rows(north: World, south: World):
    with north.scope():
        TaggedContact.objects.all().delete()
        ContactEmail.objects.filter(pk__gt=0).delete()
        assert not TaggedContact.objects.exists()
    with south.scope():
        assert TaggedContact.objects.count() == 4
        assert ContactEmail.objects.count() == 1


def test_another_thread_knows_no_organization(north: World, transactional_db: None):
    with north.scope(), ThreadPoolExecutor(1) as threads, pytest.raises(TenantNotSet):
        threads.submit(lambda: Contact.objects.exists()).result()


def test_a_context_that_outlives_its_scope_finds_no_organization_in_it(north: World):
    with north.scope():
        # What a task or a thread started here takes with it.
        context = copy_context()
        assert context.run(Contact.objects.count) == 7
    with pytest.raises(TenantNotSet):
        context.run(Contact.objects.count)


def test_changes_are_only_ever_added(north: World):
    with north.scope():
        change = ContactChange.objects.all()[0]
        with pytest.raises(TypeError, match="only ever added"):
            change.save()
        with pytest.raises(TypeError, match="only ever added"):
            change.delete()


def test_credentials_of_another_organization_are_not_reached_through_a_shared_user(north: World, south: World):
    with north.scope():
        assert not Credential.objects.filter(member__user__email="owner@south.example").exists()
        assert not Member.objects.filter(user__email__endswith="@south.example").exists()
