"""The contact list and the contact page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin import register
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST
from unfold.decorators import display

from accounts.exceptions import DomainError, Duplicate, Invalid
from accounts.roles import Right
from activities.models import Communication
from activities.querysets import timeline
from config.dashboard.options import actor_of
from config.dashboard.paginator import CappedPaginator
from config.dashboard.refusals import Refusal, Refused, place_of, refusals_of, sentence
from config.dashboard.site import site
from contacts.admin.actions import (
    assign_selected_contacts,
    delete_selected_contacts,
    restore_selected_contacts,
    tag_selected_contacts,
)
from contacts.admin.custom_values import PREFIX, as_sentence, form_fields, own_fields, values_shown
from contacts.admin.exporting import ExportingMixin
from contacts.admin.fields import joined_words
from contacts.admin.filters import (
    AssigneeFilter,
    MediumFilter,
    ScoreFilter,
    SourceFilter,
    StateFilter,
    StatusFilter,
    TagFilter,
    TypeFilter,
    custom_filters,
    is_custom_filter,
    shows_deleted,
)
from contacts.admin.forms import STALE, ContactForm, draft_of, preferences_of
from contacts.admin.history import change_lines
from contacts.admin.inlines import INLINES, changed_rows, kept_rows
from contacts.admin.messaging import MessagingMixin
from contacts.admin.panels import entries_shown, score_shown
from contacts.models import Contact, ContactChange, ContactStatus, ContactType, TaggedContact
from contacts.scores import explain_score
from contacts.search import search_contacts, search_text_contains, words_of
from contacts.services import create_contact, delete_contact, restore_contact, update_contact

NEWEST_ENTRIES = 30
CHANGES_PER_PAGE = 25
TAGS_IN_LIST = 2

FIELDSETS = (
    (
        "Person",
        {
            "fields": (
                ("first_name", "last_name"),
                ("full_name", "company_name"),
                "is_company",
                ("email", "email_label"),
                ("phone", "phone_label"),
                ("type", "status"),
                ("assigned_to", "source"),
                "tag_names",
                "notes",
            )
        },
    ),
    (
        "Preferences",
        {
            "classes": ["tab"],
            "fields": (("price_min", "price_max"), "property_types", "locations", ("communication_method", "language")),
        },
    ),
    (
        "Address",
        {"classes": ["tab"], "fields": ("street", ("city", "state"), ("zip_code", "country"))},
    ),
    (
        "Renting",
        {"classes": ["tab"], "fields": (("stage", "role"), ("channel_preference", "referral_source"))},
    ),
    (
        "Remarks on e-mail and phone",
        {"classes": ["tab"], "fields": (("email_note", "phone_note"),)},
    ),
)


@register(Contact, site=site)
class ContactAdmin(ExportingMixin, MessagingMixin):
    view_right = Right.READ_CONTACTS
    add_right = Right.WRITE_CONTACTS
    change_right = Right.WRITE_CONTACTS
    delete_right = Right.WRITE_CONTACTS
    has_history = True
    in_palette = True
    palette_icon = "person"
    form = ContactForm
    fieldsets = FIELDSETS
    inlines = INLINES
    list_display = (
        "shown_name",
        "shown_email",
        "shown_phone",
        "shown_type",
        "shown_status",
        "shown_score",
        "shown_assignee",
        "shown_tags",
        "shown_last_contacted",
        "shown_created",
    )
    list_display_links = ("shown_name",)
    list_filter = (
        *(TypeFilter, StatusFilter, SourceFilter, ScoreFilter, TagFilter, AssigneeFilter),
        *(MediumFilter, StateFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("assigned_to",)
    # Both stand in an index; sorting by anything else would read the whole organization.
    sortable_by = ("shown_score", "shown_created")
    ordering = ("-created_at", "-id")
    search_fields = ("search_text",)
    search_help_text = "Any words of a name, company, e-mail or phone"
    actions = (
        assign_selected_contacts,
        tag_selected_contacts,
        delete_selected_contacts,
        restore_selected_contacts,
    )
    places = {
        "preferences.price_range": "price_min",
        "preferences.price_range.min": "price_min",
        "preferences.price_range.max": "price_max",
        "preferences.communication_method": "communication_method",
        "preferences.property_types": "property_types",
        "preferences.locations": "locations",
        "tags": "tag_names",
    }

    # Who may do what.

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_live)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_live)

    def has_bulk_update_permission(self, request):
        return self.allows(request, Right.BULK_UPDATE_CONTACTS)

    def get_actions(self, request):
        names = {"restore_selected_contacts"}
        shown = shows_deleted(request)
        return {name: entry for name, entry in super().get_actions(request).items() if (name in names) == shown}

    # The team's own fields, which no class can declare.

    def get_fieldsets(self, request, obj=None):
        fields = own_fields(request)
        if not fields or (obj is not None and not self.has_change_permission(request, obj)):
            # Who may only read gets the values in the page: they are no columns, and lead to contacts.
            return self.fieldsets
        names = tuple(own.name for own in fields)
        return (*self.fieldsets, ("Custom fields", {"classes": ["tab"], "fields": names}))

    def get_form(self, request, obj=None, change=False, **kwargs):
        fields = {"own_fields": own_fields(request), **form_fields(request, obj)}
        form = type(self.form.__name__, (self.form,), fields)
        return super().get_form(request, obj, change=change, **{"form": form, **kwargs})

    # The list.

    def get_list_filter(self, request):
        return (*self.list_filter, *custom_filters(own_fields(request)))

    def lookup_allowed(self, lookup, value, request=None):
        return is_custom_filter(lookup) or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request):
        # Deleted ones have a page too, to be restored from; lists leave them out (StateFilter, get_search_results).
        tagged = TaggedContact.objects.select_related("tag").order_by("position", "id")
        return super().get_queryset(request).visible_to(actor_of(request)).prefetch_related(Prefetch("tagged", tagged))

    def get_search_results(self, request, queryset, search_term):
        if shows_deleted(request):
            return search_text_contains(queryset, words_of(search_term)), False
        return search_contacts(queryset.active(), search_term), False

    @display(description="Name")
    def shown_name(self, contact):
        return _in_one_line(contact.display_name)

    @display(description="E-mail")
    def shown_email(self, contact):
        return _in_one_line(contact.email or "-")

    @display(description="Phone")
    def shown_phone(self, contact):
        return _in_one_line(contact.phone or "-")

    @display(description="Score", ordering="lead_score")
    def shown_score(self, contact):
        return contact.lead_score

    @display(description="Assigned to")
    def shown_assignee(self, contact):
        return _in_one_line(contact.assigned_to or "-")

    @display(
        description="Type",
        label={"Lead": "info", "Client": "success", "Past client": "success", "Referral": "warning"},
    )
    def shown_type(self, contact):
        return ContactType(contact.type).label

    @display(
        description="Status",
        label={"Active": "success", "Converted": "info", "Do not contact": "danger", "Disqualified": "warning"},
    )
    def shown_status(self, contact):
        return ContactStatus(contact.status).label

    @display(description="Tags")
    def shown_tags(self, contact):
        tagged = list(contact.tagged.all())
        labels = format_html_join(
            " ",
            '<span class="inline-flex items-center gap-1.5 whitespace-nowrap rounded-default bg-base-500/8 px-2 py-1 text-xs'
            ' dark:bg-base-500/20"><span class="inline-block rounded-full" style="width:8px;height:8px;background:{}"></span>'
            "{}</span>",
            ((each.tag.color, each.tag.name) for each in tagged[:TAGS_IN_LIST]),
        )
        more = f"+{len(tagged) - TAGS_IN_LIST}" if len(tagged) > TAGS_IN_LIST else ""
        return format_html('<span class="inline-flex flex-wrap gap-1">{} {}</span>', labels, more) if tagged else "-"

    @display(description="Contacted")
    def shown_last_contacted(self, contact):
        return _day(contact.last_contacted_at)

    @display(description="Created", ordering="created_at")
    def shown_created(self, contact):
        return _day(contact.created_at)

    # Fields of the form that are no columns, for those who may only read.

    @display(description="Tags")
    def tag_names(self, contact):
        return joined_words([each.tag.name for each in contact.tagged.all()]) or "-"

    @display(description="Preferred way to talk")
    def communication_method(self, contact):
        return preferences_of(contact)["communication_method"] or "-"

    @display(description="Property types")
    def property_types(self, contact):
        return joined_words(preferences_of(contact)["property_types"]) or "-"

    @display(description="Price from")
    def price_min(self, contact):
        return preferences_of(contact)["price_min"]

    @display(description="Price to")
    def price_max(self, contact):
        return preferences_of(contact)["price_max"]

    @display(description="Locations")
    def locations(self, contact):
        return joined_words(preferences_of(contact)["locations"]) or "-"

    # The page.

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            explanation = explain_score(obj, has_secondary_phone=obj.further_phones.exists())
            entries = timeline(obj, limit=NEWEST_ENTRIES)
            said = (entry.row.uuid for entry in entries if isinstance(entry.row, Communication))
            context.update(
                score=score_shown(explanation),
                timeline=entries_shown(entries),
                messaging=self.messaging_shown(request, obj, said),
                deletion=None if obj.is_live else self._deletion(obj),
                can_restore=not obj.is_live and self.has_delete_permission(request),
            )
            if not self.has_change_permission(request, obj):
                fields, actor = own_fields(request), actor_of(request)
                context["own_values"] = values_shown(fields, obj, actor, address_of=self.address_of)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _deletion(self, contact):
        changes = ContactChange.objects.filter(contact=contact, verb="deleted").order_by("-id")[:1]
        return next(iter(change_lines(list(changes))), None)

    def save_through_service(self, request, form, formsets, change):
        actor = actor_of(request)
        draft = draft_of(form, changed_rows(formsets))
        try:
            if not change:
                return create_contact(draft, actor=actor)
            # The row of the form may be older than what the service will change: compare under the lock it takes too.
            fresh = Contact.objects.select_for_update(of=("self",)).get(pk=form.instance.pk)
            if fresh.version != form.cleaned_data["version"]:
                raise Refused(Refusal(STALE))
            return update_contact(fresh, draft, actor=actor, score=True) if draft.said() else fresh
        except Invalid as error:
            raise Refused(*_refusals_by_row(error, formsets, self.places)) from error

    def delete_through_service(self, request, row):
        delete_contact(row, actor=actor_of(request))

    def refusals_of(self, request: HttpRequest, error: DomainError) -> Iterable[Refusal]:
        if not isinstance(error, Duplicate):
            return refusals_of(error, self.places)
        visible = Contact.objects.active().visible_to(actor_of(request))
        holder = visible.filter(pk=error.existing_id or 0).first()
        if holder is None:
            return [Refusal("Another contact has this e-mail address already.", "email")]
        link = format_html('<a class="underline" href="{}">{}</a>', self.address_of("change", holder.pk), holder)
        return [Refusal(format_html("{} has this e-mail address already.", link), "email")]

    # Restoring, and what was changed.

    def get_urls(self):
        restore = path(
            "<path:object_id>/restore/",
            self.admin_site.admin_view(require_POST(self.restore_view)),
            name="contacts_contact_restore",
        )
        return [restore, *super().get_urls()]

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        contact = self._visible_or_404(request, object_id)
        if not super().has_delete_permission(request):
            raise PermissionDenied
        try:
            restore_contact(contact, actor=actor_of(request))
        except DomainError as error:
            for refusal in self.refusals_of(request, error):
                self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"{contact} is back.", messages.SUCCESS)
        return redirect(self.address_of("change", contact.pk))

    def history_view(self, request, object_id, extra_context=None):
        contact = self._visible_or_404(request, object_id)
        paginator = CappedPaginator(ContactChange.objects.filter(contact=contact).order_by("-id"), CHANGES_PER_PAGE)
        number = request.GET.get("p", "1")
        page = paginator.get_page(number if number.isdecimal() else "1")
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {contact}",
            "opts": self.opts,
            "object": contact,
            "page": page,
            "lines": change_lines(list(page.object_list)),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/contacts/contact/object_history.html", context)

    def _visible_or_404(self, request: HttpRequest, object_id: str) -> Contact:
        contact = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if contact is None:
            raise Http404
        return contact


def _refusals_by_row(error: Invalid, formsets: Iterable[Any], places: dict[str, str]) -> Iterable[Refusal]:
    """Faults of ``further_emails.1.email`` stand beside the second row that was kept."""
    rows = {formset.prefix: [number for number, _ in kept_rows(formset)] for formset in formsets}
    for fault in error.errors:
        name, _, rest = fault.field.partition(".")
        index, _, column = rest.partition(".")
        if name == "custom_fields":
            yield Refusal(as_sentence(fault.message), f"{PREFIX}{rest}")
            continue
        if name in rows and index.isdecimal() and int(index) < len(rows[name]):
            yield Refusal(sentence(fault), column or "member", name, rows[name][int(index)])
        else:
            yield Refusal(sentence(fault), place_of(fault.field, places))


def _in_one_line(text) -> str:
    return format_html(
        '<span class="inline-block align-middle max-w-40 truncate whitespace-nowrap" title="{}">{}</span>', text, text
    )


def _day(moment) -> str:
    if moment is None:
        return "Never"
    moment = timezone.localtime(moment)
    words = date_format(moment, "M j" if moment.year == timezone.localtime().year else "M j, Y")
    return format_html(
        '<span class="whitespace-nowrap" title="{}">{}</span>', date_format(moment, "DATETIME_FORMAT"), words
    )
