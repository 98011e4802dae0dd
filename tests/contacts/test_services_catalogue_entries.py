"""Tags and sources renamed, recoloured and deleted, and the contacts that hold them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.exceptions import Duplicate, Forbidden, Invalid, NotFound
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange, Source, Tag
from contacts.services import create_contact
from contacts.services.sources import create_source, delete_source, rename_source
from contacts.services.tagging import tags_by_name
from contacts.services.tags import create_tag, delete_tag, recolour_tag, rename_tag, tag_contacts
from tests.worlds import World


def tag(name: str) -> Tag:
    return Tag.objects.get(name=name)


def tags_of(contact: Contact) -> list[str]:
    return list(contact.tagged.order_by("position", "id").values_list("tag__name", flat=True))


def last_change(contact: Contact) -> ContactChange:
    return ContactChange.objects.filter(contact=contact).latest("id")


def test_renaming_a_tag_changes_every_contact_that_has_it(north: World, south: World):
    with north.scope():
        version = Contact.objects.get(pk=north.contact.pk).version
        rename_tag(tag("vip"), "Very important", actor=north.actor(north.admin))
        assert tags_of(north.contact) == ["Very important", f"tag {north.canary}"]
        assert Contact.objects.get(pk=north.contact.pk).version == version + 1
        change = last_change(north.contact)
        assert change.before == {"tags": ["vip", f"tag {north.canary}"]}
        assert change.after == {"tags": ["Very important", f"tag {north.canary}"]}
        assert change.member_id == north.admin.pk
        # Jane, Bob and the deleted one are one operation.
        assert ContactChange.objects.filter(operation=change.operation).count() == 3
    with south.scope():
        assert tags_of(south.contact)[0] == "vip"


def test_a_tag_takes_no_name_that_another_has(north: World):
    with north.scope():
        with pytest.raises(Duplicate):
            rename_tag(tag("vip"), f"tag {north.canary}", actor=north.actor())
        assert tags_of(north.contact) == ["vip", f"tag {north.canary}"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 51, "a\x00b"])
def test_a_tag_needs_a_name_that_can_be_stored(north: World, name: str):
    with north.scope(), pytest.raises(Invalid):
        rename_tag(tag("vip"), name, actor=north.actor())


def test_a_colour_changes_no_contact(north: World):
    with north.scope():
        changes = ContactChange.objects.count()
        assert recolour_tag(tag("vip"), "#ABCDEF", actor=north.actor()).color == "#abcdef"
        assert ContactChange.objects.count() == changes
        with pytest.raises(Invalid):
            recolour_tag(tag("vip"), "red", actor=north.actor())


def test_deleting_a_tag_takes_it_off_its_contacts(north: World):
    with north.scope():
        gone = tag("vip")
        delete_tag(gone, actor=north.actor())
        assert tags_of(north.contact) == [f"tag {north.canary}"]
        assert last_change(north.contact).after == {"tags": [f"tag {north.canary}"]}
        with pytest.raises(NotFound):
            delete_tag(gone, actor=north.actor())


def test_a_new_tag_has_the_next_colour_unless_one_is_given(north: World):
    with north.scope():
        assert create_tag("third", actor=north.actor()).color == "#059669"
        assert create_tag("fourth", "#123456", actor=north.actor()).color == "#123456"
        with pytest.raises(Duplicate):
            create_tag("third", actor=north.actor())


def test_tagging_many_leaves_those_alone_that_have_the_tag(north: World):
    with north.scope():
        versions = dict(Contact.objects.values_list("pk", "version"))
        chosen = [*(contact.pk for contact in north.contacts), north.deleted.pk]
        tagged = tag_contacts(chosen, "vip", actor=north.actor(north.admin))
        assert tagged == [contact.pk for contact in north.contacts[2:]]
        now = dict(Contact.objects.values_list("pk", "version"))
        assert {pk for pk in now if now[pk] != versions[pk]} == set(tagged)


def test_strangers_are_not_tagged(north: World, south: World):
    with north.scope():
        assert tag_contacts([contact.pk for contact in south.contacts], "mine", actor=north.actor()) == []
    with south.scope():
        assert not Tag.objects.filter(name="mine").exists()


def test_contacts_follow_a_renamed_source_and_outlive_a_deleted_one(north: World, south: World):
    with north.scope():
        old = f"website {north.canary}"
        renamed = rename_source(Source.objects.get(name=old), "Our site", actor=north.actor())
        assert Contact.objects.get(pk=north.contact.pk).source == "Our site"
        assert last_change(north.contact).before == {"source": old}
        assert last_change(north.contact).after == {"source": "Our site"}
        delete_source(renamed, actor=north.actor())
        assert Contact.objects.get(pk=north.contact.pk).source == "Our site"
        assert not Source.objects.exists()
    with south.scope():
        assert Source.objects.get().name == f"website {south.canary}"


def test_more_contacts_than_one_chunk_follow(north: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("contacts.services.following.CHUNK", 2)
    with north.scope():
        for number in range(5):
            create_contact(ContactDraft(full_name=f"Many {number}", source="old"), actor=north.actor())
        rename_source(create_source("old", actor=north.actor()), "new", actor=north.actor())
        assert Contact.objects.filter(source="new").count() == 5
        assert not Contact.objects.filter(source="old").exists()


VERBS: dict[str, Callable[[World, Any], Any]] = {
    "create tag": lambda world, actor: create_tag("new", actor=actor),
    "rename tag": lambda world, actor: rename_tag(tag("vip"), "new", actor=actor),
    "recolour tag": lambda world, actor: recolour_tag(tag("vip"), "#000000", actor=actor),
    "delete tag": lambda world, actor: delete_tag(tag("vip"), actor=actor),
    "tag contacts": lambda world, actor: tag_contacts([world.contact.pk], "new", actor=actor),
    "create source": lambda world, actor: create_source("new", actor=actor),
    "rename source": lambda world, actor: rename_source(Source.objects.get(), "new", actor=actor),
    "delete source": lambda world, actor: delete_source(Source.objects.get(), actor=actor),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_the_catalogue_is_the_admins_business(north: World, verb: Callable[[World, Any], Any], role: str):
    with north.scope(), pytest.raises(Forbidden):
        verb(north, north.actor(getattr(north, role)))


def test_tags_of_any_spelling_are_found_again(north: World):
    """Names travel as one array, which has quotes, braces and a word for nothing of its own."""
    names = ['a"b', "back\\slash", "{x,y}", "NULL", "null", " ", "comma, too", '\\"', "a\nb", "o'x", "\\\\", "Ω"]
    with north.scope():
        made = tags_by_name(names)
        assert tags_by_name(names) == made
        assert sorted(made) == sorted(names)
