"""The list of contacts as a file: the rows that the list would show on all of its pages, in its order."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from unfold.decorators import action

from accounts.exceptions import Invalid
from accounts.roles import Right
from accounts.tenancy import current_organization
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.refusals import refusals_of
from contacts.admin.filters import shows_deleted
from contacts.exporting.formats import writer_of
from contacts.exporting.running import Export


def _export_as(format_name, description):
    @action(description=description, url_path=f"export/{format_name}", permissions=["export"])
    def export(model_admin, request):
        return model_admin.exported(request, format_name)

    return export


class ExportingMixin(TenantModelAdmin):
    """A button above the list, with a menu of formats (``contacts.exporting.formats.FORMATS``)."""

    export_csv = _export_as("csv", "CSV")
    export_xlsx = _export_as("xlsx", "Excel workbook")
    export_vcard = _export_as("vcard", "vCards")
    export_json = _export_as("json", "JSON lines")
    export_winnerr = _export_as("winnerr", "Winnerr pages")
    export_rentalot = _export_as("rentalot", "Rentalot pages")
    export_estateprime = _export_as("estateprime", "EstatePrime pages")
    actions_list = (
        {
            "title": "Export",
            "icon": "download",
            "items": [
                *("export_csv", "export_xlsx", "export_vcard", "export_json"),
                *("export_winnerr", "export_rentalot", "export_estateprime"),
            ],
        },
    )

    def has_export_permission(self, request):
        # Never the deleted ones: no file says that they were deleted, and whoever reads it would bring them back.
        may = self.has_view_permission(request) and self.allows(request, Right.EXPORT_CONTACTS)
        return may and not shows_deleted(request)

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        shown = context["cl"].get_query_string(remove=[PAGE_VAR]) if "cl" in context else ""
        if shown.strip("?"):
            for item in (item for menu in context["actions_list"] for item in menu["items"]):
                item["path"] += shown
        return response

    def exported(self, request, format_name) -> HttpResponseBase:
        """The file. What is wrong with what was asked for is said above the list."""
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(f"{self.address_of('changelist')}?e=1")
        organization = current_organization()
        contacts = changelist.queryset.select_related(None).prefetch_related(None)
        try:
            export = Export(
                organization.pk, format_name, contacts, actor=actor_of(request), narrowed_by=request.GET.keys()
            )
        except Invalid as error:
            for refusal in refusals_of(error):
                self.message_user(request, refusal.message, messages.ERROR)
            return redirect(self.address_of("changelist"))
        # The unit of work of this request is over when the file is read; the export opens its own.
        writer = writer_of(format_name)
        response = StreamingHttpResponse(export.pieces(), content_type=writer.content_type)
        name = f"contacts-{organization.slug}-{timezone.localdate().isoformat()}{writer.suffix}"
        response["Content-Disposition"] = content_disposition_header(True, name)
        return response
