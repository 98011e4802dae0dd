"""Sources: where contacts come from, as the staff picks them."""

from __future__ import annotations

from django.contrib import admin

from accounts.roles import Right
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site
from contacts.models import Source
from contacts.services.sources import create_source, delete_source, rename_source


@admin.register(Source, site=site)
class SourceAdmin(TenantModelAdmin):
    view_right = Right.READ_CONTACTS
    add_right = Right.MANAGE_CATALOGUE
    change_right = Right.MANAGE_CATALOGUE
    delete_right = Right.MANAGE_CATALOGUE
    in_palette = True
    palette_icon = "alt_route"
    fields = ("name",)
    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("position", "id")
    sortable_by = ()
    actions = None

    def save_through_service(self, request, form, formsets, change):
        name, actor = form.cleaned_data["name"], actor_of(request)
        return rename_source(form.instance, name, actor=actor) if change else create_source(name, actor=actor)

    def delete_through_service(self, request, row):
        delete_source(row, actor=actor_of(request))
