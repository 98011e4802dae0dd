"""The rows that hang on a contact, on its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from accounts.roles import Right
from config.dashboard.inputs import BrowserForm
from config.dashboard.options import TenantTabularInline
from contacts.drafts import EmailDraft, PhoneDraft, RelatedPersonDraft
from contacts.models import ContactAssignee, ContactEmail, ContactPhone, RelatedPerson


class _ChildInline(TenantTabularInline):
    form = BrowserForm
    view_right = Right.READ_CONTACTS
    add_right = Right.WRITE_CONTACTS
    change_right = Right.WRITE_CONTACTS
    delete_right = Right.WRITE_CONTACTS
    tab = True
    max_num = 50
    hide_title = True

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and (obj is None or obj.is_live)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_live)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_live)


class FurtherEmails(_ChildInline):
    model = ContactEmail
    fields = ("email", "label", "note")
    verbose_name_plural = "Further e-mails"


class FurtherPhones(_ChildInline):
    model = ContactPhone
    fields = ("phone", "label", "note")
    verbose_name_plural = "Further phones"


class FurtherAssignees(_ChildInline):
    model = ContactAssignee
    fields = ("member",)
    verbose_name = "further assignee"
    verbose_name_plural = "Further assignees"


class RelatedPeople(_ChildInline):
    model = RelatedPerson
    fields = ("first_name", "last_name", "mobile", "email", "notes")
    verbose_name = "related person"
    verbose_name_plural = "Related people"


INLINES = (FurtherEmails, FurtherPhones, FurtherAssignees, RelatedPeople)

# By the formset's prefix, which is the draft's field too: a row as the draft wants it.
VALUES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "further_emails": lambda data: EmailDraft(email=data["email"], label=data["label"], note=data["note"]),
    "further_phones": lambda data: PhoneDraft(phone=data["phone"], label=data["label"], note=data["note"]),
    "further_assignees": lambda data: data["member"].pk,
    "related_people": lambda data: RelatedPersonDraft(
        **{name: data[name] for name in ("first_name", "last_name", "mobile", "email", "notes")}
    ),
}


def kept_rows(formset: Any) -> Iterable[tuple[int, dict[str, Any]]]:
    """The rows that stay or come, each with the number of its form."""
    deleted = formset.deleted_forms
    for number, form in enumerate(formset.forms):
        if form not in deleted and form.cleaned_data and (form.instance.pk or form.has_changed()):
            yield number, form.cleaned_data


def changed_rows(formsets: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    """The lists that differ from what is stored, under the draft's names."""
    return {
        formset.prefix: tuple(VALUES[formset.prefix](data) for _, data in kept_rows(formset))
        for formset in formsets
        if formset.prefix in VALUES and formset.has_changed()
    }
