"""The values of the team's own fields on a contact's page: a form field for each, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from accounts.actor import Actor
from accounts.models import Member
from config.dashboard.options import actor_of
from contacts.custom_fields import definition_of, fields_in_order, type_of, value_of
from contacts.field_types import EMPTY, BadFieldValue, Definition, FieldType, References
from contacts.field_types.base import is_digits
from contacts.field_types.choices import NOT_SAID
from contacts.field_types.markup import shown_html
from contacts.models import Contact, CustomField
from contacts.search import search_contacts

PREFIX = "custom_"
MOST_NAMED = 5
_FIELDS = "_custom_fields"
_MEMBERS = "_active_members"
# Types whose values are members, and those whose values are contacts.
MEMBERS = frozenset({"user", "user_multi"})
CONTACTS = frozenset({"contact", "contact_multi"})
_NUMBERED = re.compile(r"#(\d+)\b", re.ASCII)
_BETWEEN = re.compile(r"[;\r\n]")
_DRESSES: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.Select: UnfoldAdminSelectWidget,
    forms.SelectMultiple: UnfoldAdminSelect2MultipleWidget,
    forms.Textarea: UnfoldAdminTextareaWidget,
    forms.TextInput: UnfoldAdminTextInputWidget,
    forms.URLInput: UnfoldAdminURLInputWidget,
}
_CHOSEN = frozenset({"select_multi", "user_multi"})
_ADDRESSES = frozenset({"file", "file_multi", "image", "image_multi", "url"})


@dataclass(frozen=True)
class OwnField:
    """One of the team's fields with all that a page needs to know of it, read once for a request."""

    field: CustomField
    definition: Definition

    @property
    def name(self) -> str:
        """What the form calls it."""
        return f"{PREFIX}{self.field.number}"

    @property
    def type(self) -> FieldType:
        return type_of(self.field)

    def value(self, contact: Contact) -> Any:
        """The stored value, None where there is none."""
        return value_of(self.field, contact.custom_values)

    def clean(self, value: Any) -> Any:
        """What the form's value would be stored as, None for nothing. Raises ``BadFieldValue``."""
        stored = None if value in EMPTY else self.type.clean(value, self.definition)
        return None if stored in EMPTY else stored


@dataclass(frozen=True)
class Pointed:
    """What values point to, by number: names of members, and the contacts that the actor may see."""

    members: Mapping[int, str]
    contacts: Mapping[int, Contact]


def own_fields(request: HttpRequest) -> list[OwnField]:
    """The fields in use, in their order."""
    known: list[OwnField] | None = getattr(request, _FIELDS, None)
    if known is None:
        known = [OwnField(field, definition_of(field)) for field in fields_in_order()]
        setattr(request, _FIELDS, known)
    return known


def active_members(request: HttpRequest) -> dict[int, str]:
    """The names of the members who can log in, by number."""
    known: dict[int, str] | None = getattr(request, _MEMBERS, None)
    if known is None:
        known = {member.number: member.full_name for member in Member.objects.filter(is_active=True)}
        setattr(request, _MEMBERS, known)
    return known


def pointed_to(fields: Iterable[OwnField], contact: Contact, actor: Actor) -> Pointed:
    """What the contact's values point to, with one statement for each kind of row."""
    wanted = References()
    for own in fields:
        value = own.value(contact)
        if value is not None:
            wanted |= own.type.references(value)
    members = Member.objects.filter(number__in=wanted.members) if wanted.members else ()
    visible = Contact.objects.active().visible_to(actor)
    contacts = visible.filter(number__in=wanted.contacts) if wanted.contacts else ()
    return Pointed(
        {member.number: member.full_name for member in members}, {contact.number: contact for contact in contacts}
    )


# The form.


def form_fields(request: HttpRequest, contact: Contact | None) -> dict[str, forms.Field]:
    """A field for each of the team's, by the name the form calls it, showing what the contact has."""
    fields, contact = own_fields(request), contact or Contact()
    pointed = pointed_to(fields, contact, actor_of(request))
    return {own.name: _form_field(own, own.value(contact), pointed, request) for own in fields}


def _form_field(own: OwnField, stored: Any, pointed: Pointed, request: HttpRequest) -> forms.Field:
    field = _plain_field(own, stored, pointed, request)
    _dress(field)
    field.label = own.field.name
    if stored is not None:
        field.initial = _initial(own, stored, pointed)
        if own.field.kind == "wysiwyg":
            field.help_text = _preview(stored)
    return field


def _plain_field(own: OwnField, stored: Any, pointed: Pointed, request: HttpRequest) -> forms.Field:
    if own.field.kind in MEMBERS:
        return _member_field(own, stored, {**pointed.members, **active_members(request)})
    if own.field.kind in CONTACTS:
        return ContactsField(actor_of(request), several=own.field.kind == "contact_multi")
    return own.type.form_field(own.definition)


def _initial(own: OwnField, stored: Any, pointed: Pointed) -> Any:
    numbers = stored if isinstance(stored, list) else [stored]
    if own.type.references(stored).contacts:
        return "; ".join(_contact_in_a_line(number, pointed) for number in numbers)
    return stored if own.type.references(stored).members else own.type.to_form(stored, own.definition)


def _contact_in_a_line(number: int, pointed: Pointed) -> str:
    contact = pointed.contacts.get(number)
    return f"#{number} {contact.display_name.replace(';', ',')}" if contact else f"#{number}"


def _member_field(own: OwnField, stored: Any, known: Mapping[int, str]) -> forms.Field:
    """A choice of the members who can log in, and of those the contact has already."""
    names = dict(known)
    for number in own.type.references(stored).members if stored is not None else ():
        names.setdefault(number, "A former member")
    if own.field.kind == "user_multi":
        return forms.TypedMultipleChoiceField(choices=list(names.items()), coerce=int, required=False)
    return forms.TypedChoiceField(
        choices=[("", NOT_SAID), *names.items()], coerce=int, empty_value=None, required=False
    )


def _dress(field: forms.Field) -> None:
    """Give the field the dashboard's look."""
    plain = field.widget
    attributes = dict(plain.attrs)
    if isinstance(plain, forms.TextInput):
        attributes["type"] = plain.input_type
    field.widget = _DRESSES[type(plain)](attrs=attributes)
    field.widget.is_required = False
    if isinstance(field, forms.ChoiceField):
        field.widget.choices = field.choices


def _preview(stored: str) -> str:
    return format_html(
        '<span class="block mt-2 text-subtle">Shown as</span><span class="block border border-base-200 mt-1 p-3'
        ' rounded-default dark:border-base-800">{}</span>',
        _html(stored),
    )


class ContactsField(forms.CharField):
    """Contacts by number, as in ``#12``, or by words that find a single one; several are separated by semicolons or lines."""

    def __init__(self, actor: Actor, *, several: bool) -> None:
        self.actor, self.several = actor, several
        hint = "A contact's number, such as #12, or words that find them."
        more = " Several are separated by semicolons." if several else ""
        # One line of a telephone shows no more than two names.
        widget = forms.Textarea(attrs={"rows": 2}) if several else forms.TextInput
        super().__init__(required=False, max_length=10_000, widget=widget, help_text=hint + more)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        found = [self._number(part) for part in (_BETWEEN.split(text) if self.several else [text]) if part.strip()]
        return found if self.several else next(iter(found), None)

    def _number(self, text: str) -> int:
        numbered = _NUMBERED.match(text.strip())
        if numbered or is_digits(text):
            return int(numbered[1] if numbered else text)
        visible = Contact.objects.active().visible_to(self.actor)
        found = list(search_contacts(visible, text).order_by("number")[: MOST_NAMED + 1])
        if len(found) != 1:
            raise ValidationError(_how_many(text.strip(), found))
        return found[0].number


def _how_many(text: str, found: Sequence[Contact]) -> str:
    if not found:
        return f"No contact is found by “{text}”."
    named = ", ".join(f"#{contact.number} {contact.display_name}" for contact in found[:MOST_NAMED])
    return (
        f"Several are found by “{text}”, name one of them by number: {named}{', …' if len(found) > MOST_NAMED else ''}"
    )


def changed_values(form: forms.BaseForm, fields: Iterable[OwnField], contact: Contact) -> dict[int, Any]:
    """What was typed into fields that are no longer as stored, by the field's number; faults go beside their field."""
    changed: dict[int, Any] = {}
    for own in fields:
        if own.name not in form.cleaned_data or own.name not in form.changed_data:
            continue
        value = form.cleaned_data[own.name]
        try:
            if _comparable(own, own.clean(value)) != _comparable(own, own.value(contact)):
                changed[own.field.number] = value
        except BadFieldValue as error:
            form.add_error(own.name, as_sentence(str(error)))
    return changed


def as_sentence(fault: str) -> str:
    """The rest of a sentence that begins with the field's name, where the name stands above it."""
    return f"This {fault}."


def _comparable(own: OwnField, stored: Any) -> Any:
    """The value without what a browser changes by itself: how lines end, and the order of what is chosen from a list."""
    if own.field.kind in _CHOSEN and stored is not None:
        return sorted(stored)
    return stored.replace("\r\n", "\n") if isinstance(stored, str) else stored


# For those who read.


def values_shown(
    fields: Iterable[OwnField], contact: Contact, actor: Actor, *, address_of: Callable[..., str]
) -> list[tuple[str, str]]:
    """The name of each field that has a value, and the value as HTML."""
    fields = list(fields)
    pointed = pointed_to(fields, contact, actor)
    return [
        (own.field.name, _shown(own, value, pointed, address_of))
        for own in fields
        if (value := own.value(contact)) is not None
    ]


def _shown(own: OwnField, stored: Any, pointed: Pointed, address_of: Callable[..., str]) -> str:
    several = stored if isinstance(stored, list) else [stored]
    if own.field.kind == "wysiwyg":
        return _html(stored)
    if own.field.kind in _ADDRESSES:
        return format_html_join(mark_safe("<br>"), _LINK, ((each, each) for each in several))
    references = own.type.references(stored)
    if references.members:
        return ", ".join(pointed.members.get(number, "a former member") for number in several)
    if references.contacts:
        return format_html_join(", ", "{}", ((_contact_shown(each, pointed, address_of),) for each in several))
    return linebreaksbr(own.type.to_cell(stored, own.definition))


_LINK = '<a class="break-all text-primary-600 underline" href="{}" rel="noopener noreferrer nofollow">{}</a>'


def _contact_shown(number: int, pointed: Pointed, address_of: Callable[..., str]) -> str:
    contact = pointed.contacts.get(number)
    if contact is None:
        return f"#{number}"
    return format_html('<a class="underline" href="{}">{}</a>', address_of("change", contact.pk), contact.display_name)


def _html(stored: str) -> str:
    return mark_safe(shown_html(stored))  # noqa: S308 - what shown_html let pass
