"""Making, renaming, retiring and changing the team's own fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.actor import Actor
from accounts.exceptions import Duplicate, FieldError, Invalid, NotFound
from accounts.models import Organization
from accounts.roles import Right
from contacts.models import CustomField, CustomFieldKind, CustomFieldOption
from contacts.models.custom_field import KINDS_WITH_OPTIONS
from contacts.rules import fault_of_text
from contacts.services.rewriting import begin_conversion, begin_removal

_Row = TypeVar("_Row", CustomField, CustomFieldOption)
LONGEST_NAME = 100
# Each is looked at for every contact that is read.
MOST_FIELDS = 200
MOST_OPTIONS = 500


def create_field(name: str, kind: str, options: Sequence[str] = (), *, actor: Actor) -> CustomField:
    """Add a field at the end, with its options in their order. Raises ``Invalid``, ``Duplicate``, ``Forbidden``."""
    actor.require(Right.MANAGE_CATALOGUE)
    name = _checked(name)
    _check_kind(kind, options)
    with transaction.atomic():
        _one_at_a_time()
        _check_room()
        last = CustomField.objects.aggregate(number=Max("number"), position=Max("position"))
        field = CustomField(
            name=name, kind=kind, number=(last["number"] or 0) + 1, position=(last["position"] or 0) + 1
        )
        _save(field)
        for option in options:
            add_option(field, option, actor=actor)
    return field


def rename_field(field: CustomField, name: str, *, actor: Actor) -> CustomField:
    """Give a field another name; values stay where they are. Raises as ``create_field`` does, and ``NotFound``."""
    actor.require(Right.MANAGE_CATALOGUE)
    name = _checked(name)
    with transaction.atomic():
        fresh = _locked(field)
        fresh.name = name
        _save(fresh)
    return fresh


def retire_field(field: CustomField, *, actor: Actor) -> CustomField:
    """Take a field away everywhere at once; its values are kept for the day it is brought back."""
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        fresh = _locked(field)
        fresh.retired_at = fresh.retired_at or timezone.now()
        fresh.save(update_fields=["retired_at"])
    return fresh


def restore_field(field: CustomField, *, actor: Actor) -> CustomField:
    """Bring a retired field back with its values, at its place.

    Raises ``Duplicate`` when its name is another's meanwhile, ``Invalid`` when there are too many fields, ``Forbidden``,
    ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        _one_at_a_time()
        fresh = _locked(field)
        if fresh.retired_at is not None:
            _check_room()
        fresh.retired_at = None
        _save(fresh)
    return fresh


def move_field(field: CustomField, *, behind: CustomField | None, actor: Actor) -> CustomField:
    """Put a field right behind another one, or with None before all others. Raises ``Forbidden``, ``NotFound``."""
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        _one_at_a_time()
        fields = list(CustomField.objects.order_by("position", "id"))
        moved = next((each for each in fields if each.pk == field.pk), None)
        if moved is None:
            raise NotFound("custom field", field.name)
        _renumber(_with_behind(fields, moved, behind))
    return moved


def _with_behind(fields: Sequence[CustomField], moved: CustomField, behind: CustomField | None) -> list[CustomField]:
    others = [each for each in fields if each.pk != moved.pk]
    keys = [each.pk for each in others]
    if behind is not None and behind.pk not in keys:
        raise NotFound("custom field", behind.name)
    place = keys.index(behind.pk) + 1 if behind is not None else 0
    return [*others[:place], moved, *others[place:]]


def change_kind(field: CustomField, kind: str, *, actor: Actor) -> CustomField:
    """Make a field hold another kind of values.

    The ones there are are carried over in the background, a slice of contacts at a time, as far as the new kind can
    hold them; each contact's change is recorded, so that what could not be is still known. Raises ``Invalid``,
    ``Forbidden``, ``NotFound``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    if kind not in CustomFieldKind.values:
        raise Invalid([FieldError("kind", "invalid_value", {"choices": CustomFieldKind.values})])
    with transaction.atomic():
        fresh = _locked(field)
        if kind == fresh.kind:
            return fresh
        before = (fresh.kind, fresh.key)
        fresh.former_kinds = {**fresh.former_kinds, fresh.key: fresh.kind}
        fresh.kind, fresh.generation = kind, fresh.generation + 1
        fresh.save(update_fields=["kind", "generation", "former_kinds"])
        begin_conversion(fresh, *before, actor=actor)
    return fresh


def add_option(field: CustomField, name: str, *, actor: Actor) -> CustomFieldOption:
    """Add something to pick at the end. Raises ``Invalid``, ``Duplicate``, ``Forbidden``, ``NotFound``."""
    actor.require(Right.MANAGE_CATALOGUE)
    name = _checked(name)
    with transaction.atomic():
        fresh = _locked(field)
        if not fresh.has_options:
            raise Invalid([FieldError("options", "invalid_value", message="are only for lists")])
        if fresh.options.count() >= MOST_OPTIONS:
            raise Invalid([FieldError("options", "too_long", {"maximum": MOST_OPTIONS, "items": True})])
        fresh.last_option += 1
        fresh.save(update_fields=["last_option"])
        last = fresh.options.aggregate(last=Max("position"))["last"] or 0
        option = CustomFieldOption(field=fresh, name=name, number=fresh.last_option, position=last + 1)
        _save(option)
    return option


def rename_option(option: CustomFieldOption, name: str, *, actor: Actor) -> CustomFieldOption:
    """Give an option another name, on every contact at once. Raises as ``add_option`` does."""
    actor.require(Right.MANAGE_CATALOGUE)
    name = _checked(name)
    with transaction.atomic():
        _locked(option.field)
        option.name = name
        _save(option)
    return option


def remove_option(option: CustomFieldOption, *, actor: Actor) -> None:
    """Take an option away. Nobody sees or picks it from now on; the contacts that have it are rewritten in the background."""
    actor.require(Right.MANAGE_CATALOGUE)
    with transaction.atomic():
        field = _locked(option.field)
        CustomFieldOption.objects.filter(pk=option.pk).delete()
        begin_removal(field, option.number, actor=actor)


def order_options(field: CustomField, numbers: Sequence[int], *, actor: Actor) -> None:
    """Put the options with these numbers first, in this order, and all others behind. Raises ``Forbidden``, ``NotFound``."""
    actor.require(Right.MANAGE_CATALOGUE)
    places = {number: place for place, number in enumerate(numbers)}
    with transaction.atomic():
        options = _locked(field).options.order_by("position", "id")
        _renumber(sorted(options, key=lambda option: places.get(option.number, len(places))))


def _renumber(rows: Iterable[_Row]) -> None:
    for position, row in enumerate(rows, start=1):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])


def _check_room() -> None:
    if CustomField.objects.filter(retired_at=None).count() >= MOST_FIELDS:
        raise Invalid([FieldError("name", "too_long", {"maximum": MOST_FIELDS, "items": True})])


def _one_at_a_time() -> None:
    """Numbers and positions follow from what is there."""
    Organization.objects.select_for_update(no_key=True).get()


def _locked(field: CustomField) -> CustomField:
    fresh = CustomField.objects.select_for_update(of=("self",)).filter(pk=field.pk).first()
    if fresh is None:
        raise NotFound("custom field", field.name)
    return fresh


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid([FieldError("name", "required")])
    if faults := list(fault_of_text("name", name, LONGEST_NAME)):
        raise Invalid(faults)
    return name


def _check_kind(kind: str, options: Sequence[str]) -> None:
    if kind not in CustomFieldKind.values:
        raise Invalid([FieldError("kind", "invalid_value", {"choices": CustomFieldKind.values})])
    if options and kind not in KINDS_WITH_OPTIONS:
        raise Invalid([FieldError("options", "invalid_value", message="are only for lists")])


def _save(row: CustomField | CustomFieldOption) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        kind = "custom field" if isinstance(row, CustomField) else "option"
        raise Duplicate(kind, "name", row.name) from error
