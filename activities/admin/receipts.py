"""Receipts: what providers handed over, what became of it, and the quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from accounts.roles import Right
from activities.admin.payloads import event_as_text, payload_as_text
from activities.inbound.rereading import read_again
from activities.models import ChannelKind, InboundChannel, Receipt, ReceiptState
from activities.services.requeueing import Fate, requeue_receipts
from config.dashboard.options import TenantModelAdmin, actor_of
from config.dashboard.site import site

MOST_AT_ONCE: Final = 1_000
MOST_CHANNELS: Final = 500
STATE_COLOURS: Final = {"Waiting": "info", "Applied": "success", "Ignored": "default", "Quarantined": "danger"}
EVENTS: Final = {
    "message": "Message",
    "edit": "Edit",
    "revocation": "Revocation",
    "status": "Delivery",
    "identity": "Names of a sender",
}
# What may be tried again: those that came to nothing.
_UNSUCCESSFUL: Final = (ReceiptState.QUARANTINED, ReceiptState.IGNORED)
FATES: Final = {
    Fate.REQUEUED: "{} back in the queue, to be applied in a moment.",
    Fate.UNREAD: "{} still not understood.",
    Fate.IGNORED: "{} understood now, and not for us.",
    Fate.REPEATED: "{} came a second time meanwhile.",
    Fate.APPLIED: "{} applied before, and left alone.",
    Fate.WAITING: "{} waiting already.",
}


class ReceiptStateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return ReceiptState.choices

    def queryset(self, request, queryset):
        return queryset.filter(state=self.value()) if self.value() in ReceiptState.values else queryset


class ChannelFilter(DropdownFilter):
    title = "channel"
    parameter_name = "channel"

    def lookups(self, request, model_admin):
        return [(str(pk), name) for pk, name in InboundChannel.objects.values_list("pk", "name")[:MOST_CHANNELS]]

    def queryset(self, request, queryset):
        chosen = {str(pk): pk for pk in InboundChannel.objects.values_list("pk", flat=True)}
        if not self.value():
            return queryset
        return queryset.filter(channel_id=chosen[self.value()]) if self.value() in chosen else queryset.none()


class KindFilter(DropdownFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return ChannelKind.choices

    def queryset(self, request, queryset):
        if self.value() not in ChannelKind.values:
            return queryset
        # As numbers: joined, a list of receipts of a rare kind would be sorted as a whole.
        channels = InboundChannel.objects.filter(kind=self.value()).values_list("pk", flat=True)
        return queryset.filter(channel_id__in=list(channels))


@admin.register(Receipt, site=site)
class ReceiptAdmin(TenantModelAdmin):
    """For those who look after channels: they see all contacts, and messages of strangers are nobody else's."""

    view_right = Right.MANAGE_CREDENTIALS

    list_display = (
        "shown_state",
        "shown_what",
        "shown_channel",
        "shown_contact",
        "shown_sent",
        "shown_received",
        "reason",
        "attempts",
    )
    list_display_links = ("shown_what",)
    list_select_related = ("channel", "contact")
    list_filter = (ReceiptStateFilter, ChannelFilter, KindFilter)
    list_filter_submit = True
    list_fullwidth = True
    sortable_by = ()
    ordering = ("-received_at", "-id")
    actions = ("try_again",)
    fields = (
        "shown_state",
        "reason",
        "shown_channel",
        "shown_key",
        "shown_contact",
        "sent_at",
        "received_at",
        "settled_at",
        "due_at",
        "attempts",
        "conflicts",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        return super().get_queryset(request).select_related("channel", "contact").defer("payload")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Receipt | None = None) -> list[str]:
        hidden = set()
        if obj is not None:
            hidden = {"settled_at"} if obj.state == ReceiptState.PENDING else {"due_at"}
            hidden |= {name for name in ("reason", "conflicts") if not getattr(obj, name)}
        return [name for name in self.fields if name not in hidden]

    # The list.

    @display(description="State", label=STATE_COLOURS)
    def shown_state(self, receipt):
        return receipt.get_state_display()

    @display(description="What")
    def shown_what(self, receipt):
        event = receipt.event if isinstance(receipt.event, dict) else {}
        return format_html(
            '<span class="block">{}</span><span class="block font-normal max-w-40 text-subtle text-xs truncate"'
            ' title="{}">{}</span>',
            EVENTS.get(str(event.get("type")), "Not read"),
            receipt.key,
            receipt.key,
        )

    @display(description="Key")
    def shown_key(self, receipt):
        # A digest has no place to break at, and phones are narrow.
        return format_html('<span style="overflow-wrap:anywhere">{}</span>', receipt.key)

    @display(description="Channel")
    def shown_channel(self, receipt):
        return f"{receipt.channel.name} ({receipt.channel.get_kind_display()})"

    @display(description="Contact")
    def shown_contact(self, receipt):
        if receipt.contact is None:
            return "-"
        address = reverse("admin:contacts_contact_change", args=[receipt.contact_id])
        return format_html('<a class="underline" href="{}">{}</a>', address, receipt.contact)

    @display(description="Sent")
    def shown_sent(self, receipt):
        return _moment_in_one_line(receipt.sent_at)

    @display(description="Received")
    def shown_received(self, receipt):
        return _moment_in_one_line(receipt.received_at)

    # The page.

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context.update(
                payload=payload_as_text(bytes(obj.payload)),
                event=event_as_text(obj.event),
                may_try_again=obj.state in _UNSUCCESSFUL and self.has_retry_permission(request),
                retry_address=self.address_of("retry", obj.pk),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Trying again.

    def get_urls(self):
        retry = path(
            "<path:object_id>/retry/",
            self.admin_site.admin_view(require_POST(self.retry_view)),
            name="activities_receipt_retry",
        )
        return [retry, *super().get_urls()]

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_retry_permission(request):
            raise PermissionDenied
        receipt = self.get_object(request, object_id)
        if receipt is None:
            raise Http404
        self._requeue(request, [receipt.pk])
        return redirect(self.address_of("change", receipt.pk))

    @admin.action(description="Try again", permissions=["retry"])
    def try_again(self, request: HttpRequest, receipts: QuerySet[Receipt]) -> None:
        chosen = list(receipts.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            sentence = f"At most {MOST_AT_ONCE:,} receipts at once; for more there is manage.py replay_receipts."
            self.message_user(request, sentence, messages.ERROR)
        else:
            self._requeue(request, chosen)

    def _requeue(self, request: HttpRequest, receipt_ids: Sequence[int]) -> None:
        fates: Counter[Fate] = requeue_receipts(receipt_ids, read=read_again, actor=actor_of(request))
        for fate, count in fates.items():
            level = messages.SUCCESS if fate is Fate.REQUEUED else messages.WARNING
            self.message_user(request, FATES[fate].format(f"{count} receipt{'' if count == 1 else 's'}"), level)


def _moment_in_one_line(moment: datetime) -> str:
    moment = timezone.localtime(moment)
    day = date_format(moment, "M j" if moment.year == timezone.localtime().year else "M j, Y")
    return format_html(
        '<span class="whitespace-nowrap" title="{}">{}, {}</span>',
        moment.isoformat(timespec="seconds"),
        day,
        date_format(moment, "TIME_FORMAT"),
    )
