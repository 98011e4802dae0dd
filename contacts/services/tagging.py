"""Tags on contacts: the one place that writes them, because a tag without its organization must never be looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.db.models import F, Max
from django.utils.text import slugify

from accounts.among import among
from accounts.models import Organization
from accounts.prepared import OneOf, PreparedQuery, Slot, kept, prepare
from contacts.models import Tag, TaggedContact

# The first three are printed with the vendor's own tags (CONTRACTS W-C12); tags take them in turn.
PALETTE = (
    "#2563eb",
    "#dc2626",
    "#059669",
    "#d97706",
    "#7c3aed",
    "#0891b2",
    "#be185d",
    "#4d7c0f",
    "#9333ea",
    "#c2410c",
    "#0f766e",
    "#475569",
)


def tags_by_name(names: Collection[str]) -> dict[str, int]:
    """The primary keys of tags by name; those that do not exist yet are made."""
    wanted = list(dict.fromkeys(names))
    found = _existing(wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        found |= _create(missing)
    return found


def _existing(names: Collection[str]) -> dict[str, int]:
    return dict(row for row in _by_name().rows({"names": names}))


@kept
def _by_name() -> PreparedQuery:
    names = Slot("names", models.CharField(max_length=50), is_array=True)
    return prepare(Tag.objects.filter(OneOf(F("name"), names)).values_list("name", "id"))


def _create(names: Sequence[str]) -> dict[str, int]:
    """Make tags. Two requests that make the same one at once both end with the one row (constraint ``tag_name_once``)."""
    # One request at a time: two that make some of the same tags in different orders would each wait for the other.
    Organization.objects.select_for_update(no_key=True).get()
    while True:
        missing = [name for name in names if name not in _existing(names)]
        if not missing:
            return _existing(names)
        try:
            with transaction.atomic():
                Tag.objects.bulk_create(new_tags(missing))
        except IntegrityError:
            # Somebody else made one of them, or took the number, in between: look again.
            continue


def new_tags(names: Iterable[str]) -> list[Tag]:
    """Unsaved tags with the next numbers and colours."""
    last = Tag.objects.aggregate(last=Max("number"))["last"] or 0
    return [
        Tag(
            name=name,
            number=number,
            position=number,
            slug=slug_of(name, number),
            color=PALETTE[(number - 1) % len(PALETTE)],
        )
        for number, name in enumerate(names, start=last + 1)
    ]


def slug_of(name: str, number: int) -> str:
    """Names that differ only in case or accents make the same slug; the number tells them apart."""
    return f"{slugify(name, allow_unicode=True)[:100] or 'tag'}-{number}"


def replace_tags(
    wanted: Mapping[int, Sequence[str]], created_at: Mapping[int, datetime], *, existing: bool = True
) -> None:
    """Make each contact's tags exactly the wanted ones, in that order.

    Both mappings are by primary key of the contact; ``created_at`` is its age. ``existing`` is False for new contacts.
    """
    ids = tags_by_name([name for names in wanted.values() for name in names])
    if existing:
        TaggedContact.objects.filter(among("content_object_id", wanted)).delete()
    TaggedContact.objects.bulk_create(
        TaggedContact(
            content_object_id=contact_id,
            tag_id=ids[name],
            position=position,
            contact_created_at=created_at[contact_id],
        )
        for contact_id, names in wanted.items()
        for position, name in enumerate(names)
    )
