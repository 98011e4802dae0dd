"""What a column can become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contacts.importing.columns.column import Reader, texts
from contacts.importing.columns.lists import read_media, read_tags
from contacts.importing.columns.moments import ORDERS
from contacts.importing.columns.people import read_names, read_related_people
from contacts.importing.columns.places import read_places
from contacts.importing.columns.points import read_emails, read_phones
from contacts.importing.columns.remarks import custom_parameter, read_custom_fields, read_notes, read_preferences
from contacts.importing.columns.values import (
    read_choices,
    read_identifiers,
    read_is_company,
    read_languages,
    read_members,
    read_moments,
)
from contacts.importing.context import Context, KnownField
from contacts.rules import LONGEST

# What may follow the identifier and a colon: nothing, any label, a separator, an order of days and months, a custom field.
NO_PARAMETER: Final = "none"
LABEL: Final = "label"
SEPARATOR: Final = "separator"
ORDER: Final = "order"
FIELD: Final = "field"

POINT_LABELS: Final = ("Mobile", "Home", "Work", "Fax", "Other")
PLACE_LABELS: Final = ("Home", "Work", "Other")
PEOPLE: Final = ("Spouse", "Partner", "Assistant")


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column can become: what mappings call it, what people call it, and how its cells are read.

    ``field`` is where faults of its values are reported (``contacts.rules``). Where ``is_shared``, several columns may
    become it. ``offered`` are parameters to choose from; others are accepted.
    """

    identifier: str
    verbose_name: str
    reader: Reader
    field: str = ""
    is_shared: bool = False
    parameter: str = NO_PARAMETER
    offered: tuple[str, ...] = ()


def _targets() -> Iterator[Target]:
    for identifier, name in (
        ("full_name", "Full name"),
        ("first_name", "First name"),
        ("middle_name", "Middle name"),
        ("last_name", "Last name"),
        ("name_prefix", "Title before the name"),
        ("name_suffix", "Suffix after the name"),
    ):
        yield Target(identifier, name, read_names)
    yield Target("company_name", "Company", texts)
    yield Target("is_company", "Is a company (yes or no)", read_is_company)
    for read, point, name, further in (
        (read_emails, "email", "E-mail", "e-mails"),
        (read_phones, "phone", "Phone", "phones"),
    ):
        labelled = {"is_shared": True, "parameter": LABEL, "offered": POINT_LABELS}
        yield Target(point, name, read, **labelled)  # type: ignore[arg-type]  # the same three for both
        yield Target(f"further_{point}", f"Further {name.lower()}", read, f"further_{point}s", **labelled)  # type: ignore[arg-type]  # as above
        yield Target(f"further_{point}s", f"Further {further}, between semicolons", read, is_shared=True)
        yield Target(f"{point}_label", f"{name}: label", read, is_shared=True)
        yield Target(f"{point}_note", f"{name}: note", read, is_shared=True)
    for identifier, name in (
        ("street", "Street"),
        ("city", "City"),
        ("state", "State"),
        ("zip_code", "Zip code"),
        ("country", "Country"),
        ("address", "Whole address"),
    ):
        is_shared = identifier in {"street", "address"}
        yield Target(identifier, name, read_places, is_shared=is_shared, parameter=LABEL, offered=PLACE_LABELS)
    for identifier in ("type", "status", "stage", "role"):
        yield Target(identifier, identifier.capitalize(), read_choices)
    yield Target("source", "Source", texts)
    yield Target("referral_source", "Referral source", texts)
    yield Target("channel_preference", "Channel preference", texts)
    yield Target("language", "Language", read_languages)
    yield Target("notes", "Notes", read_notes, is_shared=True, parameter=LABEL)
    yield Target("tags", "Tags", read_tags, is_shared=True, parameter=SEPARATOR)
    yield Target("do_not_contact_by", "Do not contact by", read_media)
    yield Target(
        "mailing_status",
        "Newsletter status, as a tag and objection",
        read_tags,
        "tags",
        is_shared=True,
        parameter=LABEL,
    )
    yield Target("assigned_to", "Assigned to", read_members)
    yield Target("communication_method", "Communication method", read_preferences, "preferences.communication_method")
    yield Target(
        "property_types", "Property types", read_preferences, "preferences.property_types", parameter=SEPARATOR
    )
    yield Target("price_from", "Price from", read_preferences, "preferences.price_range.min")
    yield Target("price_to", "Price to", read_preferences, "preferences.price_range.max")
    yield Target("locations", "Locations", read_preferences, "preferences.locations", parameter=SEPARATOR)
    for part, name in (("name", "name"), ("phone", "phone"), ("email", "e-mail")):
        identifier = f"related_{part}"
        yield Target(
            identifier,
            f"Related person: {name}",
            read_related_people,
            "related_people",
            parameter=LABEL,
            offered=PEOPLE,
        )
    yield Target("created_at", "Created at", read_moments, parameter=ORDER, offered=ORDERS)
    yield Target("last_contacted_at", "Last contacted at", read_moments, parameter=ORDER, offered=ORDERS)
    yield Target("uuid", "ID (UUID)", read_identifiers)
    yield Target("number", "Number", read_identifiers)
    yield Target("winnerr_key", "ID of Winnerr", read_identifiers)
    yield Target("custom", "Custom field", read_custom_fields, "custom_fields", parameter=FIELD)


TARGETS: Final[dict[str, Target]] = {target.identifier: target for target in _targets()}


class UnknownTarget(ValueError):
    """Nothing a column can become; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A target with its parameter, as a mapping says it: ``phone:Mobile``, ``custom:7``, ``tags``."""

    target: Target
    parameter: str = ""

    def __str__(self) -> str:
        return f"{self.target.identifier}:{self.parameter}" if self.parameter else self.target.identifier

    @property
    def place(self) -> tuple[str, str]:
        """What two columns that are not shared cannot both become."""
        parameter = custom_parameter(self.parameter)[0] if self.target.parameter == FIELD else self.parameter
        return self.target.identifier, parameter if self.target.parameter in {LABEL, FIELD} else ""

    def verbose_name(self, context: Context) -> str:
        """What people call it."""
        if self.target.parameter == FIELD:
            number, order = custom_parameter(self.parameter)
            known = field_named(number, context)
            name = known.name if known else self.target.verbose_name
            return f"{name} ({order})" if order else name
        return f"{self.target.verbose_name} ({self.parameter})" if self.parameter else self.target.verbose_name


def field_named(text: str, context: Context) -> KnownField | None:
    """The custom field with a number or, exactly or else without capitals, a name; the first where several have it."""
    for matches in (
        lambda known: str(known.number) == text,
        lambda known: known.name == text,
        lambda known: known.name.casefold() == text.strip().casefold(),
    ):
        found = next((known for known in context.fields if matches(known)), None)
        if found is not None:
            return found
    return None


def choice(text: str, context: Context) -> Choice:
    """The choice that is written. Raises ``UnknownTarget``. A custom field is known by its number from here on."""
    identifier, separator, parameter = text.partition(":")
    target = TARGETS.get(identifier)
    if target is None or (separator and not parameter):
        raise UnknownTarget("is nothing a column can become")
    if target.parameter == FIELD:
        return Choice(target, _field_parameter(parameter, context))
    if parameter and target.parameter == NO_PARAMETER:
        raise UnknownTarget(f"takes nothing after {identifier}")
    if parameter and target.parameter == ORDER and parameter not in ORDERS:
        raise UnknownTarget(f"takes {' or '.join(ORDERS)} after {identifier}")
    if target.parameter == SEPARATOR and parameter and not _is_separator(parameter):
        raise UnknownTarget(f"takes one sign after {identifier}, like ; or |")
    if target.parameter == LABEL and len(parameter) > LONGEST["email_label"]:
        raise UnknownTarget(f"takes at most {LONGEST['email_label']} characters after {identifier}")
    return Choice(target, parameter)


def _is_separator(text: str) -> bool:
    return len(text) == 1 and not text.isalnum() and not text.isspace() and text != '"'


def _field_parameter(parameter: str, context: Context) -> str:
    # A name may end like an order of days and months.
    known, order = field_named(parameter, context), ""
    if known is None:
        name, order = custom_parameter(parameter)
        known = field_named(name, context)
    if known is None:
        raise UnknownTarget("names no custom field")
    return f"{known.number}:{order}" if order else str(known.number)


def choices(context: Context, also: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Everything a column can become, by identifier and in words, for lists to choose from; ``also`` those in use."""
    offered = [
        Choice(target, parameter)
        for target in TARGETS.values()
        if target.parameter != FIELD
        for parameter in ("", *target.offered)
    ]
    offered += [Choice(TARGETS["custom"], str(known.number)) for known in context.fields]
    named = {str(each): each.verbose_name(context) for each in offered}
    for text in also:
        if text not in named:
            named[text] = choice(text, context).verbose_name(context)
    return list(named.items())
