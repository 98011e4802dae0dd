"""Channels: where messages come in from, and what to enter at their providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from accounts.exceptions import DomainError
from accounts.roles import Right
from activities.models import ChannelKind, InboundChannel
from activities.models.inbound_channel import MOST_NEW_CONTACTS_PER_HOUR
from activities.services.channels import LONGEST_SECRET, change_channel, create_channel, rotate_channel_secret
from activities.traffic import Count, Traffic, traffic_of
from config.dashboard.forms import ServiceForm
from config.dashboard.options import CappedChangeList, TenantModelAdmin, actor_of
from config.dashboard.refusals import refusals_of
from config.dashboard.site import site

# Where the address is entered, and what proves that a call is the provider's.
INSTRUCTIONS: Final = {
    ChannelKind.WHATSAPP: "In Meta's App Dashboard, open WhatsApp, Configuration: enter this as the callback URL together "
    "with the verify token, and subscribe to the field “messages”.",
    ChannelKind.TELEGRAM: "Call the bot's setWebhook once, with this address as “url” and the secret as “secret_token”.",
    ChannelKind.SMS: "In the Twilio Console, open the number and enter this under Messaging, “A message comes in”, as a "
    "webhook with HTTP POST.",
    ChannelKind.EMAIL: "Enter this as the inbound webhook of your mail provider; where it signs nothing (Postmark), with the "
    "secret as user:password@ before the host.",
}
SECRETS: Final = (
    "WhatsApp: the app secret. Telegram: the secret_token, of letters, digits, _ and -. SMS: Twilio's auth token. "
    "E-mail: the signing key, or the password (or user:password) of the address. It is stored encrypted and never shown."
)
ADDRESSES: Final = "What people write to: WhatsApp's phone number id, the bot's name, the number or the mailbox."
OVERLAPS: Final = (
    (0, "At once"),
    (1, "After an hour"),
    (24, "After a day"),
    (24 * 7, "After a week"),
)


def _secret_field(*, required: bool, **more: Any) -> forms.CharField:
    # Secrets are compared as they are, so nothing is taken off their ends.
    return forms.CharField(
        required=required,
        strip=False,
        max_length=LONGEST_SECRET,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        **more,
    )


class ChannelForm(ServiceForm):
    """An account at a provider. What is typed as a secret is not sent back, also when the form is refused."""

    secret = _secret_field(required=True, help_text=SECRETS)
    verify_token = _secret_field(
        required=False, label="Verify token", help_text="WhatsApp only: what Meta repeats when it verifies the address."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        remarks = {
            "address": ADDRESSES,
            "account": "SMS only: the SID of Twilio's account, by which missed messages are asked for.",
            "most_new_contacts": "More new contacts within an hour wait in the quarantine.",
            "is_active": "Switched off it answers as if it did not exist, and keeps what it has received.",
        }
        for name, remark in remarks.items():
            if name in self.fields:
                self.fields[name].help_text = remark
        labels = {"most_new_contacts": "New contacts per hour", "is_active": "Switched on"}
        for name, label in labels.items():
            if name in self.fields:
                self.fields[name].label = label
        if self.instance.pk and "verify_token" in self.fields:
            self.fields[
                "verify_token"
            ].help_text = "What Meta repeats when it verifies the address. Left empty, it stays."


class RotateForm(forms.Form):
    """A new secret, and for how long the old one is good as well."""

    secret = _secret_field(required=True, label="New secret", help_text=SECRETS)
    overlap = forms.TypedChoiceField(
        choices=OVERLAPS,
        coerce=int,
        initial=24,
        widget=UnfoldAdminSelectWidget,
        label="The old secret ends",
        help_text="Meanwhile both are good, so that no message is lost while the provider is told. At once, if it leaked.",
    )


class ChannelList(CappedChangeList):
    """The list, with the traffic of the channels on the page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        traffic = traffic_of([channel.pk for channel in self.result_list])
        for channel in self.result_list:
            channel.traffic = traffic[channel.pk]


@admin.register(InboundChannel, site=site)
class ChannelAdmin(TenantModelAdmin):
    """Channels are never deleted, because receipts refer to them; they are switched off."""

    view_right = Right.MANAGE_CREDENTIALS
    add_right = Right.MANAGE_CREDENTIALS
    change_right = Right.MANAGE_CREDENTIALS
    form = ChannelForm

    list_display = (
        "shown_name",
        "shown_kind",
        "shown_address",
        "shown_state",
        "last_received",
        "waiting",
        "quarantined",
    )
    list_display_links = ("shown_name",)
    sortable_by = ()
    ordering = ("name", "id")
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChannelList

    def get_fields(self, request: HttpRequest, obj: InboundChannel | None = None) -> list[str]:
        if obj is None:
            return ["kind", "name", "secret", "verify_token", "address", "account", "most_new_contacts"]
        token = ["verify_token"] if obj.kind == ChannelKind.WHATSAPP else []
        account = ["account"] if obj.kind == ChannelKind.SMS or obj.account else []
        return ["shown_kind", "name", "address", *account, *token, "most_new_contacts", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: InboundChannel | None = None) -> Sequence[str]:
        return ("shown_kind",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in {"secret", "verify_token"} - set(self.get_fields(request, obj)):
            # Declared for new channels; of an old one it is changed on a page of its own.
            form.base_fields.pop(name, None)
        return form

    # The list.

    @display(description="Name")
    def shown_name(self, channel):
        return channel.name

    @display(description="Kind")
    def shown_kind(self, channel):
        return channel.get_kind_display()

    @display(description="Address")
    def shown_address(self, channel):
        return channel.address or "-"

    @display(description="State", label={"On": "success", "Off": "warning"})
    def shown_state(self, channel):
        return "On" if channel.is_active else "Off"

    @display(description="Last received")
    def last_received(self, channel):
        return last_received_in_words(channel.traffic)

    @display(description="Waiting")
    def waiting(self, channel):
        return _linked(channel, "pending", channel.traffic.waiting)

    @display(description="Quarantined")
    def quarantined(self, channel):
        return _linked(channel, "quarantined", channel.traffic.quarantined)

    # The page.

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context.update(show_save_and_add_another=False, show_save_and_continue=False)
        if obj is not None:
            traffic = traffic_of([obj.pk])[obj.pk]
            context.update(
                webhook=webhook_of(obj),
                instruction=INSTRUCTIONS[ChannelKind(obj.kind)],
                last_received=last_received_in_words(traffic),
                waiting=_linked(obj, "pending", traffic.waiting),
                quarantined=_linked(obj, "quarantined", traffic.quarantined),
                previous_until=obj.previous_until if obj.has_previous_secret(timezone.now()) else None,
                rotate_address=self.address_of("rotate", obj.pk),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_through_service(
        self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool
    ) -> InboundChannel:
        facts, actor = form.cleaned_data, actor_of(request)
        if not change:
            names = ("kind", "name", "secret", "verify_token", "address", "account")
            limit = facts["most_new_contacts"]
            return create_channel(**{name: facts[name] for name in names}, most_new_contacts=limit, actor=actor)
        return change_channel(
            form.instance,
            name=facts["name"],
            address=facts["address"],
            account=facts.get("account", form.instance.account),
            is_active=facts["is_active"],
            most_new_contacts=facts["most_new_contacts"],
            verify_token=facts.get("verify_token") or None,
            actor=actor,
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"most_new_contacts": MOST_NEW_CONTACTS_PER_HOUR}

    def response_add(self, request, obj, post_url_continue=None):
        self.message_user(request, "Created. Now enter its address at the provider.", messages.SUCCESS)
        return redirect(self.address_of("change", obj.pk))

    # A new secret.

    def get_urls(self):
        rotate = path(
            "<path:object_id>/rotate/",
            self.admin_site.admin_view(self.rotate_view),
            name="activities_inboundchannel_rotate",
        )
        return [rotate, *super().get_urls()]

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        channel = self.get_object(request, object_id)
        if channel is None:
            raise Http404
        form = RotateForm(request.POST or None)
        if form.is_valid() and self._rotate(request, channel, form):
            return redirect(self.address_of("change", channel.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Rotate the secret of {channel}",
            "opts": self.opts,
            "channel": channel,
            "form": form,
            "back": self.address_of("change", channel.pk),
        }
        return TemplateResponse(request, "admin/activities/inboundchannel/rotate.html", context)

    def _rotate(self, request: HttpRequest, channel: InboundChannel, form: RotateForm) -> bool:
        facts = form.cleaned_data
        overlap = timedelta(hours=facts["overlap"])
        try:
            until = rotate_channel_secret(channel, facts["secret"], overlap=overlap, actor=actor_of(request))
        except DomainError as error:
            for refusal in refusals_of(error):
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            return False
        ends = f"until {_moment(until)}" if until else "no longer"
        self.message_user(request, f"The new secret is good from now on; the old one {ends}", messages.SUCCESS)
        return True


def webhook_of(channel: InboundChannel) -> str:
    """The whole address that a provider sends to."""
    return f"{settings.PUBLIC_BASE_URL}{channel.path}"


def last_received_in_words(traffic: Traffic) -> str:
    """``Never``, a moment, or what is known of one that is long gone."""
    if traffic.last_received_at is None:
        return "Never"
    moment = _moment(traffic.last_received_at)
    return f"Before {moment}" if traffic.is_older else moment


def _moment(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _linked(channel: InboundChannel, state: str, count: Count) -> str:
    """A number that leads to the receipts it counts."""
    number = f"{count.number:,}{'+' if count.is_capped else ''}"
    address = f"{reverse('admin:activities_receipt_changelist')}?state={state}&channel={channel.pk}"
    return number if number == "0" else format_html('<a class="underline" href="{}">{}</a>', address, number)
