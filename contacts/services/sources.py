"""The catalogue of sources. A contact's ``source`` is text, so it follows a rename and outlives a deletion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.actor import Actor
from accounts.exceptions import Duplicate, FieldError, Invalid, NotFound
from accounts.roles import Right
from contacts.models import Contact, Source
from contacts.rules import LONGEST
from contacts.services.changes import Change
from contacts.services.following import follow


def create_source(name: str, *, actor: Actor) -> Source:
    """Add a source at the end. Raises ``Invalid``, ``Duplicate``, ``Forbidden``."""
    actor.require(Right.MANAGE_CATALOGUE)
    _check_name(name)
    last = Source.objects.aggregate(last=Max("number"))["last"] or 0
    source = Source(name=name, number=last + 1, position=last + 1)
    _save(source)
    return source


def rename_source(source: Source, name: str, *, actor: Actor) -> Source:
    """Give a source another name, on every contact that names it; each gets a recorded change and a new version.

    Raises ``Invalid``, ``Duplicate``, ``Forbidden``, ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    _check_name(name)
    with transaction.atomic():
        fresh = _locked(source)
        if name == fresh.name:
            return fresh
        old, fresh.name = fresh.name, name
        _save(fresh)

        def restate(ids: Sequence[int]) -> Iterable[Change]:
            Contact.objects.filter(pk__in=ids).update(source=name)
            return [Change(contact_id=pk, before={"source": old}, after={"source": name}) for pk in ids]

        follow(Contact.objects.filter(source=old), restate, field="source", actor=actor)
    return fresh


def delete_source(source: Source, *, actor: Actor) -> None:
    """Take a source out of the catalogue; contacts keep the text. Raises ``Forbidden``, ``NotFound``."""
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        _locked(source).delete()


def _locked(source: Source) -> Source:
    fresh = Source.objects.select_for_update(of=("self",)).filter(pk=source.pk).first()
    if fresh is None:
        raise NotFound("source", source.name)
    return fresh


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid([FieldError("name", "required")])
    if len(name) > LONGEST["source"]:
        raise Invalid([FieldError("name", "too_long", {"maximum": LONGEST["source"]})])
    if "\x00" in name:
        raise Invalid([FieldError("name", "invalid_value")])


def _save(source: Source) -> None:
    holder = Source.objects.filter(name=source.name).exclude(pk=source.pk).values_list("pk", flat=True).first()
    if holder is not None:
        raise Duplicate("source", "name", source.name, holder)
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as error:
        # Somebody else took the name in between.
        raise Duplicate("source", "name", source.name) from error
