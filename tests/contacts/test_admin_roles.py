"""Role by role: which page may be seen, and which may be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Right, Role
from config.dashboard.options import TenantModelAdmin
from config.dashboard.site import site
from contacts.drafts import ContactDraft
from contacts.models import Consent, Contact, ContactChange, MergeSuggestion, Rescore, ScoringWeights, Source, Tag
from contacts.services import create_contact
from tests.dashboard import CONTACTS, browser_of, fields_of, text_of
from tests.worlds import World

ROLES = ("owner", "admin", "agent", "viewer")
WRITERS = {"owner", "admin", "agent"}
MANAGERS = {"owner", "admin"}
TAGS = "/admin/contacts/tag/"
SOURCES = "/admin/contacts/source/"
WEIGHTS = "/admin/contacts/scoringweights/"


def tag_pk(world: World) -> int:
    with world.scope():
        return Tag.objects.get(name="vip").pk


def source_pk(world: World) -> int:
    with world.scope():
        return Source.objects.get().pk


def weights_pk(world: World) -> int:
    with world.scope():
        return ScoringWeights.objects.get().pk


def suggestion_pk(world: World) -> int:
    with world.scope():
        return MergeSuggestion.objects.get().pk


def action(name: str, **more: Any) -> Callable[[World], dict[str, Any]]:
    return lambda world: {
        "action": name,
        "_selected_action": [world.contacts[2].pk],
        "confirmed": "yes",
        **{key: value(world) if callable(value) else value for key, value in more.items()},
    }


def as_form(browser: Client, page: str, form_id: str, **typed: Any) -> dict[str, Any]:
    return {**fields_of(browser.get(page), form_id), **typed}


# What is sent, where, and who may send it.
POSTS: dict[str, tuple[Callable[[World], str], Callable[[World], dict[str, Any]], set[str]]] = {
    "add contact": (
        lambda world: f"{CONTACTS}add/",
        lambda world: as_form(browser_of(world.owner), f"{CONTACTS}add/", "contact_form", first_name="New"),
        WRITERS,
    ),
    "change contact": (
        lambda world: f"{CONTACTS}{world.contact.pk}/change/",
        lambda world: as_form(
            browser_of(world.owner), f"{CONTACTS}{world.contact.pk}/change/", "contact_form", city="Elsewhere"
        ),
        WRITERS,
    ),
    "delete contact": (
        lambda world: f"{CONTACTS}{world.contact.pk}/delete/",
        lambda world: {"post": "yes"},
        WRITERS,
    ),
    "restore contact": (lambda world: f"{CONTACTS}{world.deleted.pk}/restore/", lambda world: {}, WRITERS),
    "record objection": (
        lambda world: f"{CONTACTS}{world.contact.pk}/consent/",
        lambda world: {"statement": "sms:objection", "words": "no more"},
        WRITERS,
    ),
    "dismiss duplicate": (
        lambda world: f"{CONTACTS}{world.contacts[1].pk}/dismiss/{suggestion_pk(world)}/",
        lambda world: {},
        WRITERS,
    ),
    "delete several": (lambda world: CONTACTS, action("delete_selected_contacts"), WRITERS),
    "assign several": (
        lambda world: CONTACTS,
        action("assign_selected_contacts", member=lambda world: world.owner.pk),
        MANAGERS,
    ),
    "tag several": (lambda world: CONTACTS, action("tag_selected_contacts", tag="spring"), MANAGERS),
    "add tag": (lambda world: f"{TAGS}add/", lambda world: {"name": "new", "color": "#000000"}, MANAGERS),
    "change tag": (
        lambda world: f"{TAGS}{tag_pk(world)}/change/",
        lambda world: {"name": "renamed", "color": "#123456"},
        MANAGERS,
    ),
    "delete tag": (lambda world: f"{TAGS}{tag_pk(world)}/delete/", lambda world: {"post": "yes"}, MANAGERS),
    "add source": (lambda world: f"{SOURCES}add/", lambda world: {"name": "new"}, MANAGERS),
    "change source": (
        lambda world: f"{SOURCES}{source_pk(world)}/change/",
        lambda world: {"name": "renamed"},
        MANAGERS,
    ),
    "change weights": (
        lambda world: f"{WEIGHTS}{weights_pk(world)}/change/",
        lambda world: {"email": "30"},
        MANAGERS,
    ),
    "work out all scores": (lambda world: f"{WEIGHTS}rescore/", lambda world: {}, MANAGERS),
    "delete source": (
        lambda world: f"{SOURCES}{source_pk(world)}/delete/",
        lambda world: {"post": "yes"},
        MANAGERS,
    ),
}


def state(world: World) -> tuple[Any, ...]:
    with world.scope():
        return (
            sorted(Contact.objects.values_list("pk", "version")),
            sorted(Tag.objects.values_list("name", "color")),
            sorted(Source.objects.values_list("name", flat=True)),
            ContactChange.objects.count(),
            list(ScoringWeights.objects.values_list("overrides", flat=True)),
            Rescore.objects.count(),
            Consent.objects.count(),
            MergeSuggestion.objects.filter(dismissed_at=None).count(),
        )


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS.keys())
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_send_what_the_table_says(north: World, role: str, post: tuple[Any, Any, set[str]]):
    page, data, allowed = post
    before = state(north)
    response = browser_of(getattr(north, role)).post(page(north), data(north))
    assert response.status_code < 500
    assert (state(north) != before) == (role in allowed)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_contacts_tags_and_sources(north: World, role: str):
    browser = browser_of(getattr(north, role))
    pages = [
        CONTACTS,
        f"{CONTACTS}?state=deleted",
        f"{CONTACTS}{north.contact.pk}/change/",
        f"{CONTACTS}{north.contact.pk}/history/",
        f"{CONTACTS}{north.deleted.pk}/change/",
        TAGS,
        SOURCES,
    ]
    assert [browser.get(page).status_code for page in pages] == [200] * len(pages)


def test_a_viewer_is_offered_nothing_to_send(north: World):
    browser = browser_of(north.viewer)
    contacts = (north.contact, north.contacts[1], north.deleted)
    for page in (CONTACTS, *(f"{CONTACTS}{contact.pk}/change/" for contact in contacts), TAGS):
        words = text_of(browser.get(page))
        for offer in ("Save", "Delete contact", "Restore", "Delete selected", "Record", "Dismiss"):
            assert offer not in words, (page, offer)


def test_an_agent_is_not_offered_what_is_for_managers(north: World):
    page = text_of(browser_of(north.agent).get(CONTACTS))
    assert "Delete selected contacts" in page
    assert "Assign selected contacts" not in page
    assert "Assign selected contacts" in text_of(browser_of(north.admin).get(CONTACTS))


@pytest.mark.parametrize(
    "page", ["/admin/", CONTACTS, f"{CONTACTS}add/", TAGS, "/admin/search/?s=a", "/admin/autocomplete/"]
)
def test_strangers_are_sent_to_log_in(north: World, page: str):
    response = Client().get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_every_resource_takes_its_rights_from_the_role_table():
    for model_admin in site._registry.values():
        assert isinstance(model_admin, TenantModelAdmin)
        assert isinstance(model_admin.view_right, Right)
        rights = (model_admin.add_right, model_admin.change_right, model_admin.delete_right)
        assert all(right is None or isinstance(right, Right) for right in rights)


def test_a_narrowed_agent_finds_no_other_contact_anywhere(north: World):
    with north.scope():
        north.organization.agents_see_only_their_contacts = True
        north.organization.save()
        mine = create_contact(ContactDraft(full_name="Own Person", tags=("vip",)), actor=north.actor(north.owner))
        Contact.objects.filter(pk=mine.pk).update(assigned_to_id=north.agent.pk)
        assert Role(north.agent.role) is Role.AGENT
    browser = browser_of(north.agent)
    hidden = north.contacts[2]
    pages = [
        "/admin/",
        CONTACTS,
        f"{CONTACTS}?q=carol",
        f"{CONTACTS}?state=deleted",
        "/admin/search/?s=carol&extended=1",
    ]
    for page in pages:
        assert b"Carol Gamma" not in browser.get(page).content, page
    assert browser.get(f"{CONTACTS}{hidden.pk}/history/").status_code == 404
    assert browser.get(f"{CONTACTS}{hidden.pk}/change/").status_code == 302
    counted = {tag.name: tag.contact_count for tag in browser.get(TAGS).context["cl"].result_list}
    # Jane, Bob and their own; the owner's eyes see the same three and nobody sees the deleted one.
    assert counted["vip"] == 3
    figures = {figure["title"]: figure["number"] for figure in browser.get("/admin/").context["figures"]}
    assert figures["Contacts"] == "3"


def test_a_tag_takes_its_colour_and_name_from_the_form(north: World):
    browser = browser_of(north.admin)
    browser.post(f"{TAGS}add/", {"name": "untouched", "color": "#000000"})
    browser.post(f"{TAGS}{tag_pk(north)}/change/", {"name": "VIP", "color": "#00FF00"})
    with north.scope():
        assert Tag.objects.get(name="untouched").color == "#059669"
        assert Tag.objects.get(name="VIP").color == "#00ff00"
    taken = browser.post(f"{TAGS}add/", {"name": "VIP", "color": "#000000"})
    assert "Another tag has this name already." in text_of(taken)
