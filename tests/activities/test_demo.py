"""The demo organization."""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import F, Max
from django.test import Client
from pytest_django import Settings

from accounts.authentication import memberships, organization_id_by_slug
from accounts.models import Credential, Member, User
from accounts.tenancy import tenant_scope
from activities.demo.personas import TAGS
from activities.demo.places import SALTMARSH
from activities.demo.plot import Agent
from activities.demo.story import Story, stories
from activities.demo.team import AGENT, HARBOUR_LANE, OWNER, QUARRY_BEND
from activities.models import Activity, Communication, Deal
from contacts.models import Contact, ContactChange, Source, Tag
from tests.worlds import World

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
SECRETS = ("demo_token", "demo_key", "demo_pair")
# What the curl lines of a welcome are answered.
WORKING = [200, 201, 200, 200, 200, 200]
AGENTS = (Agent(member_id=1, first_name="Ada"), Agent(member_id=2, first_name="Bo"))


def tell(count: int = 120, now: datetime = NOW) -> list[Story]:
    return stories(count, now=now, agents=AGENTS, market=SALTMARSH)


def load(port: int = 8000, contacts: int = 40) -> str:
    printed = StringIO()
    call_command("load_demo", port=port, contacts=contacts, stdout=printed)
    return printed.getvalue()


def demo_scope(slug: str = HARBOUR_LANE.slug) -> Any:
    organization_id = organization_id_by_slug(slug)
    assert organization_id is not None
    return tenant_scope(organization_id)


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def shape(story: Story) -> tuple[Any, ...]:
    contact = story.contact
    facts = (contact.first_name, contact.last_name, contact.email, contact.phone, contact.type, contact.tags)
    return (*facts, len(story.communications), [item.type for item in story.activities], len(story.deals))


def test_the_same_seed_tells_the_same_stories() -> None:
    assert tell() == tell()


def test_another_day_moves_the_moments_and_nothing_else() -> None:
    later = tell(now=NOW + timedelta(days=100))
    assert sorted(map(repr, map(shape, later))) == sorted(map(repr, map(shape, tell())))
    assert {story.created_at for story in later}.isdisjoint(story.created_at for story in tell())


def test_a_larger_demo_has_the_people_of_the_smaller_one() -> None:
    people = {story.contact.email for story in tell(240)}
    assert {story.contact.email for story in tell(120)} <= people


def test_the_demo_is_two_organizations_of_one_owner_full_of_life(db: None) -> None:
    load()
    owner = User.objects.get(email=OWNER.email)
    assert [item.organization_slug for item in memberships(owner.pk)] == [HARBOUR_LANE.slug, QUARRY_BEND.slug]
    with demo_scope():
        roles = Member.objects.order_by("number").values_list("role", flat=True)
        assert list(roles) == ["owner", "admin", "agent", "agent", "viewer"]
        assert Contact.objects.active().count() == 40
        assert list(Tag.objects.values_list("name", "color")[:3]) == [
            ("first-time-buyer", "#2563eb"),
            ("luxury-market", "#dc2626"),
            ("investor", "#059669"),
        ]
        assert list(Tag.objects.values_list("name", flat=True)) == list(TAGS)
        assert Source.objects.count() == 6
        for model in (Activity, Communication, Deal):
            assert model.objects.count() > 5
        assert ContactChange.objects.filter(verb="created", member_id=Member.objects.get(role="owner").pk).count() == 40


def test_what_happened_fits_the_contacts_it_happened_to(db: None) -> None:
    load()
    with demo_scope():
        for model, moment in ((Activity, "created_at"), (Communication, "occurred_at"), (Deal, "created_at")):
            assert not model.objects.filter(**{f"{moment}__lt": F("contact__created_at")}).exists()
        spoken = Contact.objects.annotate(said=Max("communications__occurred_at")).filter(said__isnull=False)
        assert not spoken.filter(last_contacted_at__lt=F("said")).exists()
        assert not Contact.objects.filter(last_contacted_at__lt=F("created_at")).exists()
        # Everything was known when the contacts were made, so nothing has changed since.
        assert not Contact.objects.exclude(version=1).exists()


def test_nobody_in_the_demo_can_be_written_to_or_called(db: None) -> None:
    load()
    for team in (HARBOUR_LANE, QUARRY_BEND):
        with demo_scope(team.slug):
            for email, phone in Contact.objects.values_list("email", "phone"):
                assert not email or re.search(r"[@.]example\.(com|net|org)$", email)
                assert not phone or re.search(r"555\D?\d?01\d\d$|^\+44 7700 900\d{3}$", phone), phone


def test_both_logins_open_the_demo(db: None) -> None:
    printed = load()
    for colleague in (OWNER, AGENT):
        assert re.search(rf"{re.escape(colleague.email)}\s+{re.escape(colleague.password)}", printed)
        assert User.objects.get(email=colleague.email).check_password(colleague.password)
        assert authenticate(None, email=colleague.email, password=colleague.password) is not None


def test_the_curl_lines_work_as_printed(db: None) -> None:
    printed = load(port=8123)
    answers = [run(line) for line in printed.splitlines() if line.startswith("curl ")]
    assert [answer.status_code for answer in answers] == WORKING
    listed, created, read = (answer.json()["data"] for answer in answers[:3])
    assert all(item["type"] == "LEAD" and item["leadScore"] >= 70 for item in listed)
    assert re.fullmatch(r"ottoline\.fenwright\.\d+@example\.com", created["email"])
    assert read["firstName"] or read["lastName"] or read["email"]
    assert "http://127.0.0.1:8123/admin/" in printed


def run(line: str) -> Any:
    """The request a curl line makes."""
    words = iter(shlex.split(line)[1:])
    headers, body, url = {}, None, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-u":
            headers["Authorization"] = f"Basic {b64encode(next(words).encode()).decode()}"
        elif word == "-d":
            body = next(words)
        elif not word.startswith("-"):
            url = word
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    content_type = headers.pop("Content-Type", "application/octet-stream")
    return Client().generic("POST" if body else "GET", path, body or "", content_type=content_type, headers=headers)


def test_a_second_run_keeps_the_data_and_the_token(db: None, data_dir: Path) -> None:
    first = load()
    with demo_scope():
        Contact.objects.filter(number=1).update(notes="Mine")
        before = list(Contact.objects.order_by("id").values())
    second = load(contacts=500)
    with demo_scope():
        assert list(Contact.objects.order_by("id").values()) == before
        assert Credential.objects.count() == len(SECRETS)
    assert second == first
    for name in SECRETS:
        assert (data_dir / name).read_text().strip() in second
        assert (data_dir / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("stored", ["", "nonsense"])
@pytest.mark.parametrize("name", SECRETS)
def test_a_credential_that_works_no_more_is_replaced(db: None, data_dir: Path, name: str, stored: str) -> None:
    load()
    (data_dir / name).write_text(stored)
    answers = [run(line) for line in load().splitlines() if line.startswith("curl ")]
    assert [answer.status_code for answer in answers] == WORKING
    assert (data_dir / name).stat().st_mode & 0o777 == 0o600


def test_revoked_credentials_are_replaced(db: None) -> None:
    load()
    with demo_scope():
        Credential.objects.update(revoked_at=NOW)
    printed = load()
    assert [run(line).status_code for line in printed.splitlines() if line.startswith("curl ")] == WORKING


def test_loading_the_demo_touches_no_other_organization(north: World, south: World) -> None:
    def everything(world: World) -> list[Any]:
        with world.scope():
            return [list(model.objects.order_by("pk").values()) for model in (Contact, Activity, Deal, Member, Tag)]

    before = [everything(north), everything(south)]
    load()
    assert [everything(north), everything(south)] == before
    with demo_scope():
        assert not Contact.objects.filter(search_text__contains=north.canary).exists()


def test_a_load_that_fails_leaves_nothing_behind(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("activities.demo.loading.create_deals", broken)
    with pytest.raises(OSError, match="disk full"):
        load()
    assert organization_id_by_slug(HARBOUR_LANE.slug) is None
    monkeypatch.undo()
    assert "Bearer token" in load()


def test_production_refuses_published_passwords(db: None, settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="published passwords"):
        load()
    assert organization_id_by_slug(HARBOUR_LANE.slug) is None


def test_the_demo_needs_at_least_one_contact(db: None) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        load(contacts=0)
