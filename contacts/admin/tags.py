"""Tags: their names, colours and how many contacts have them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from accounts.roles import Right
from config.dashboard.forms import ServiceForm
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site
from contacts.models import Tag
from contacts.services.tags import create_tag, delete_tag, recolour_tag, rename_tag


class TagForm(ServiceForm):
    """A name and a colour. Left alone, a new tag takes the next colour of the palette."""

    color = forms.CharField(
        required=False,
        label="Colour",
        max_length=7,
        widget=UnfoldAdminColorInputWidget,
    )

    class Meta:
        model = Tag
        fields = ("name", "color")


@admin.register(Tag, site=site)
class TagAdmin(TenantModelAdmin):
    view_right = Right.READ_CONTACTS
    add_right = Right.MANAGE_CATALOGUE
    change_right = Right.MANAGE_CATALOGUE
    delete_right = Right.MANAGE_CATALOGUE
    in_palette = True
    palette_icon = "sell"
    form = TagForm
    fields = ("name", "color")
    list_display = ("shown_name", "shown_count")
    list_display_links = ("shown_name",)
    search_fields = ("name",)
    ordering = ("position", "id")
    sortable_by = ()
    actions = None

    def get_queryset(self, request):
        tags = super().get_queryset(request)
        match = getattr(request, "resolver_match", None)
        if match is None or not (match.url_name or "").endswith("_changelist"):
            return tags
        seen = Q(tagged__content_object__deleted_at=None)
        actor = actor_of(request)
        if not actor.sees_all_contacts:
            # A count tells of contacts too (DESIGN section 4, decision 15).
            mine = Q(tagged__content_object__assigned_to_id=actor.member_id)
            shared = Q(tagged__content_object__further_assignees__member_id=actor.member_id)
            seen &= mine | shared
        return tags.annotate(contact_count=Count("tagged__content_object", filter=seen, distinct=True))

    @display(description="Tag")
    def shown_name(self, tag):
        return format_html(
            '<span class="inline-flex items-center gap-2"><span class="inline-block rounded-full"'
            ' style="width:10px;height:10px;background:{}"></span>{}</span>',
            tag.color,
            tag.name,
        )

    @display(description="Contacts")
    def shown_count(self, tag):
        address = f"{reverse('admin:contacts_contact_changelist')}?tag={tag.pk}"
        return format_html('<a class="underline" href="{}">{}</a>', address, f"{tag.contact_count:,}")

    def save_through_service(self, request: Any, form: Any, formsets: Any, change: bool) -> Tag:
        actor, data = actor_of(request), form.cleaned_data
        if not change:
            # The browser's colour input cannot be empty: untouched, it says black.
            color = data["color"] if "color" in form.changed_data and data["color"] != "#000000" else ""
            return create_tag(data["name"], color, actor=actor)
        tag = form.instance
        if "name" in form.changed_data:
            tag = rename_tag(tag, data["name"], actor=actor)
        if "color" in form.changed_data:
            tag = recolour_tag(tag, data["color"], actor=actor)
        return tag

    def delete_through_service(self, request, row):
        delete_tag(row, actor=actor_of(request))
