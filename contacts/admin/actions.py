"""What can be done to several contacts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.exceptions import DomainError
from accounts.models import Member
from config.dashboard.options import actor_of
from config.dashboard.refusals import refusals_of
from contacts.admin.fields import SuggestingInput
from contacts.drafts import ContactDraft
from contacts.models import Tag
from contacts.services import delete_contacts, restore_contact, update_contacts
from contacts.services.tags import tag_contacts

MOST_AT_ONCE = 1_000
MOST_NAMED = 20


class AssignForm(forms.Form):
    """Who is to look after them; nobody is an answer too."""

    member = forms.ModelChoiceField(
        Member.objects.filter(is_active=True), required=False, empty_label="Nobody", widget=UnfoldAdminSelectWidget
    )


class AddTagForm(forms.Form):
    """The tag to add."""

    tag = forms.CharField(
        max_length=50, widget=SuggestingInput(lambda: Tag.objects.values_list("name", flat=True)[:200])
    )


@admin.action(description="Delete selected contacts", permissions=["delete"])
def delete_selected_contacts(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    def carry_out(ids: list[int], data: dict[str, Any]) -> str:
        return f"{len(delete_contacts(ids, actor=actor_of(request)))} contacts deleted."

    return _asked_first(model_admin, request, queryset, forms.Form, carry_out, "Delete contacts")


@admin.action(description="Assign selected contacts to …", permissions=["bulk_update"])
def assign_selected_contacts(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    def carry_out(ids: list[int], data: dict[str, Any]) -> str:
        member = data["member"]
        draft = ContactDraft(assigned_to=member.pk if member else None)
        changed = update_contacts(ids, draft, actor=actor_of(request))
        return f"{len(changed)} contacts assigned to {member or 'nobody'}."

    return _asked_first(model_admin, request, queryset, AssignForm, carry_out, "Assign contacts")


@admin.action(description="Add a tag to selected contacts …", permissions=["bulk_update"])
def tag_selected_contacts(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    def carry_out(ids: list[int], data: dict[str, Any]) -> str:
        return f"{len(tag_contacts(ids, data['tag'], actor=actor_of(request)))} contacts tagged {data['tag']}."

    return _asked_first(model_admin, request, queryset, AddTagForm, carry_out, "Add a tag")


@admin.action(description="Restore selected contacts", permissions=["delete"])
def restore_selected_contacts(model_admin: Any, request: HttpRequest, queryset: Any) -> None:
    for contact in queryset.deleted()[:MOST_AT_ONCE]:
        try:
            restore_contact(contact, actor=actor_of(request))
        except DomainError as error:
            for refusal in model_admin.refusals_of(request, error):
                model_admin.message_user(request, f"{contact}: {refusal.message}", messages.ERROR)
        else:
            model_admin.message_user(request, f"{contact} is back.", messages.SUCCESS)


def _asked_first(
    model_admin: Any,
    request: HttpRequest,
    queryset: Any,
    form_class: type[forms.Form],
    carry_out: Callable[[list[int], dict[str, Any]], str],
    title: str,
) -> HttpResponse | None:
    """A page that says what is about to happen and asks for what is needed; its button carries it out."""
    chosen = list(queryset.active()[: MOST_AT_ONCE + 1])
    if len(chosen) > MOST_AT_ONCE:
        model_admin.message_user(request, f"At most {MOST_AT_ONCE:,} contacts at once.", messages.ERROR)
        return None
    form = form_class(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        try:
            done = carry_out([contact.pk for contact in chosen], form.cleaned_data)
        except DomainError as error:
            for refusal in refusals_of(error):
                form.add_error(None, refusal.message)
        else:
            model_admin.message_user(request, done, messages.SUCCESS)
            return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "form": form,
        "action": request.POST.get("action", ""),
        "chosen": chosen,
        "named": chosen[:MOST_NAMED],
        "more": max(len(chosen) - MOST_NAMED, 0),
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/contacts/contact/selected.html", context)
