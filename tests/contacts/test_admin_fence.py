"""Every page of the dashboard, searched for another organization's words (RELIABILITY A11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from accounts.middleware import SESSION_ORGANIZATION
from accounts.models import Member
from accounts.roles import Role
from accounts.tenancy import tenant_models
from config.dashboard.site import site
from contacts.models import Contact, ContactEmail, Tag
from tests.dashboard import CONTACTS, browser_of, fields_of
from tests.worlds import World

ROLES = ("owner", "admin", "agent", "viewer")
# Typed as a search it is echoed, so less than the canary is typed.
PART = slice(0, 7)


def address(model: type[models.Model], *more: object) -> str:
    return "/".join(["/admin", model._meta.app_label, str(model._meta.model_name), *map(str, more), ""])


def keys(world: World, model: type[models.Model]) -> list[Any]:
    with world.scope():
        return list(model._default_manager.values_list("pk", flat=True))


def snapshot(world: World) -> dict[str, list[Any]]:
    with world.scope():
        return {
            model._meta.label: list(model._default_manager.order_by("pk").values())
            for model in tenant_models(apps.get_models())
        }


def linked(page: str, current: str) -> set[str]:
    found = set()
    for link in re.findall(r'href="([^"]+)"', page):
        target = link.replace("&amp;", "&")
        target = current.split("?")[0] + target if target.startswith("?") else target
        if target.startswith("/admin/") and "logout" not in target:
            found.add(target.split("#")[0])
    return found


def kind_of(link: str) -> str:
    """Pages that differ by a number alone are of one kind."""
    parts = urlsplit(link)
    return re.sub(r"\d+", "0", parts.path) + "?" + ",".join(sorted(re.findall(r"(?:^|&)([^=&]+)=", parts.query)))


def whole(response: Any) -> bytes:
    """What a page says; a download too."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def crawl(browser: Client, *, each_kind: int = 2) -> Iterator[tuple[str, bytes]]:
    """Every page that can be reached by links from the first one, a few of each kind."""
    waiting, seen = ["/admin/"], {"/admin/"}
    kinds: dict[str, int] = {}
    while waiting:
        current = waiting.pop(0)
        response = browser.get(current)
        assert response.status_code < 500, current
        yield current, whole(response)
        if "html" not in response.get("Content-Type", ""):
            continue
        for link in sorted(linked(response.content.decode(), current) - seen):
            kind = kind_of(link)
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= each_kind:
                seen.add(link)
                waiting.append(link)


def foreign_addresses(north: World, south: World) -> Iterator[str]:
    """Addresses that ask for the other organization by its ids and words."""
    word = south.canary[PART]
    for model in site._registry:
        yield from (f"{address(model)}?{query}" for query in queries(south, word))
        for key in keys(south, model)[:3]:
            for page in ("change", "history", "delete", "restore"):
                yield address(model, key, page)
            yield address(model, key)
            yield f"{address(model)}?id__exact={key}"
            yield f"{address(model)}?id__in={key}"
            yield f"{address(model, key, 'change')}?_to_field=id&_popup=1"
    with south.scope():
        tag, member = Tag.objects.get(name="vip"), south.agent
    yield f"{CONTACTS}?tag={tag.pk}"
    yield f"{CONTACTS}?assignee={member.pk}"
    yield f"{CONTACTS}?source=website+{word}"
    yield f"{CONTACTS}?state=deleted&q={word}"
    for extended in ("", "&extended=1"):
        yield f"/admin/search/?s={word}{extended}"
        yield f"/admin/search/?s=example{extended}"
    yield from autocompletions(word)


def queries(south: World, word: str) -> Iterator[str]:
    yield f"q={word}"
    yield f"organization__id={south.organization.pk}"
    yield f"organization__id__exact={south.organization.pk}"
    yield f"organization__name__startswith={word}"
    yield f"organization__slug={south.organization.slug}"
    yield "e=1"
    yield "_facets=1"
    yield "_popup=1&_to_field=id"
    yield "all="


def autocompletions(word: str) -> Iterator[str]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            query = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"
            yield f"/admin/autocomplete/?{query}"
            yield f"/admin/autocomplete/?{query}&term={word}"


@pytest.mark.parametrize("role", ROLES)
def test_no_page_that_can_be_reached_shows_the_stranger(north: World, south: World, role: str):
    visited = hits = 0
    for page, content in crawl(browser_of(getattr(north, role))):
        visited += 1
        hits += south.canary.encode() in content
        assert not hits, page
    assert visited > 25


@pytest.mark.parametrize("role", ROLES)
def test_no_address_that_names_the_stranger_shows_it(north: World, south: World, role: str):
    browser = browser_of(getattr(north, role))
    for page in foreign_addresses(north, south):
        response = browser.get(page)
        assert response.status_code < 500, page
        assert south.canary.encode() not in response.content, page


def test_the_stranger_is_there_to_be_found(north: World, south: World):
    """The control: the same crawl in the stranger's own browser finds its words nearly everywhere."""
    found = [page for page, content in crawl(browser_of(south.owner)) if south.canary.encode() in content]
    assert len(found) > 20


def actions_of(model: type[models.Model]) -> list[str]:
    return [getattr(action, "__name__", str(action)) for action in site._registry[model].actions or ()]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_sent_to_the_stranger_s_pages_changes_it(north: World, south: World, role: str):
    browser = browser_of(getattr(north, role))
    before = snapshot(south)
    for model in site._registry:
        for key in keys(south, model)[:2]:
            for page in ("change", "delete", "restore", "revoke", "resend", "consent", "rotate", "retry"):
                typed = {"post": "yes", "name": "x", "_save": "Save", "statement": "sms:objection", "secret": "x"}
                response = browser.post(address(model, key, page), {**typed, "overlap": "0"})
                assert response.status_code < 500, (model, page)
                assert south.canary.encode() not in response.content
        for action in actions_of(model):
            chosen = {"action": action, "_selected_action": keys(south, model), "confirmed": "yes"}
            for more in ({}, {"select_across": "1", "_selected_action": keys(south, model) + keys(north, model)[:1]}):
                data = {**chosen, **more, "tag": "mine", "member": south.agent.pk}
                response = browser.post(address(model), data)
                assert response.status_code < 500, (model, action)
                assert south.canary.encode() not in response.content
    assert snapshot(south) == before


def test_the_stranger_s_keys_in_a_form_are_refused(north: World, south: World):
    browser = browser_of(north.owner)
    before = snapshot(south)
    page = address(Contact, north.contact.pk, "change")
    form = fields_of(browser.get(page), "contact_form")
    stranger = str(south.agent.pk)
    attacks = [
        {"assigned_to": stranger},
        {"further_assignees-0-member": stranger},
        {"further_emails-0-id": str(keys(south, ContactEmail)[0]), "further_emails-0-email": "x@example.com"},
        {"further_emails-0-contact": str(south.contact.pk), "further_emails-0-email": "x@example.com"},
    ]
    for attack in attacks:
        response = browser.post(page, {**form, **attack})
        assert response.status_code == 200, attack
        assert south.canary.encode() not in response.content
    with north.scope():
        assert Contact.objects.get(pk=north.contact.pk).version == int(form["version"])
    assert snapshot(south) == before


def test_an_organization_named_in_a_form_is_not_listened_to(north: World, south: World):
    browser = browser_of(north.owner)
    form = fields_of(browser.get(f"{CONTACTS}add/"), "contact_form")
    data = {
        **form,
        "first_name": "Placed",
        "organization": south.organization.pk,
        "organization_id": south.organization.pk,
    }
    assert browser.post(f"{CONTACTS}add/", data).status_code == 302
    with north.scope():
        assert Contact.objects.filter(first_name="Placed").exists()
    with south.scope():
        assert not Contact.objects.filter(first_name="Placed").exists()


def test_the_same_address_may_be_used_on_both_sides(north: World, south: World):
    browser = browser_of(north.owner)
    with south.scope():
        Contact.objects.filter(pk=south.contact.pk).update(email="only@example.com", email_norm="only@example.com")
    form = fields_of(browser.get(f"{CONTACTS}add/"), "contact_form")
    assert (
        browser.post(f"{CONTACTS}add/", {**form, "first_name": "Own", "email": "only@example.com"}).status_code == 302
    )


def test_who_belongs_to_both_sees_only_where_they_are(north: World, south: World):
    """What is shown in one organization is not kept for the other, whatever was searched there before."""
    with south.scope():
        Member.objects.create(
            user=north.agent.user, role=Role.OWNER, number=90, first_name="Both", last_name=south.canary
        )
    browser = browser_of(north.agent)
    for inside, outside in ((south, north), (north, south), (south, north)):
        session = browser.session
        session[SESSION_ORGANIZATION] = inside.organization.pk
        session.save()
        for page in ("/admin/search/?s=alpha&extended=1", "/admin/search/?s=vip&extended=1", CONTACTS, "/admin/"):
            content = browser.get(page).content
            assert outside.canary.encode() not in content, page
        assert inside.canary.encode() in browser.get("/admin/search/?s=alpha&extended=1").content
