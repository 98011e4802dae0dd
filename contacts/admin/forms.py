"""The contact form: what is typed, as a draft of what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextareaWidget

from accounts.models import Member
from config.dashboard.forms import ServiceForm
from contacts.admin.custom_values import OwnField, changed_values
from contacts.admin.fields import SuggestingInput, WordsField
from contacts.drafts import ContactDraft, PreferencesDraft, PriceRange
from contacts.models import Contact, Source
from contacts.rules import PLAIN_FIELDS

COMMUNICATION_METHODS = ("EMAIL", "PHONE", "SMS", "WHATSAPP")
# What a program prints as examples (CONTRACTS 1.3); any other word may be typed.
PROPERTY_TYPES = "Separated by commas, such as SINGLE_FAMILY, CONDO, TOWNHOUSE."
MOST_SUGGESTIONS = 200
PREFERENCES = ("communication_method", "property_types", "price_min", "price_max", "locations")
# Fields that reach the draft under their own name.
SAME_NAME = {*PLAIN_FIELDS, "first_name", "last_name", "full_name", "type"}
STALE = (
    "Somebody else has changed this contact since you opened it. Nothing was saved: open the contact again to see the"
    " newer version, then repeat your change."
)


def source_names() -> Iterable[str]:
    """The catalogue of the organization in scope."""
    return Source.objects.values_list("name", flat=True)[:MOST_SUGGESTIONS]


class ContactForm(ServiceForm):
    """``version`` is the one the page was loaded with: a newer one is never overwritten.

    ``own_fields`` are the team's, whose form fields the page adds to the class it makes for one request.
    """

    own_fields: ClassVar[Sequence[OwnField]] = ()

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    source = forms.CharField(required=False, max_length=100, widget=SuggestingInput(source_names))
    tag_names = WordsField(
        required=False,
        label="Tags",
        help_text='Separated by commas; a tag with a comma in it goes in quotes, as in "Smith, Jones". New names become new tags.',
    )
    communication_method = forms.CharField(
        required=False, label="Preferred way to talk", widget=SuggestingInput(lambda: COMMUNICATION_METHODS)
    )
    property_types = WordsField(required=False, label="Property types", help_text=PROPERTY_TYPES)
    price_min = forms.FloatField(required=False, label="Price from", widget=UnfoldAdminDecimalFieldWidget)
    price_max = forms.FloatField(required=False, label="Price to", widget=UnfoldAdminDecimalFieldWidget)
    locations = WordsField(required=False, help_text="Separated by commas.")

    class Meta:
        model = Contact
        fields: tuple[str, ...] = ()
        labels = {
            "full_name": "Name as written",
            "company_name": "Company",
            "is_company": "Is a company",
            "email": "E-mail",
            "email_label": "E-mail label",
            "email_note": "About the e-mail",
            "phone_note": "About the phone",
            "zip_code": "ZIP code",
        }
        widgets = {"notes": UnfoldAdminTextareaWidget(attrs={"rows": 5})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(preferences_of(self.instance))
        if self.instance.pk is not None:
            self.initial["version"] = self.instance.version
            self.initial["tag_names"] = [tagged.tag.name for tagged in self.instance.tagged.select_related("tag")]
        if "assigned_to" in self.fields:
            choosable = Q(is_active=True) | Q(pk=self.instance.assigned_to_id)
            self.fields["assigned_to"].queryset = Member.objects.filter(choosable)  # type: ignore[attr-defined]  # a choice of members

    def clean(self) -> dict[str, Any]:
        if self.instance.pk is not None and self.cleaned_data.get("version") != self.instance.version:
            raise ValidationError(STALE, code="stale")
        self.custom_values = changed_values(self, self.own_fields, self.instance)
        return self.cleaned_data

    def draft_fields(self) -> dict[str, Any]:
        """What was changed, under the draft's names."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name in SAME_NAME}
        if "tag_names" in self.changed_data:
            changed["tags"] = self.cleaned_data["tag_names"]
        if "assigned_to" in self.changed_data:
            member = self.cleaned_data["assigned_to"]
            changed["assigned_to"] = member.pk if member else None
        if set(PREFERENCES) & set(self.changed_data):
            changed["preferences"] = self._preferences()
        if self.custom_values:
            changed["custom_values"] = self.custom_values
        return changed

    def _preferences(self) -> PreferencesDraft:
        said = {name: self.cleaned_data[name] for name in PREFERENCES if name in self.changed_data}
        fields: dict[str, Any] = {
            name: said[name] or (None if name == "communication_method" else ())
            for name in ("communication_method", "property_types", "locations")
            if name in said
        }
        if "price_min" in said or "price_max" in said:
            bounds = {bound: _number(self.cleaned_data[f"price_{bound}"]) for bound in ("min", "max")}
            fields["price_range"] = PriceRange(**bounds) if any(v is not None for v in bounds.values()) else None
        return PreferencesDraft(**fields)


def preferences_of(contact: Contact) -> dict[str, Any]:
    """The stored preferences, under the form's names."""
    stored = contact.preferences or {}
    price = stored.get("price_range") or {}
    return {
        "communication_method": stored.get("communication_method") or "",
        "property_types": stored.get("property_types") or (),
        "price_min": price.get("min"),
        "price_max": price.get("max"),
        "locations": stored.get("locations") or (),
    }


def _number(value: float | None) -> int | float | None:
    return int(value) if value is not None and value.is_integer() else value


def draft_of(form: ContactForm, rows: dict[str, Any]) -> ContactDraft:
    """The draft of a contact page: its own fields and the replaced lists of child rows."""
    return ContactDraft(**form.draft_fields(), **rows)
