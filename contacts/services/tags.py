"""The tag catalogue: what tags are called and look like. Tags come and go on contacts in ``contacts.services.tagging``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts.actor import Actor
from accounts.exceptions import Duplicate, FieldError, Invalid, NotFound
from accounts.roles import Right
from contacts.models import Contact, Tag, TaggedContact
from contacts.querysets import ContactQuerySet
from contacts.rules import LONGEST_TAG, tag_faults
from contacts.services.changes import Change
from contacts.services.children import read_children
from contacts.services.following import follow
from contacts.services.tagging import new_tags, replace_tags, slug_of, tags_by_name

_COLOR = re.compile(r"#[0-9a-f]{6}")


def create_tag(name: str, color: str = "", *, actor: Actor) -> Tag:
    """Make a tag that no contact has yet; ``""`` takes the next colour of the palette.

    Raises ``Invalid``, ``Duplicate``, ``Forbidden``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    _check_name(name)
    (tag,) = new_tags([name])
    if color:
        tag.color = _checked_color(color)
    _save(tag, name)
    return tag


def rename_tag(tag: Tag, name: str, *, actor: Actor) -> Tag:
    """Give a tag another name, on every contact that has it; each gets a recorded change and a new version.

    Raises ``Invalid``, ``Duplicate``, ``Forbidden``, ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    _check_name(name)
    with transaction.atomic():
        fresh = _locked(tag)
        if name == fresh.name:
            return fresh
        old, fresh.name, fresh.slug = fresh.name, name, slug_of(name, fresh.number)

        def restate(ids: Sequence[int]) -> Iterable[Change]:
            for pk, names in _tag_names(ids).items():
                yield _tags_change(pk, names, [name if each == old else each for each in names])

        # Read while the old name stands, stored under the new one.
        follow(_holders(fresh), restate, field="tags", actor=actor)
        _save(fresh, name)
    return fresh


def recolour_tag(tag: Tag, color: str, *, actor: Actor) -> Tag:
    """Give a tag another colour, ``#rrggbb`` in any case. No contact changes: their wires show names only.

    Raises ``Invalid``, ``Forbidden``, ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    checked = _checked_color(color)
    with transaction.atomic():
        fresh = _locked(tag)
        fresh.color = checked
        fresh.save(update_fields=["color"])
    return fresh


def delete_tag(tag: Tag, *, actor: Actor) -> None:
    """Take a tag out of the catalogue and off every contact; each gets a recorded change and a new version.

    Raises ``Forbidden``, ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        fresh = _locked(tag)

        def restate(ids: Sequence[int]) -> Iterable[Change]:
            before = _tag_names(ids)
            TaggedContact.objects.filter(tag=fresh, content_object_id__in=ids).delete()
            for pk, names in before.items():
                yield _tags_change(pk, names, [each for each in names if each != fresh.name])

        follow(_holders(fresh), restate, field="tags", actor=actor)
        fresh.delete()


def tag_contacts(contact_ids: Collection[int], name: str, *, actor: Actor) -> list[int]:
    """Add a tag to many contacts, behind those they have; returns the primary keys of the ones that did not have it yet.

    A name that no tag has becomes one. Contacts that are deleted or not the actor's to see stay as they are. Raises
    ``Invalid`` when the name is none or a contact has too many tags already, ``Forbidden``.
    """
    actor.require(Right.BULK_UPDATE_CONTACTS)
    _check_name(name)
    tagged: list[int] = []
    with transaction.atomic():
        tags_by_name([name])
        has_it = TaggedContact.objects.filter(tag__name=name, content_object=OuterRef("pk"))
        rows = Contact.objects.active().visible_to(actor).filter(~Exists(has_it), pk__in=set(contact_ids))

        def restate(ids: Sequence[int]) -> Iterable[Change]:
            before = _tag_names(ids)
            wanted = {pk: [*names, name] for pk, names in before.items()}
            for names in wanted.values():
                if faults := list(tag_faults(names)):
                    raise Invalid(faults)
            replace_tags(wanted, dict(Contact.objects.filter(pk__in=wanted).values_list("pk", "created_at")))
            tagged.extend(ids)
            return [_tags_change(pk, before[pk], wanted[pk]) for pk in ids]

        follow(rows, restate, field="tags", actor=actor)
    return tagged


def _locked(tag: Tag) -> Tag:
    fresh = Tag.objects.select_for_update(of=("self",)).filter(pk=tag.pk).first()
    if fresh is None:
        raise NotFound("tag", tag.name)
    return fresh


def _holders(tag: Tag) -> ContactQuerySet[Contact]:
    """Deleted contacts too: they come back as they are."""
    tagged = TaggedContact.objects.filter(tag=tag, content_object=OuterRef("pk"))
    return Contact.objects.filter(Exists(tagged))


def _tag_names(ids: Sequence[int]) -> dict[int, list[str]]:
    return {pk: list(children.rows["tags"]) for pk, children in read_children(ids, ["tags"]).items()}


def _tags_change(pk: int, before: list[str], after: list[str]) -> Change:
    return Change(contact_id=pk, before={"tags": before}, after={"tags": after})


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid([FieldError("name", "required")])
    if len(name) > LONGEST_TAG:
        raise Invalid([FieldError("name", "too_long", {"maximum": LONGEST_TAG})])
    if "\x00" in name:
        raise Invalid([FieldError("name", "invalid_value")])


def _checked_color(color: str) -> str:
    lowered = color.lower()
    if not _COLOR.fullmatch(lowered):
        raise Invalid([FieldError("color", "invalid_value", message="Enter a colour such as #2563eb.")])
    return lowered


def _save(tag: Tag, name: str) -> None:
    holder = Tag.objects.filter(name=name).exclude(pk=tag.pk).values_list("pk", flat=True).first()
    if holder is not None:
        raise Duplicate("tag", "name", name, holder)
    try:
        with transaction.atomic():
            tag.save()
    except IntegrityError as error:
        # Somebody else took the name in between.
        raise Duplicate("tag", "name", name) from error
