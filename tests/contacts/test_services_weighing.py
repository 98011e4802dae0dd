"""Changing the weights of a lead's facts, and all scores following in the background."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.exceptions import Forbidden, Invalid
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange, ContactPhone, Rescore, ScoringWeights
from contacts.scoring import DEFAULT_WEIGHTS, Weights
from contacts.services import background_rescoring, change_weights, create_contacts, delete_contact, rescore_all
from contacts.services.background_rescoring import rescore_slice
from contacts.services.rescoring import rescore_contacts
from contacts.services.scoring_facts import score_of
from tests.contracts.conftest import at_once
from tests.jobs import work
from tests.worlds import World


def weigh(world: World, **weights: Any) -> Rescore | None:
    with world.scope():
        return change_weights(weights, actor=world.actor())


def newest(world: World) -> Rescore:
    with world.scope():
        return Rescore.objects.all()[0]


def scores(world: World) -> dict[int, int]:
    with world.scope():
        return dict(Contact.objects.active().values_list("pk", "lead_score"))


def scores_from_scratch(world: World, weights: Weights) -> dict[int, int]:
    with world.scope():
        phones = set(ContactPhone.objects.values_list("contact_id", flat=True))
        return {
            contact.pk: score_of(contact, weights, has_secondary_phone=contact.pk in phones).total
            for contact in Contact.objects.active()
        }


def arguments() -> list[Any]:
    return [job.args_kwargs for job in DBTaskResult.objects.order_by("enqueued_at")]


# What is stored.


def test_only_what_differs_from_the_defaults_is_stored(north: World, south: World):
    weigh(north, email=30, phone=10, notes=0, address=None)
    with north.scope():
        assert ScoringWeights.objects.get().overrides == {"email": 30, "notes": 0}
    weigh(north, notes=0)
    with north.scope():
        assert ScoringWeights.objects.get().overrides == {"notes": 0}
    with south.scope():
        assert ScoringWeights.objects.get().overrides == {}
        assert Rescore.objects.count() == 1


def test_who_changed_what_stays_on_record(north: World):
    weigh(north, email=30)
    with north.scope():
        change_weights({"email": 30, "notes": 1}, actor=north.actor(north.admin))
        told = Rescore.objects.values_list("actor_label", "member_id", "overrides_before", "overrides")[:2]
        assert list(told) == [
            (north.admin.full_name, north.admin.pk, {"email": 30}, {"email": 30, "notes": 1}),
            (north.owner.full_name, north.owner.pk, {}, {"email": 30}),
        ]


def test_an_organization_that_never_had_weights_gets_some(north: World):
    with north.scope():
        ScoringWeights.objects.all().delete()
    assert weigh(north, email=1) is not None
    with north.scope():
        assert ScoringWeights.objects.get().overrides == {"email": 1}


def test_the_same_weights_again_ask_for_nothing(north: World):
    weigh(north, email=30)
    assert weigh(north, email=30, phone=DEFAULT_WEIGHTS.phone) is None
    assert DBTaskResult.objects.count() == 1


def test_every_fault_is_told_at_once(north: World):
    with north.scope(), pytest.raises(Invalid) as refused:
        change_weights(
            {"email": -1, "phone": 101, "fax": 1, "notes": "5", "address": True, "assigned": 2.0, "contacted": 3},
            actor=north.actor(),
        )
    assert [(fault.field, fault.code) for fault in refused.value.errors] == [
        ("email", "out_of_range"),
        ("phone", "out_of_range"),
        ("fax", "invalid_value"),
        ("notes", "invalid_type"),
        ("address", "invalid_type"),
        ("assigned", "invalid_type"),
    ]
    assert not DBTaskResult.objects.exists()


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_may_not_manage_the_catalogue_may_not_weigh(north: World, role: str):
    with north.scope():
        actor = north.actor(getattr(north, role))
        with pytest.raises(Forbidden):
            change_weights({"email": 1}, actor=actor)
        with pytest.raises(Forbidden):
            rescore_all(actor=actor)


# Scores follow.


def test_a_job_carries_ids_and_nothing_else(north: World):
    rescore = weigh(north, email=30)
    assert rescore is not None
    assert arguments() == [{"args": [north.organization.pk, rescore.pk, 0], "kwargs": {}}]


def test_what_is_rolled_back_asks_for_nothing(north: World):
    class Regret(Exception):
        pass

    def weigh_and_regret() -> None:
        with north.scope(), transaction.atomic():
            change_weights({"email": 30}, actor=north.actor())
            raise Regret

    with pytest.raises(Regret):
        weigh_and_regret()
    assert not DBTaskResult.objects.exists()
    assert newest(north).finished_at is not None


def test_all_scores_follow_and_every_change_is_recorded(north: World, south: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(background_rescoring, "SLICE", 2)
    # Brings everybody in step first: some were made before they were assigned.
    with north.scope():
        rescore_all(actor=north.actor())
    work()
    before, untouched = scores(north), scores(south)
    with north.scope():
        rows = dict(Contact.objects.values_list("pk", "version"))
        times = dict(Contact.objects.values_list("pk", "updated_at"))

    weigh(north, email=30)
    work()

    weights = Weights.from_overrides({"email": 30})
    assert scores(north) == scores_from_scratch(north, weights)
    assert scores(south) == untouched
    moved = {pk for pk, score in scores(north).items() if score != before[pk]}
    assert moved
    done = newest(north)
    assert (done.total, done.done, done.changed, done.is_open) == (6, 6, len(moved), False)
    with north.scope():
        versions = dict(Contact.objects.values_list("pk", "version"))
        assert {pk for pk in rows if versions[pk] != rows[pk]} == moved
        assert dict(Contact.objects.values_list("pk", "updated_at")) == times
        recorded = ContactChange.objects.filter(actor_label="Lead scoring", created_at__gte=done.requested_at)
        assert sorted(recorded.values_list("contact_id", flat=True)) == sorted(moved)
        assert set(recorded.values_list("door", "member_id")) == {("system", north.owner.pk)}
        assert all(change.after == {"lead_score": scores(north)[change.contact_id]} for change in recorded)


def test_a_deleted_contact_keeps_its_score(north: World):
    weigh(north, email=77)
    work()
    with north.scope():
        assert Contact.objects.get(pk=north.deleted.pk).lead_score == north.deleted.lead_score


def test_an_organization_without_contacts_is_done_at_once(north: World):
    with north.scope():
        for contact in north.contacts:
            delete_contact(contact, actor=north.actor())
    weigh(north, email=30)
    work()
    done = newest(north)
    assert (done.total, done.done, done.changed, done.is_open) == (0, 0, 0, False)


def test_other_weights_in_the_middle_begin_anew(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(background_rescoring, "SLICE", 2)
    first = weigh(north, email=30)
    assert first is not None
    rescore_slice.func(north.organization.pk, first.pk, 0)
    assert newest(north).done == 2

    weigh(north, email=5)
    work()

    assert scores(north) == scores_from_scratch(north, Weights.from_overrides({"email": 5}))
    with north.scope():
        first.refresh_from_db()
        assert (first.done, first.finished_at, first.superseded_at is None) == (2, None, False)
        assert not Rescore.objects.filter(finished_at=None, superseded_at=None).exists()


def test_a_job_that_runs_twice_does_its_work_once(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(background_rescoring, "SLICE", 2)
    rescore = weigh(north, email=30)
    assert rescore is not None
    for _ in range(3):
        rescore_slice.func(north.organization.pk, rescore.pk, 0)
    assert newest(north).done == 2
    # The one stored with the change, and one that follows: no second chain.
    assert len(arguments()) == 2
    work()
    assert (newest(north).done, newest(north).is_open) == (6, False)


def test_a_slice_that_was_overtaken_leaves_nothing_behind(north: World, monkeypatch: pytest.MonkeyPatch):
    rescore = weigh(north, email=30)
    assert rescore is not None
    before = scores(north)

    def overtaken(**arguments: Any) -> Any:
        batch = rescore_contacts(**arguments)
        Rescore.objects.filter(pk=rescore.pk).update(superseded_at=timezone.now())
        return batch

    monkeypatch.setattr(background_rescoring, "rescore_contacts", overtaken)
    rescore_slice.func(north.organization.pk, rescore.pk, 0)
    assert scores(north) == before
    assert len(arguments()) == 1


def test_an_organization_s_job_cannot_reach_another_s_pass(north: World, south: World):
    rescore = weigh(north, email=30)
    assert rescore is not None
    rescore_slice.func(south.organization.pk, rescore.pk, 0)
    assert newest(north).done == 0


def test_the_command_does_at_once_what_waits_for_a_worker(north: World):
    weigh(north, email=30)
    call_command("rescore_contacts", "--organization", "north")
    done = newest(north)
    assert (done.total, done.done, done.is_open) == (6, 6, False)
    assert scores(north) == scores_from_scratch(north, Weights.from_overrides({"email": 30}))
    work()
    assert newest(north).moved_at == done.moved_at


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_once_one_has_the_last_word(north: World, south: World):
    with north.scope():
        ScoringWeights.objects.all().delete()

    def save(points: int) -> None:
        with north.scope():
            change_weights({"email": points}, actor=north.actor())

    at_once([lambda points=points: save(points) for points in range(20, 26)])  # type: ignore[misc]  # bound as a default
    with north.scope():
        overrides = ScoringWeights.objects.get().overrides
        assert Rescore.objects.filter(finished_at=None, superseded_at=None).count() == 1
        assert newest(north).overrides == overrides
    work()
    assert scores(north) == scores_from_scratch(north, Weights.from_overrides(overrides))


@pytest.mark.django_db(transaction=True)
def test_several_workers_do_everything_once(north: World, south: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(background_rescoring, "SLICE", 5)
    with north.scope():
        drafts = [ContactDraft(full_name=f"N {number}", email=f"n{number}@example.com") for number in range(60)]
        for _ in create_contacts(drafts, actor=north.actor()):
            pass
    rescore = weigh(north, email=31)
    assert rescore is not None

    def step() -> None:
        # What a worker does with the next job, as often as there may be one.
        for _ in range(30):
            with north.scope():
                position = Rescore.objects.get(pk=rescore.pk).position
            rescore_slice.func(north.organization.pk, rescore.pk, position)

    at_once([step, step])
    done = newest(north)
    assert (done.total, done.done, done.is_open) == (66, 66, False)
    assert scores(north) == scores_from_scratch(north, Weights.from_overrides({"email": 31}))
    with north.scope():
        recorded = ContactChange.objects.filter(actor_label="Lead scoring").values_list("contact_id", flat=True)
        assert len(recorded) == len(set(recorded)) == done.changed
