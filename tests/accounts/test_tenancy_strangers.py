"""What north's code may try with south's rows in its hands: with both walls, and with either one taken away.

Each attack is run as a control by south on its own rows first, where it must have an effect. On SQLite there is only the
first wall, so every run there is one without the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, connection, models
from django.db.models import Exists

from accounts import prepared, tenancy
from accounts import services as account_services
from accounts.exceptions import DomainError, TenantError
from accounts.models import Credential, Invitation, Member, Organization, RefreshToken, WireName
from accounts.tenancy import BaseTenantManager, TenantModel, current_organization_id, tenant_models
from activities import services as activity_services
from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft, TeamMemberDraft
from activities.models import Activity, Communication, Conversation, Deal
from contacts import services as contact_services
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange, ContactPhone, Source, Tag, TaggedContact
from contacts.search import search_contacts
from contacts.services.children import KINDS, read_children
from contacts.services.sources import delete_source, rename_source
from contacts.services.tags import delete_tag, recolour_tag, rename_tag, tag_contacts
from tests.postgresql import Server
from tests.worlds import World

# The first world asks; the second is whose rows are asked for.
Attack = Callable[[World, World], Any]
Facts = dict[str, list[tuple[Any, ...]]]

TENANT_MODELS = tenant_models(apps.get_models())
FENCED: list[type[models.Model]] = [*TENANT_MODELS, Organization]
REFERENCES = [
    (model, field)
    for model in TENANT_MODELS
    for field in model._meta.concrete_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


def _held(world: World, model: type[TenantModel]) -> Any:
    """A row of the world as a caller may have got hold of it: read in another unit of work."""
    return _HELD[(world.organization.pk, model)]


_HELD: dict[tuple[int, type[models.Model]], Any] = {}


def _hold_rows(*worlds: World) -> None:
    _HELD.clear()
    for world in worlds:
        with world.scope():
            for model in TENANT_MODELS:
                _HELD[(world.organization.pk, model)] = model._default_manager.order_by("pk").first()


CALL = ActivityDraft(type="PHONE_CALL", description="Stolen")
MAIL = CommunicationDraft(kind="email", direction="inbound", subject="Stolen")
STOLEN = ContactDraft(notes="Stolen", first_name="Stolen")

READS: dict[str, Attack] = {
    "a contact by key": lambda we, they: list(Contact.objects.filter(pk=they.contact.pk)),
    "a contact by UUID": lambda we, they: list(Contact.objects.filter(uuid=they.contact.uuid)),
    "a contact by number and organization": lambda we, they: list(
        Contact.objects.filter(organization=they.organization, number=they.contact.number)
    ),
    "a contact by Winnerr's id": lambda we, they: list(Contact.objects.with_winnerr_id(they.contact.winnerr_id)),
    "contacts by text": lambda we, they: list(Contact.objects.filter(search_text__contains=they.canary)),
    "contacts by the assigned member": lambda we, they: list(Contact.objects.filter(assigned_to=they.agent)),
    "contacts by a joined name": lambda we, they: list(Contact.objects.filter(assigned_to__last_name=they.canary)),
    "contacts by a tag": lambda we, they: list(Contact.objects.filter(tagged__tag__name__in=[f"tag {they.canary}"])),
    "contacts by an address further down": lambda we, they: list(
        Contact.objects.filter(further_emails__email__contains=they.canary)
    ),
    "contacts by subquery": lambda we, they: list(
        Contact.objects.filter(Exists(Activity.objects.filter(contact=they.contact)))
    ),
    "contacts in bulk": lambda we, they: Contact.objects.in_bulk([contact.pk for contact in they.contacts]),
    "search": lambda we, they: list(search_contacts(Contact.objects.active(), they.canary)),
    "deleted contacts": lambda we, they: list(Contact.objects.deleted().filter(pk=they.deleted.pk)),
    "counting": lambda we, they: Contact.objects.filter(organization=they.organization).count(),
    "a sum": lambda we, they: Contact.objects.filter(organization=they.organization).aggregate(
        last=models.Max("number")
    )["last"],
    "further e-mails": lambda we, they: list(they.contact.further_emails.all()),
    "further phones": lambda we, they: list(they.contact.further_phones.values_list("phone")),
    "related people": lambda we, they: list(they.contact.related_people.all()),
    "assignees": lambda we, they: list(they.contact.further_assignees.all()),
    "tags": lambda we, they: list(they.contact.tags.all()),
    "tag rows": lambda we, they: list(TaggedContact.objects.filter(tag__name=f"tag {they.canary}")),
    "all children": lambda we, they: [
        rows for rows in read_children([they.contact.pk], KINDS)[they.contact.pk].rows.values() if rows
    ],
    "the history": lambda we, they: list(they.contact.changes.all()),
    "the history by text": lambda we, they: list(ContactChange.objects.filter(after__notes=f"Likes {they.canary}.")),
    "activities": lambda we, they: list(they.contact.activities.all()),
    "communications": lambda we, they: list(Communication.objects.filter(body__contains=they.canary)),
    "conversations": lambda we, they: list(Conversation.objects.filter(contact=they.contact)),
    "deals": lambda we, they: list(Deal.objects.filter(title__contains=they.canary)),
    "members": lambda we, they: list(Member.objects.filter(user__email=f"owner@{they.organization.slug}.example")),
    "credentials": lambda we, they: list(Credential.objects.filter(digest=_held(they, Credential).digest)),
    "refresh tokens": lambda we, they: list(RefreshToken.objects.filter(digest=_held(they, RefreshToken).digest)),
    "invitations": lambda we, they: list(Invitation.objects.filter(uuid=_held(they, Invitation).uuid)),
    "sources": lambda we, they: list(Source.objects.filter(name__contains=they.canary)),
    "the organization": lambda we, they: list(Organization.objects.filter(slug=they.organization.slug)),
    "a fresh look at a row in hand": lambda we, they: _refreshed(they.contact),
    "the member a row in hand refers to": lambda we, they: Contact(assigned_to_id=they.agent.pk).assigned_to,
}

WRITES: dict[str, Attack] = {
    "update": lambda we, they: contact_services.update_contact(they.contact, STOLEN, actor=we.actor()),
    "update many": lambda we, they: contact_services.update_contacts(
        [contact.pk for contact in they.contacts], STOLEN, actor=we.actor()
    ),
    "delete": lambda we, they: contact_services.delete_contact(they.contact, actor=we.actor()),
    "delete many": lambda we, they: contact_services.delete_contacts(
        [contact.pk for contact in they.contacts], actor=we.actor()
    ),
    "restore": lambda we, they: contact_services.restore_contact(they.deleted, actor=we.actor()),
    "tag": lambda we, they: tag_contacts([they.contact.pk], "stolen", actor=we.actor()),
    "assign a contact to their member": lambda we, they: contact_services.update_contact(
        we.contact, ContactDraft(assigned_to=they.viewer.pk), actor=we.actor()
    ),
    "share a contact with their member": lambda we, they: contact_services.update_contact(
        we.contact, ContactDraft(further_assignees=(they.viewer.pk,)), actor=we.actor()
    ),
    "create a contact for their member": lambda we, they: contact_services.create_contact(
        ContactDraft(full_name="Stolen", assigned_to=they.agent.pk), actor=we.actor()
    ),
    "record an activity": lambda we, they: activity_services.record_activity(they.contact, CALL, actor=we.actor()),
    "record an activity of their member": lambda we, they: activity_services.record_activity(
        we.contact, ActivityDraft(type="NOTE", member=they.agent.pk), actor=we.actor()
    ),
    "record a message": lambda we, they: activity_services.record_communication(they.contact, MAIL, actor=we.actor()),
    "open a deal": lambda we, they: activity_services.create_deal(
        they.contact, DealDraft(title="Stolen"), actor=we.actor()
    ),
    "open a deal for their member": lambda we, they: activity_services.create_deal(
        we.contact, DealDraft(title="Stolen", assigned_to=they.agent.pk), actor=we.actor()
    ),
    "open a deal with their member in the team": lambda we, they: activity_services.create_deal(
        we.contact,
        DealDraft(title="Stolen", team_members=(TeamMemberDraft(member_id=they.agent.pk),)),
        actor=we.actor(),
    ),
    "change a deal": lambda we, they: activity_services.update_deal(
        _held(they, Deal), DealDraft(title="Stolen"), actor=we.actor()
    ),
    "delete a deal": lambda we, they: activity_services.delete_deal(_held(they, Deal), actor=we.actor()),
    "rename a tag": lambda we, they: rename_tag(_held(they, Tag), "stolen", actor=we.actor()),
    "recolour a tag": lambda we, they: recolour_tag(_held(they, Tag), "#000000", actor=we.actor()),
    "delete a tag": lambda we, they: delete_tag(_held(they, Tag), actor=we.actor()),
    "rename a source": lambda we, they: rename_source(_held(they, Source), "stolen", actor=we.actor()),
    "delete a source": lambda we, they: delete_source(_held(they, Source), actor=we.actor()),
    "raise a role": lambda we, they: account_services.change_role(they.viewer, "admin", actor=we.actor()),
    "shut a member out": lambda we, they: account_services.deactivate_member(they.agent, actor=we.actor()),
    "revoke a credential": lambda we, they: account_services.revoke_credential(
        _held(they, Credential), actor=we.actor()
    ),
    "issue a token for their member": lambda we, they: account_services.issue_token(
        they.agent, name="Stolen", lifetime=timedelta(hours=1), actor=we.actor()
    ),
    "issue a key for their member": lambda we, they: account_services.issue_key(
        they.agent, wire=WireName.RENTALOT, name="Stolen", actor=we.actor()
    ),
    "open a session as their owner": lambda we, they: account_services.open_session(they.owner),
    "save a row in hand": lambda we, they: _saved(_changed(they.contact, notes="Stolen")),
    "save a copy of a row in hand": lambda we, they: _saved(
        Contact(pk=they.contact.pk, number=they.contact.number, notes="Stolen")
    ),
    "delete a row in hand": lambda we, they: _held(they, ContactPhone).delete()[0],
    "delete a row made up around a key": lambda we, they: ContactPhone(pk=_held(they, ContactPhone).pk).delete()[0],
    "update by key": lambda we, they: Contact.objects.filter(pk=they.contact.pk).update(notes="Stolen"),
    "update everything": lambda we, they: Source.objects.filter(organization=they.organization).update(name="Stolen"),
    "update in bulk": lambda we, they: Contact.objects.bulk_update([_changed(they.contact, notes="Stolen")], ["notes"]),
    "delete by key": lambda we, they: ContactPhone.objects.filter(contact=they.contact).delete()[0],
    "add a row of theirs": lambda we, they: ContactPhone.objects.create(
        organization=they.organization, contact=they.contact, phone="+1 555 000 0000"
    ),
    "add a row to theirs": lambda we, they: ContactPhone.objects.create(contact=they.contact, phone="+1 555 000 0000"),
    "add through a relation": lambda we, they: they.contact.further_phones.create(phone="+1 555 000 0000"),
    "overwrite by upsert": lambda we, they: Source.objects.bulk_create(
        [Source(pk=_held(they, Source).pk, number=1, name="Stolen")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name"],
    ),
}
ATTACKS = READS | WRITES
# Refused for everybody, so that south may not do it either.
REFUSED_TO_ALL = {"overwrite by upsert"}


def _changed(contact: Contact, **values: Any) -> Contact:
    for name, value in values.items():
        setattr(contact, name, value)
    return contact


def _saved(row: Contact) -> Contact:
    row.save()
    return row


def _refreshed(row: Contact) -> Contact:
    row.refresh_from_db()
    return row


REFUSALS = (DomainError, TenantError, ObjectDoesNotExist, ValidationError, DatabaseError)


def attempt(attack: Attack, attacker: World, victim: World) -> Any:
    """What the attacker gets, None when refused."""
    try:
        with attacker.scope() as scope:
            scope.begin(write=True)
            gained = attack(attacker, victim)
            # As at the end of a request, which in most tests here is inside the test's own transaction.
            connection.check_constraints()
            return gained
    except REFUSALS:
        return None


def facts_of(world: World) -> Facts:
    """Every row the organization has."""
    with world.scope():
        return {model._meta.label: sorted(_rows(model), key=repr) for model in FENCED}


def _rows(model: type[models.Model]) -> list[tuple[Any, ...]]:
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in ("last_used_at",)]
    return list(model._default_manager.values_list(*columns))


def crossings_of(world: World) -> list[str]:
    """References from the organization's rows to rows it does not have."""
    with world.scope():
        keys: dict[Any, set[int]] = {
            model: set(model._default_manager.values_list("pk", flat=True)) for model in TENANT_MODELS
        }
        return [
            f"{model._meta.label}.{field.name}"
            for model, field in REFERENCES
            if set(model._default_manager.values_list(field.attname, flat=True)) - keys[field.related_model] - {None}
        ]


@pytest.fixture(
    params=[
        "both walls",
        pytest.param("row-level security alone", marks=pytest.mark.postgresql),
    ]
)
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, north: World, south: World) -> str:
    """Which walls stand. The first one is taken away as a whole: no filter, and no look at rows that are written."""
    _hold_rows(north, south)
    if request.param == "row-level security alone":
        take_away_the_first_wall(monkeypatch)
    return str(request.param)


def take_away_the_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    def claim_unchecked(row: models.Model) -> None:
        if getattr(row, "organization_id", 0) is None:
            row.organization_id = current_organization_id()  # type: ignore[attr-defined]  # a tenant row

    monkeypatch.setattr(BaseTenantManager, "get_queryset", models.Manager.get_queryset)
    monkeypatch.setattr(tenancy, "claim", claim_unchecked)
    # Neither are statements that were prepared behind the wall used, nor those prepared without it kept.
    monkeypatch.setattr(prepared, "_statement", lambda make, vendor, *arguments: make(*arguments))


@pytest.fixture
def row_security_off(transactional_db: None, north: World, south: World, postgresql_server: Server) -> Iterator[None]:
    """Everything runs as the owner role, for which row-level security does not hold."""
    _hold_rows(north, south)
    connection.close()
    connection.settings_dict.update(postgresql_server.owner.settings())
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(postgresql_server.application.settings())


def violations_of(name: str, north: World, south: World) -> list[str]:
    before = facts_of(south)
    gained = attempt(ATTACKS[name], north, south)
    after = facts_of(south)
    changed = [f"{name}: changed {label}" for label in before if before[label] != after[label]]
    crossed = [f"{name}: refers across by {reference}" for reference in crossings_of(north)]
    return changed + crossed + ([f"{name}: got {gained!r}"] if gained else [])


@pytest.mark.parametrize("name", ATTACKS)
def test_a_stranger_gets_and_changes_nothing(walls: str, north: World, south: World, name: str):
    assert violations_of(name, north, south) == []


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in REFUSED_TO_ALL])
def test_the_same_attack_works_on_ones_own_rows(north: World, south: World, name: str):
    _hold_rows(north, south)
    before = facts_of(south)
    assert attempt(ATTACKS[name], south, south) or facts_of(south) != before


@pytest.mark.postgresql
def test_a_stranger_gets_and_changes_nothing_with_row_level_security_off(
    row_security_off: None, north: World, south: World
):
    assert [violation for name in ATTACKS for violation in violations_of(name, north, south)] == []


@pytest.mark.postgresql
def test_with_both_walls_taken_away_the_attacks_do_find_something(
    row_security_off: None, north: World, south: World, monkeypatch: pytest.MonkeyPatch
):
    """The control of the controls: it is the walls that hold, not the attacks that are weak."""
    take_away_the_first_wall(monkeypatch)
    assert {name for name in READS if attempt(READS[name], north, south)} >= {
        "a contact by key",
        "contacts by text",
        "the history",
        "credentials",
    }
