"""What the verbs of the address book write beside the contact: changes, events, versions; and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor, ActorKind, Door
from accounts.exceptions import Forbidden, Invalid
from accounts.identifiers import uuid7
from accounts.roles import Role
from contacts import events, services
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.exceptions import ContactNotFound, DuplicateContact
from contacts.models import Contact, ContactChange
from tests.worlds import World

SIGNALS = {
    "created": events.contacts_created,
    "updated": events.contacts_updated,
    "deleted": events.contacts_deleted,
    "restored": events.contacts_restored,
}
PROGRAM = Actor(
    kind=ActorKind.CREDENTIAL,
    door=Door.WINNERR,
    label="Ann (Program)",
    role=Role.AGENT,
    member_id=7,
    credential_id=8,
    request_id="request-1",
)


@contextmanager
def heard() -> Iterator[list[tuple[str, events.ContactsChanged]]]:
    """What was published meanwhile, in order."""
    found: list[tuple[str, events.ContactsChanged]] = []
    receivers = {}
    for name, signal in SIGNALS.items():

        def receive(sender: Any, event: events.ContactsChanged, name: str = name, **facts: Any) -> None:
            found.append((name, event))

        receivers[name] = receive
        signal.connect(receive)
    try:
        yield found
    finally:
        for name, signal in SIGNALS.items():
            signal.disconnect(receivers[name])


@pytest.fixture
def scoped(north: World) -> Iterator[World]:
    with north.scope():
        yield north


def last_change(contact: Contact) -> ContactChange:
    change = ContactChange.objects.filter(contact=contact).first()
    assert change is not None
    return change


def test_a_creation_records_what_it_said(scoped: World):
    actor = Actor(**{**PROGRAM.__dict__, "member_id": scoped.agent.pk})
    draft = ContactDraft(
        full_name="Ann Lee",
        email="ann@example.com",
        secondary_phone="555 0001",
        tags=("b", "a"),
        further_emails=(EmailDraft(email="lee@example.com", label="home"),),
        assigned_to=scoped.agent.pk,
    )
    with heard() as published:
        contact = services.create_contact(draft, actor=actor)

    change = last_change(contact)
    assert (change.verb, change.actor_kind, change.actor_label, change.door) == (
        "created",
        "credential",
        "Ann (Program)",
        "winnerr",
    )
    assert (change.member_id, change.credential_id, change.request_id) == (scoped.agent.pk, 8, "request-1")
    assert change.before == {}
    assert change.after == {
        "first_name": "Ann",
        "last_name": "Lee",
        "full_name": "Ann Lee",
        "email": "ann@example.com",
        "type": "LEAD",
        "status": "ACTIVE",
        "stage": "prospect",
        "role": "prospect",
        "language": "en",
        "lead_score": 20,
        "assigned_to_id": scoped.agent.pk,
        "tags": ["b", "a"],
        "further_emails": [{"email": "lee@example.com", "label": "home", "note": ""}],
        "further_phones": [{"phone": "555 0001", "label": "", "note": ""}],
    }
    assert contact.created_by_id == scoped.agent.pk
    assert published == [
        (
            "created",
            events.ContactsChanged(operation=change.operation, contact_ids=frozenset({contact.pk}), actor=actor),
        )
    ]


def test_an_update_records_before_and_after_of_what_changed_only(scoped: World):
    contact = scoped.contact
    with heard() as published:
        services.update_contact(
            contact, ContactDraft(notes="New", city=contact.city, tags=("vip",), type="CLIENT"), actor=scoped.actor()
        )

    change = last_change(contact)
    assert (change.verb, change.door, change.member_id) == ("updated", "admin", scoped.owner.pk)
    assert change.before == {
        "notes": f"Likes {scoped.canary}.",
        "tags": ["vip", f"tag {scoped.canary}"],
        "type": "LEAD",
    }
    assert change.after == {"notes": "New", "tags": ["vip"], "type": "CLIENT"}
    ((name, event),) = published
    assert (name, event.operation, event.contact_ids) == ("updated", change.operation, frozenset({contact.pk}))
    assert event.fields == {"notes", "tags", "type"}


def test_an_update_that_says_nothing_new_says_nothing(scoped: World):
    before = ContactChange.objects.count()
    with heard() as published:
        services.update_contact(scoped.contact, ContactDraft(notes=scoped.contact.notes), actor=scoped.actor())
        services.update_contacts([c.pk for c in scoped.contacts], ContactDraft(), actor=scoped.actor())
        services.update_contacts([], ContactDraft(notes="x"), actor=scoped.actor())

    assert published == []
    assert ContactChange.objects.count() == before


def test_one_operation_for_many(scoped: World):
    ids = frozenset(contact.pk for contact in scoped.contacts)
    with heard() as published:
        found = services.update_contacts(ids, ContactDraft(source="expo"), actor=scoped.actor())

    assert found.keys() == ids
    ((name, event),) = published
    changes = ContactChange.objects.filter(operation=event.operation)
    assert (name, event.contact_ids) == ("updated", ids)
    assert {change.contact_id for change in changes} == ids
    assert set(Contact.objects.active().values_list("source", flat=True)) == {"expo"}


def test_only_those_that_change_are_part_of_the_operation(scoped: World):
    services.update_contact(scoped.contacts[0], ContactDraft(source="expo"), actor=scoped.actor())
    versions = dict(Contact.objects.values_list("pk", "version"))
    with heard() as published:
        services.update_contacts([c.pk for c in scoped.contacts[:3]], ContactDraft(source="expo"), actor=scoped.actor())

    ((_, event),) = published
    assert event.contact_ids == {contact.pk for contact in scoped.contacts[1:3]}
    moved = {pk for pk, version in Contact.objects.values_list("pk", "version") if version != versions[pk]}
    assert moved == event.contact_ids


def test_deleting_and_restoring_are_recorded(scoped: World):
    contact = Contact.objects.get(pk=scoped.contact.pk)
    with heard() as published:
        services.delete_contact(contact, actor=scoped.actor())
        deleted = last_change(contact)
        restored = services.restore_contact(contact, actor=scoped.actor(scoped.agent))
        back = last_change(contact)

    assert (deleted.verb, deleted.before, deleted.member_id) == ("deleted", {"deleted_at": None}, scoped.owner.pk)
    assert datetime.fromisoformat(deleted.after["deleted_at"]).tzinfo is not None
    assert (back.verb, back.after, back.member_id) == ("restored", {"deleted_at": None}, scoped.agent.pk)
    assert back.before == deleted.after
    assert [(name, event.operation) for name, event in published] == [
        ("deleted", deleted.operation),
        ("restored", back.operation),
    ]
    assert (restored.version, restored.is_live) == (contact.version + 2, True)


def test_what_is_gone_cannot_be_changed_deleted_or_restored_twice(scoped: World, south: World):
    actor = scoped.actor()
    with pytest.raises(ContactNotFound):
        services.update_contact(scoped.deleted, ContactDraft(notes="x"), actor=actor)
    with pytest.raises(ContactNotFound):
        services.delete_contact(scoped.deleted, actor=actor)
    with pytest.raises(ContactNotFound):
        services.restore_contact(scoped.contact, actor=actor)
    stranger = south.contact
    for verb in (
        lambda: services.update_contact(stranger, ContactDraft(notes="x"), actor=actor),
        lambda: services.delete_contact(stranger, actor=actor),
        lambda: services.restore_contact(south.deleted, actor=actor),
    ):
        with pytest.raises(ContactNotFound):
            verb()
    assert services.update_contacts([stranger.pk], ContactDraft(notes="x"), actor=actor) == {}
    assert services.delete_contacts([stranger.pk, scoped.contact.pk], actor=actor) == [scoped.contact.pk]


def test_a_narrowed_actor_reaches_only_their_own(scoped: World):
    narrowed = Actor(**{**scoped.actor(scoped.agent).__dict__, "sees_all_contacts": False})
    ids = [contact.pk for contact in scoped.contacts]

    assert services.update_contacts(ids, ContactDraft(notes="x"), actor=narrowed).keys() == set(ids[:2])
    assert services.delete_contacts(ids, actor=narrowed) == ids[:2]
    with pytest.raises(ContactNotFound):
        services.update_contact(scoped.contacts[2], ContactDraft(notes="x"), actor=narrowed)
    kept = services.create_contact(ContactDraft(full_name="Their own"), actor=narrowed)
    given = services.create_contact(ContactDraft(full_name="Given", assigned_to=scoped.owner.pk), actor=narrowed)
    assert (kept.assigned_to_id, given.assigned_to_id) == (scoped.agent.pk, scoped.owner.pk)


def test_a_viewer_writes_nothing(scoped: World):
    viewer = scoped.actor(scoped.viewer)
    contact = scoped.contact
    before = (Contact.objects.count(), ContactChange.objects.count())
    for verb in (
        lambda: services.create_contact(ContactDraft(), actor=viewer),
        lambda: services.update_contact(contact, ContactDraft(notes="x"), actor=viewer),
        lambda: services.delete_contact(contact, actor=viewer),
        lambda: services.restore_contact(scoped.deleted, actor=viewer),
        lambda: services.touch_last_contacted({contact.pk: datetime.now(UTC)}, actor=viewer),
    ):
        with pytest.raises(Forbidden):
            verb()
    assert (Contact.objects.count(), ContactChange.objects.count()) == before


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (ContactDraft(email="no"), ["email"]),
        (ContactDraft(first_name="x" * 201, city="y" * 201, type="lead"), ["first_name", "city", "type"]),
        (ContactDraft(notes="a\x00b"), ["notes"]),
        (ContactDraft(company_name="\ud800"), ["company_name"]),
        (ContactDraft(tags=("", "x" * 51)), ["tags.0", "tags.1"]),
        (ContactDraft(further_emails=(EmailDraft(email="no"),)), ["further_emails.0.email"]),
        (ContactDraft(further_phones=(PhoneDraft(phone=""),)), ["further_phones.0.phone"]),
        (ContactDraft(related_people=(RelatedPersonDraft(email="no"),)), ["related_people.0.email"]),
        (ContactDraft(further_phones=tuple(PhoneDraft(phone="1") for _ in range(51))), ["further_phones"]),
        (ContactDraft(preferences=PreferencesDraft(locations=("x" * 201,))), ["preferences.locations.0"]),
        (
            ContactDraft(preferences=PreferencesDraft(price_range=PriceRange(min=float("nan")))),
            ["preferences.price_range.min"],
        ),
        (
            ContactDraft(preferences=PreferencesDraft(price_range=PriceRange(max=float("inf")))),
            ["preferences.price_range.max"],
        ),
        (
            ContactDraft(preferences=PreferencesDraft(price_range=PriceRange(min=2, max=1))),
            ["preferences.price_range.max"],
        ),
        (ContactDraft(assigned_to=-1), ["assigned_to"]),
        (ContactDraft(further_assignees=(-1,)), ["further_assignees.0"]),
        (ContactDraft(winnerr_key="contact_1\r\nX-Injected: 1"), ["winnerr_key"]),
        (ContactDraft(winnerr_key="contact/1"), ["winnerr_key"]),
        (ContactDraft(winnerr_key="tags"), ["winnerr_key"]),
    ],
)
def test_what_no_contact_can_be_is_refused_by_every_verb(scoped: World, draft: ContactDraft, fields: list[str]):
    with pytest.raises(Invalid) as caught:
        services.create_contact(draft, actor=scoped.actor())
    assert [fault.field for fault in caught.value.errors] == fields
    with pytest.raises(Invalid):
        services.update_contact(scoped.contact, draft, actor=scoped.actor())


def test_a_stranger_s_member_is_nobody(scoped: World, south: World):
    for draft in (
        ContactDraft(assigned_to=south.agent.pk),
        ContactDraft(further_assignees=(scoped.agent.pk, south.agent.pk)),
    ):
        with pytest.raises(Invalid):
            services.create_contact(draft, actor=scoped.actor())
        with pytest.raises(Invalid):
            services.update_contact(scoped.contact, draft, actor=scoped.actor())


def test_many_at_once_cannot_be_given_one_address(scoped: World):
    before = dict(Contact.objects.values_list("pk", "email"))

    with pytest.raises(DuplicateContact):
        services.update_contacts(
            [c.pk for c in scoped.contacts], ContactDraft(email="one@example.com"), actor=scoped.actor()
        )

    assert dict(Contact.objects.values_list("pk", "email")) == before


def test_a_chunk_is_stored_whole_or_not_at_all(scoped: World):
    before = (Contact.objects.count(), ContactChange.objects.count())
    drafts = [ContactDraft(full_name=f"N {number}", email=f"n{number}@example.com") for number in range(5)]
    for bad, error in (
        (ContactDraft(email="JANE@example.com"), DuplicateContact),
        (ContactDraft(email="N3@example.com"), DuplicateContact),
        (ContactDraft(email="no"), Invalid),
    ):
        with heard() as published, pytest.raises(error):
            list(services.create_contacts([*drafts, bad], actor=scoped.actor()))
        assert published == []
        assert (Contact.objects.count(), ContactChange.objects.count()) == before


def test_speaking_to_somebody_moves_the_moment_forward_only(scoped: World):
    contact = scoped.contacts[2]
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    actor = scoped.actor()

    assert services.touch_last_contacted({contact.pk: later}, actor=actor) == [contact.pk]
    assert services.touch_last_contacted({contact.pk: first}, actor=actor) == []
    assert services.touch_last_contacted({contact.pk: datetime(9999, 1, 1, tzinfo=UTC)}, actor=actor) == []
    assert services.touch_last_contacted({scoped.deleted.pk: later}, actor=actor) == []

    fresh = Contact.objects.get(pk=contact.pk)
    assert (fresh.last_contacted_at, fresh.version) == (later, contact.version + 1)
    assert fresh.updated_at == contact.updated_at


def statements(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


def test_the_cost_of_a_write_does_not_grow_with_rows(scoped: World):
    actor = scoped.actor()

    def drafts(count: int, tags: tuple[str, ...]) -> list[ContactDraft]:
        return [
            ContactDraft(full_name="A B", email=f"{uuid7()}@example.com", tags=tags, secondary_phone="555 0001")
            for _ in range(count)
        ]

    def create(count: int) -> list[int]:
        return [
            contact.pk for chunk in services.create_contacts(drafts(count, ("vip",)), actor=actor) for contact in chunk
        ]

    one, hundred = create(1), create(100)
    change = ContactDraft(source="expo", tags=("vip", "buyer"), secondary_phone="555 0002", assigned_to=scoped.agent.pk)
    services.update_contacts(hundred[:1], change, actor=actor)
    costs = {
        "create": (statements(lambda: create(1)), statements(lambda: create(100))),
        "update": (
            statements(lambda: services.update_contacts(one, change, actor=actor, score=True)),
            statements(lambda: services.update_contacts(hundred[1:], change, actor=actor, score=True)),
        ),
        "update nothing": (
            statements(lambda: services.update_contacts(one, change, actor=actor)),
            statements(lambda: services.update_contacts(hundred, change, actor=actor)),
        ),
        "touch": (
            statements(lambda: services.touch_last_contacted({one[0]: datetime(2026, 1, 1, tzinfo=UTC)}, actor=actor)),
            statements(
                lambda: services.touch_last_contacted(
                    dict.fromkeys(hundred, datetime(2026, 1, 1, tzinfo=UTC)), actor=actor
                )
            ),
        ),
        "delete": (
            statements(lambda: services.delete_contacts(one, actor=actor)),
            statements(lambda: services.delete_contacts(hundred, actor=actor)),
        ),
    }

    assert costs == COSTS[connection.vendor]


# Statements for one row and for a hundred, savepoints included: a nested write is two of them. SQLite takes a thousand
# values in a statement, so that inserts of a hundred rows are cut in pieces there.
COSTS = {
    "sqlite": {"create": (9, 14), "update": (17, 18), "update nothing": (7, 7), "touch": (5, 6), "delete": (7, 8)},
    "postgresql": {"create": (9, 9), "update": (17, 17), "update nothing": (7, 7), "touch": (5, 5), "delete": (7, 7)},
}


@pytest.mark.parametrize(
    "draft",
    [
        ContactDraft(first_name="Same"),
        ContactDraft(preferences=PreferencesDraft(price_range=None)),
        ContactDraft(preferences=PreferencesDraft(locations=("Doral",), price_range=PriceRange(max=400_000))),
        ContactDraft(type="CLIENT", stage="applicant", assigned_to=None),
        ContactDraft(extra={"kept": [1, None]}, phone="555 0001", is_company=True, notes=""),
        ContactDraft(is_lead=False, secondary_phone="", full_name="Dr. Same"),
    ],
)
def test_one_change_to_many_is_the_same_change_to_each(scoped: World, draft: ContactDraft):
    actor = scoped.actor()
    ids = [contact.pk for contact in scoped.contacts]
    generated = ("applied_at", "converted_at", "updated_at")

    def rows() -> list[dict[str, Any]]:
        found = [dict(row) for row in Contact.objects.order_by("pk").values()]
        return [{name: bool(row[name]) if name in generated else row[name] for name in row} for row in found]

    with transaction.atomic():
        for pk in ids:
            services.update_contacts([pk], draft, actor=actor, score=True)
        one_by_one = rows()
        transaction.set_rollback(True)
    services.update_contacts(ids, draft, actor=actor, score=True)

    assert rows() == one_by_one
    assert not Contact.objects.filter(preferences__isnull=False, preferences=Value(None, JSONField())).exists()
