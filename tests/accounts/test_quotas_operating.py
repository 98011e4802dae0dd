"""Plans as operators set them and as owners see them."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from accounts import quotas
from accounts.actor import Actor
from accounts.models import Organization, RequestMeter, WriteMeter
from accounts.plans import limits_of
from accounts.quotas import requests_used, take_request, take_write
from accounts.services import change_plan
from tests.accounts.conftest import Operator
from tests.worlds import World

# 15 January 2027, 08:00 in UTC.
MOMENT = 1_800_000_020.5


def page_of(world: World) -> str:
    """The text of the organization's page as its owner sees it."""
    browser = Client()
    browser.force_login(world.owner.user)
    response = browser.get(f"/admin/accounts/organization/{world.organization.pk}/change/")
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", html.unescape(response.content.decode())).split())


def put_on(world: World, plan: str) -> None:
    with world.scope():
        change_plan(plan, actor=Actor.command("tests"))


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "clock", lambda: MOMENT)


@pytest.mark.django_db(transaction=True)
def test_set_plan_prints_the_organization_and_keeps_what_was_used(operator: Operator, north: World) -> None:
    with north.scope():
        take_request(limits_of("pro"))
    printed = operator.answer("set_plan", "--organization", "north", "--plan", "scale")
    assert printed == {"id": north.organization.public_id, "slug": "north", "plan": "scale"}
    with north.scope():
        assert Organization.objects.get().plan == "scale"
        assert [reading.left for reading in requests_used(limits_of("scale"))] == [599, 499_999]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("organization", "plan", "words"),
    [("nowhere", "pro", "'nowhere'"), ("north", "gold", "plan:"), ("north", "Pro", "plan:"), ("north", "", "plan:")],
)
def test_what_an_operator_mistypes_is_answered_with_one_sentence(
    operator: Operator, north: World, organization: str, plan: str, words: str
) -> None:
    assert words in operator.refusal("set_plan", "--organization", organization, "--plan", plan)
    with north.scope():
        assert Organization.objects.get().plan == "unlimited"


def test_an_owner_sees_what_is_used_of_the_plan(north: World, south: World) -> None:
    put_on(north, "pro")
    with north.scope():
        for _ in range(2):
            take_request(limits_of("pro"))
        take_write("contacts", limits_of("pro").writes["contacts"])
    with south.scope():
        take_request(limits_of("pro"))
    page = page_of(north)
    assert "2 of 50,000 today (UTC)" in page
    assert "1 of 15 this minute, 1 of 150 today (UTC), 1 of 3,000 this month (UTC)" in page


@pytest.mark.parametrize(
    ("plan", "words"), [("unlimited", ""), ("free_trial", ""), ("starter", "0 of 5,000 today (UTC)")]
)
def test_a_plan_without_quotas_has_none_to_show(north: World, plan: str, words: str) -> None:
    put_on(north, plan)
    page = page_of(north)
    assert words in page
    assert (" today (UTC)" in page) is bool(words)
    assert "created and deleted" not in page


def test_looking_at_the_page_makes_no_rows(north: World) -> None:
    put_on(north, "pro")
    with north.scope():
        RequestMeter.objects.all().delete()
        WriteMeter.objects.all().delete()
    assert "0 of 50,000 today (UTC)" in page_of(north)
    with north.scope():
        assert not RequestMeter.objects.exists()
        assert not WriteMeter.objects.exists()


def test_the_plan_is_not_the_owners_to_change(north: World) -> None:
    put_on(north, "starter")
    browser = Client()
    browser.force_login(north.owner.user)
    form = {"name": "North", "time_zone": "UTC", "phone_region": "US", "plan": "scale", "requests_used": "0"}
    assert browser.post(f"/admin/accounts/organization/{north.organization.pk}/change/", form).status_code == 302
    with north.scope():
        stored = Organization.objects.get()
        assert (stored.name, stored.plan) == ("North", "starter")
