"""The page where an organization decides what a fact is worth, and sees its scores follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from config.dashboard.site import site
from contacts.models import Rescore, ScoringWeights
from contacts.scoring import DEFAULT_WEIGHTS
from contacts.services import change_weights
from tests.dashboard import browser_of, fields_of, text_of
from tests.jobs import work
from tests.worlds import World

LIST = "/admin/contacts/scoringweights/"
STATE = f"{LIST}state/"
NAMES = list(DEFAULT_WEIGHTS.as_dict())


@pytest.fixture
def admin(north: World) -> Client:
    return browser_of(north.admin)


def weights_of(world: World) -> ScoringWeights:
    with world.scope():
        return ScoringWeights.objects.get()


def page_of(world: World) -> str:
    return f"{LIST}{weights_of(world).pk}/change/"


def newest(world: World) -> Rescore:
    with world.scope():
        return Rescore.objects.all()[0]


def form_of(browser: Client, page: str) -> dict[str, Any]:
    fields = fields_of(browser.get(page), "scoringweights_form")
    return {name: fields[name] for name in NAMES}


def errors_of(response: Any) -> dict[str, list[str]]:
    return {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()}


# The form.


def test_the_sidebar_leads_managers_to_the_one_page(north: World, admin: Client):
    assert LIST in admin.get("/admin/").content.decode()
    response = admin.get(LIST)
    assert (response.status_code, response["Location"]) == (302, page_of(north))
    for role in ("agent", "viewer"):
        browser = browser_of(getattr(north, role))
        assert LIST not in browser.get("/admin/").content.decode()
        assert [browser.get(page).status_code for page in (LIST, page_of(north), STATE)] == [403, 403, 403]


def test_every_weight_has_a_field_and_shows_its_default(north: World, admin: Client):
    response = admin.get(page_of(north))
    assert form_of(admin, page_of(north)) == dict.fromkeys(NAMES, "")
    words = text_of(response)
    for name, points in DEFAULT_WEIGHTS.as_dict().items():
        assert f'name="{name}"' in response.content.decode()
        field = response.context["adminform"].form.fields[name]
        assert f"{field.label} Default {points}" in words
    assert "a contact about whom everything is known scores 95." in words


def test_weights_are_saved_and_the_page_shows_them(north: World, south: World, admin: Client):
    response = admin.post(page_of(north), form_of(admin, page_of(north)) | {"email": "30", "notes": "0"}, follow=True)
    words = text_of(response)
    assert "Saved. All scores are being worked out again." in words
    assert "has 110 points, of which 100 count" in words
    assert "waiting for a worker" in words
    assert f"E-mail 10 → 30, Notes 5 → 0 {north.admin.full_name}" in words
    assert weights_of(north).overrides == {"email": 30, "notes": 0}
    assert weights_of(south).overrides == {}
    assert form_of(admin, page_of(north)) == {**dict.fromkeys(NAMES, ""), "email": "30", "notes": "0"}


def test_a_cleared_field_is_the_default_again(north: World, admin: Client):
    admin.post(page_of(north), {"email": "30", "notes": "0"})
    admin.post(page_of(north), form_of(admin, page_of(north)) | {"email": ""})
    assert weights_of(north).overrides == {"notes": 0}


def test_a_form_sent_back_untouched_begins_nothing(north: World, admin: Client):
    admin.post(page_of(north), {"email": "30"})
    response = admin.post(page_of(north), form_of(admin, page_of(north)), follow=True)
    assert "These are the weights there were." in text_of(response)
    assert DBTaskResult.objects.count() == 1


def test_every_fault_is_shown_beside_its_field(north: World, admin: Client):
    response = admin.post(page_of(north), {"email": "-1", "phone": "101", "notes": "5.5", "address": "many"})
    assert response.status_code == 200
    assert errors_of(response) == {
        "email": ["Ensure this value is greater than or equal to 0."],
        "phone": ["Ensure this value is less than or equal to 100."],
        "notes": ["Enter a whole number."],
        "address": ["Enter a whole number."],
    }
    assert weights_of(north).overrides == {}
    assert not DBTaskResult.objects.exists()


def test_an_organization_without_weights_gets_the_same_page(north: World, admin: Client):
    with north.scope():
        ScoringWeights.objects.all().delete()
        Rescore.objects.all().delete()
    response = admin.get(LIST, follow=True)
    assert response.redirect_chain == [(f"{LIST}add/", 302)]
    assert "No weight was ever changed here." in text_of(response)
    admin.post(f"{LIST}add/", {"email": "30"})
    assert weights_of(north).overrides == {"email": 30}
    # From now on there is one, and no second.
    assert admin.get(f"{LIST}add/").status_code == 403


def test_another_organization_s_weights_cannot_be_reached(north: World, south: World, admin: Client):
    assert admin.get(page_of(south)).status_code == 302
    admin.post(page_of(south), {"email": "30"})
    assert weights_of(south).overrides == {}


# The scores that follow.


def test_the_page_tells_how_far_the_scores_are(north: World, admin: Client):
    admin.post(page_of(north), {"email": "30"})
    waiting = admin.get(STATE)
    assert "waiting for a worker" in text_of(waiting)
    assert "hx-get" in waiting.content.decode()
    with north.scope():
        Rescore.objects.filter(pk=newest(north).pk).update(
            total=20_000, done=5_000, changed=1_234, moved_at=timezone.now()
        )
    running = admin.get(STATE)
    assert text_of(running) == "5,000 of 20,000 contacts done, 1,234 scores changed so far."
    assert 'aria-valuenow="25"' in running.content.decode()
    assert "hx-get" in running.content.decode()


def test_the_page_tells_what_came_of_it(north: World, admin: Client):
    admin.post(page_of(north), {"email": "30"})
    work()
    done = newest(north)
    finished = admin.get(STATE)
    assert f"6 contacts looked at, {done.changed} scores changed." in text_of(finished)
    assert "hx-get" not in finished.content.decode()
    assert f": {done.changed} scores changed" in text_of(admin.get(page_of(north)))


def test_the_page_stops_asking_where_nothing_moves_and_says_whom_to_ask(north: World, admin: Client):
    admin.post(page_of(north), {"email": "30"})
    with north.scope():
        Rescore.objects.filter(pk=newest(north).pk).update(requested_at=timezone.now() - timedelta(minutes=3))
    stalled = admin.get(STATE)
    assert "nothing has moved" in text_of(stalled)
    assert "hx-get" not in stalled.content.decode()


def test_all_scores_can_be_worked_out_again_with_the_same_weights(north: World, admin: Client):
    assert admin.get(f"{LIST}rescore/").status_code == 405
    response = admin.post(f"{LIST}rescore/", follow=True)
    assert "All scores are being worked out again." in text_of(response)
    assert "Worked out again, with the same weights" in text_of(response)
    work()
    assert newest(north).finished_at is not None


def test_what_another_organization_asked_for_is_not_shown(north: World, south: World, admin: Client):
    with south.scope():
        change_weights({"email": 77}, actor=south.actor())
    assert "77" not in text_of(admin.get(page_of(north)))
    assert "waiting" not in text_of(admin.get(STATE))


def test_the_queue_has_no_page():
    assert DBTaskResult not in site._registry
