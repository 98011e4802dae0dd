"""The staff's lists that contacts are described with: sources, tags and custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max

from accounts.actor import Actor
from accounts.exceptions import FieldError, Invalid
from accounts.models import Organization
from accounts.roles import Right
from contacts.custom_fields import fields_in_order
from contacts.models import CustomField, CustomFieldKind, CustomFieldOption, Source, Tag
from contacts.models.custom_field import KINDS_WITH_OPTIONS
from contacts.rules import LONGEST_TAG, fault_of_text
from contacts.services.custom_fields import LONGEST_NAME, add_option, create_field
from contacts.services.tagging import tags_by_name

# Each part of the document with the keys its entries may have; ``name`` is required.
_KEYS = {"sources": {"name"}, "tags": {"name", "color"}, "custom_fields": {"name", "type", "options"}}
_LONGEST_NAME = {"sources": 100, "tags": LONGEST_TAG, "custom_fields": LONGEST_NAME}
_Row = TypeVar("_Row", Source, Tag, CustomField, CustomFieldOption)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")


def load_catalogue(document: object, *, actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """Make what does not exist yet of ``{"sources": [{"name"}], "tags": [{"name", "color"?}], "custom_fields": [{"name",
    "type", "options"?}]}``.

    Names decide what exists; loading twice changes nothing. The order of the document becomes the order of the lookups,
    with what it does not name behind it. A tag without a colour keeps its own, or takes the next of the palette. A field
    that exists gets the options it lacks, and keeps its type: another one is a fault. Returns the document with the
    integer ids the wires show. Raises ``Invalid`` with every fault at once, ``Forbidden``.
    """
    actor.require(Right.MANAGE_CATALOGUE)
    if faults := list(_faults(document)):
        raise Invalid(faults)
    parts: dict[str, list[dict[str, Any]]] = document  # type: ignore[assignment]  # what _faults has made sure of
    with transaction.atomic():
        # One load at a time: numbers and positions follow from what is there.
        Organization.objects.select_for_update(no_key=True).get()
        sources = _load_sources([_name(entry) for entry in parts.get("sources", [])])
        tags = _load_tags({_name(entry): entry.get("color", "").lower() for entry in parts.get("tags", [])})
        fields = _load_fields(parts.get("custom_fields", []), actor)
    return {
        "sources": [{"id": source.number, "name": source.name} for source in sources],
        "tags": [{"id": tag.number, "name": tag.name, "color": tag.color} for tag in tags],
        "custom_fields": [_field_shown(field) for field in fields],
    }


def _load_fields(entries: Sequence[dict[str, Any]], actor: Actor) -> list[CustomField]:
    existing = {field.name: field for field in fields_in_order()}
    for entry in entries:
        name, options = _name(entry), [option.strip() for option in entry.get("options", [])]
        if name not in existing:
            create_field(name, entry["type"], options, actor=actor)
            continue
        field = existing[name]
        if field.kind != entry["type"]:
            fault = f"{name!r} exists and is a {field.kind}."
            raise Invalid([FieldError("custom_fields", "invalid_value", message=fault)])
        known = {option.name for option in field.options.all()}
        for option in options:
            if option not in known:
                add_option(field, option, actor=actor)
        _in_order(list(field.options.order_by("position", "id")), options)
    names = [_name(entry) for entry in entries]
    _in_order(fields_in_order(), names)
    return fields_in_order()[: len(names)]


def _field_shown(field: CustomField) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": field.number, "name": field.name, "type": field.kind}
    if field.has_options:
        shown["options"] = [{"id": option.number, "name": option.name} for option in field.options.all()]
    return shown


def _load_sources(names: Sequence[str]) -> list[Source]:
    existing = set(Source.objects.filter(name__in=names).values_list("name", flat=True))
    last = Source.objects.aggregate(last=Max("number"))["last"] or 0
    missing = [name for name in names if name not in existing]
    Source.objects.bulk_create(
        Source(name=name, number=number, position=number) for number, name in enumerate(missing, start=last + 1)
    )
    return _in_order(list(Source.objects.all()), names)


def _load_tags(colors: dict[str, str]) -> list[Tag]:
    tags_by_name(list(colors))
    tags = _in_order(list(Tag.objects.all()), list(colors))
    for tag in tags:
        wanted = colors[tag.name]
        if wanted and wanted != tag.color:
            tag.color = wanted
            tag.save(update_fields=["color"])
    return tags


def _in_order(rows: list[_Row], names: Sequence[str]) -> list[_Row]:
    """Number the positions, the named rows first; returns those."""
    places = {name: place for place, name in enumerate(names)}
    ordered = sorted(rows, key=lambda row: places.get(row.name, len(places)))
    for position, row in enumerate(ordered, start=1):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])
    return ordered[: len(names)]


def _faults(document: object) -> Iterator[FieldError]:
    if not isinstance(document, dict):
        yield FieldError(
            "catalogue", "invalid_type", message="A catalogue is an object with sources, tags and custom_fields."
        )
        return
    for part in sorted(document.keys() - _KEYS):
        yield FieldError(
            str(part), "invalid_value", message="A catalogue has sources, tags and custom_fields, nothing else."
        )
    for part in _KEYS:
        entries = document.get(part, [])
        if not isinstance(entries, list):
            yield FieldError(part, "invalid_type", message="This must be a list.")
            continue
        names: set[str] = set()
        for index, entry in enumerate(entries):
            yield from _entry_faults(part, f"{part}.{index}", entry, names)


def _entry_faults(part: str, place: str, entry: object, names: set[str]) -> Iterator[FieldError]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        yield FieldError(place, "invalid_type", message="This must be an object with a name.")
        return
    for key in sorted(entry.keys() - _KEYS[part]):
        yield FieldError(f"{place}.{key}", "invalid_value", message="There is no such key.")
    name = _name(entry)
    if not name:
        yield FieldError(f"{place}.name", "required")
    yield from fault_of_text(f"{place}.name", name, _LONGEST_NAME[part])
    if name in names:
        yield FieldError(f"{place}.name", "invalid_value", message=f"The name {name!r} is there twice.")
    names.add(name)
    color = entry.get("color", "#000000")
    if not isinstance(color, str) or not _COLOR.match(color):
        yield FieldError(f"{place}.color", "invalid_value", message="A colour looks like #2563eb.")
    if part == "custom_fields":
        yield from _field_faults(place, entry)


def _field_faults(place: str, entry: dict[str, Any]) -> Iterator[FieldError]:
    kind, options = entry.get("type"), entry.get("options", [])
    if kind not in CustomFieldKind.values:
        message = f"A type is one of {', '.join(CustomFieldKind.values)}."
        yield FieldError(f"{place}.type", "invalid_value", {"choices": CustomFieldKind.values}, message)
    if not isinstance(options, list) or not all(isinstance(option, str) and option.strip() for option in options):
        yield FieldError(f"{place}.options", "invalid_type", message="This must be a list of names.")
        return
    if options and kind not in KINDS_WITH_OPTIONS:
        yield FieldError(f"{place}.options", "invalid_value", message="Only select and select_multi have options.")
    if len({option.strip() for option in options}) < len(options):
        yield FieldError(f"{place}.options", "invalid_value", message="An option is there twice.")
    for option in options:
        yield from fault_of_text(f"{place}.options", option.strip(), LONGEST_NAME)


def _name(entry: dict[str, str]) -> str:
    return entry["name"].strip()
