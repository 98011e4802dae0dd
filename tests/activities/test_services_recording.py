"""Writing down what people did with contacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.exceptions import FieldError, Forbidden, Invalid
from activities.drafts import ActivityDraft
from activities.models import Activity
from activities.services import record_activities, record_activity
from contacts.exceptions import ContactNotFound
from contacts.models import Contact, ContactChange
from contacts.services import touch_last_contacted
from tests.worlds import World

CALL = ActivityDraft(type="PHONE_CALL", description="Spoke about the garden", metadata={"duration": 900})


def quiet_contact(world: World) -> Contact:
    """One nobody has spoken to yet."""
    contact = Contact.objects.active().filter(last_contacted_at=None).first()
    assert contact is not None, world.organization
    return contact


def test_an_activity_is_kept_as_it_was_told_by_whoever_tells_it(north: World) -> None:
    with north.scope():
        contact = quiet_contact(north)
        scheduled = datetime(2030, 5, 1, 9, tzinfo=UTC)
        draft = ActivityDraft(
            type="HOUSEWARMING", description="Bring bread", metadata={"guests": [1, None, "ü"]}, scheduled_at=scheduled
        )
        activity = record_activity(contact, draft, actor=north.actor(north.agent))
        stored = Activity.objects.filter(pk=activity.pk).values(
            "contact_id", "member_id", "type", "description", "metadata", "scheduled_at"
        )
        assert stored.get() == {
            "contact_id": contact.pk,
            "member_id": north.agent.pk,
            "type": "HOUSEWARMING",
            "description": "Bring bread",
            "metadata": {"guests": [1, None, "ü"]},
            "scheduled_at": scheduled,
        }
        assert activity.winnerr_id == f"activity_{activity.uuid}"


def test_a_call_moves_the_last_contact_and_the_version_but_neither_score_nor_update_time(north: World) -> None:
    with north.scope():
        before = quiet_contact(north)
        activity = record_activity(before, CALL, actor=north.actor())
        after = Contact.objects.get(pk=before.pk)
        assert after.last_contacted_at == activity.created_at
        assert after.version == before.version + 1
        assert (after.updated_at, after.lead_score) == (before.updated_at, before.lead_score)


@pytest.mark.parametrize(
    ("kind", "in_hours", "counts"),
    [
        ("EMAIL_SENT", None, True),
        ("EMAIL_RECEIVED", None, True),
        ("PHONE_CALL", None, True),
        ("SMS_SENT", None, True),
        ("SMS_RECEIVED", None, True),
        ("MEETING", None, True),
        ("MEETING", -2, True),
        ("MEETING", 2, False),
        ("PHONE_CALL", 2, False),
        ("EMAIL_OPENED", None, False),
        ("NOTE", None, False),
        ("SHOWING", None, False),
        ("phone_call", None, False),
    ],
)
def test_only_a_word_with_the_contact_that_has_happened_counts(
    north: World, kind: str, in_hours: int | None, counts: bool
) -> None:
    scheduled = None if in_hours is None else timezone.now() + timedelta(hours=in_hours)
    with north.scope():
        contact = quiet_contact(north)
        activity = record_activity(contact, ActivityDraft(type=kind, scheduled_at=scheduled), actor=north.actor())
        contact.refresh_from_db()
        assert contact.last_contacted_at == ((scheduled or activity.created_at) if counts else None)


def test_the_last_contact_never_moves_backward_or_into_the_future(north: World) -> None:
    now = timezone.now()
    with north.scope():
        contact, actor = quiet_contact(north), north.actor()
        assert touch_last_contacted({contact.pk: now}, actor=actor) == [contact.pk]
        assert touch_last_contacted({contact.pk: now}, actor=actor) == []
        assert touch_last_contacted({contact.pk: now - timedelta(days=1)}, actor=actor) == []
        assert touch_last_contacted({contact.pk: timezone.now() + timedelta(days=1)}, actor=actor) == []
        contact.refresh_from_db()
        assert contact.last_contacted_at == now


def test_touching_leaves_the_deleted_and_the_stranger_alone(north: World, south: World) -> None:
    with north.scope():
        moments = {pk: timezone.now() for pk in (north.deleted.pk, south.contacts[2].pk)}
        assert touch_last_contacted(moments, actor=north.actor()) == []
    with south.scope():
        assert Contact.objects.get(pk=south.contacts[2].pk).version == south.contacts[2].version


def test_every_activity_leaves_a_change_that_says_who_through_which_door(north: World) -> None:
    with north.scope():
        contact = quiet_contact(north)
        actor = replace(north.actor(north.agent), request_id="request-1")
        activity = record_activity(contact, CALL, actor=actor)
        changes = ContactChange.objects.filter(contact=contact, request_id="request-1").order_by("id")
        assert [(change.member_id, change.door, change.before, change.after) for change in changes] == [
            (north.agent.pk, "admin", {}, {"activity": {"id": str(activity.uuid), "type": "PHONE_CALL"}}),
            (
                north.agent.pk,
                "admin",
                {"last_contacted_at": None},
                {"last_contacted_at": activity.created_at.isoformat()},
            ),
        ]
        assert len({change.operation for change in changes}) == 1


DEEP: dict[str, Any] = {}
for _ in range(30):
    DEEP = {"in": DEEP}


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (ActivityDraft(type=" "), FieldError("type", "required")),
        (ActivityDraft(type="x" * 51), FieldError("type", "too_long", {"maximum": 50})),
        (ActivityDraft(type="A\x00"), FieldError("type", "invalid_value")),
        (ActivityDraft(type="A", description="x" * 10_001), FieldError("description", "too_long", {"maximum": 10_000})),
        (ActivityDraft(type="A", metadata=["a"]), FieldError("metadata", "invalid_type")),  # type: ignore[arg-type]  # on purpose
        (ActivityDraft(type="A", metadata={"a": float("nan")}), FieldError("metadata", "invalid_value")),
        (ActivityDraft(type="A", metadata={"a": "\x00"}), FieldError("metadata", "invalid_value")),
        (ActivityDraft(type="A", metadata={"\ud800": 1}), FieldError("metadata", "invalid_value")),
        (ActivityDraft(type="A", metadata={"a": 10**400}), FieldError("metadata", "invalid_value")),
        (ActivityDraft(type="A", metadata={"a": datetime.now(UTC)}), FieldError("metadata", "invalid_value")),
        (
            ActivityDraft(type="A", metadata={"a": "x" * 20_000}),
            FieldError("metadata", "too_long", {"maximum": 20_000}),
        ),
        (ActivityDraft(type="A", metadata=DEEP), FieldError("metadata", "too_long", {"maximum": 20, "levels": True})),
    ],
)
def test_what_cannot_be_kept_is_refused(north: World, draft: ActivityDraft, fault: FieldError) -> None:
    with north.scope(), pytest.raises(Invalid) as refused:
        record_activity(north.contact, draft, actor=north.actor())
    assert refused.value.errors == (fault,)


def test_all_faults_are_named_at_once(north: World) -> None:
    with north.scope(), pytest.raises(Invalid) as refused:
        record_activity(north.contact, ActivityDraft(type="", description="\x00"), actor=north.actor())
    assert [error.field for error in refused.value.errors] == ["type", "description"]


def test_nothing_is_written_about_contacts_that_are_gone_foreign_or_hidden(north: World, south: World) -> None:
    narrowed = replace(north.actor(north.agent), sees_all_contacts=False)
    with north.scope():
        count = Activity.objects.count()
        for contact, actor in [
            (north.deleted, north.actor()),
            (south.contact, north.actor()),
            (north.contacts[2], narrowed),
        ]:
            with pytest.raises(ContactNotFound):
                record_activity(contact, CALL, actor=actor)
        assert Activity.objects.count() == count
        assert record_activity(north.contact, CALL, actor=narrowed).contact_id == north.contact.pk


def test_another_organizations_member_is_no_member(north: World, south: World) -> None:
    with north.scope(), pytest.raises(Invalid) as refused:
        record_activity(north.contact, replace(CALL, member=south.agent.pk), actor=north.actor())
    assert refused.value.errors == (FieldError("member", "not_found"),)


def test_viewers_write_nothing_down(north: World) -> None:
    with north.scope(), pytest.raises(Forbidden):
        record_activity(north.contact, CALL, actor=north.actor(north.viewer))


def test_one_refusal_in_a_chunk_keeps_none_of_it(north: World) -> None:
    with north.scope():
        contact = quiet_contact(north)
        count = Activity.objects.count()
        drafts = [(contact.pk, CALL), (contact.pk, ActivityDraft(type=""))]
        with pytest.raises(Invalid):
            list(record_activities(drafts, actor=north.actor()))
        assert Activity.objects.count() == count
        contact.refresh_from_db()
        assert contact.last_contacted_at is None


def test_many_activities_cost_as_many_statements_as_one(north: World, django_assert_max_num_queries: Any) -> None:
    with north.scope():
        drafts = [(contact.pk, CALL) for contact in north.contacts for _ in range(5)]
        with django_assert_max_num_queries(12):
            ((*activities,),) = record_activities(drafts, actor=north.actor())
    assert len(activities) == len(drafts)
