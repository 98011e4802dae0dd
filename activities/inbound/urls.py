"""Where providers send messages, one address per kind of channel."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from activities.inbound.base import Channel, InboundView, refusal
from activities.inbound.email import EmailChannel
from activities.inbound.sms import SmsChannel
from activities.inbound.telegram import TelegramChannel
from activities.inbound.whatsapp import WhatsAppChannel

CHANNELS: Final[tuple[type[Channel], ...]] = (EmailChannel, SmsChannel, TelegramChannel, WhatsAppChannel)


def _view(channel_type: type[Channel]) -> type[InboundView]:
    return type(f"{channel_type.__name__}View", (InboundView,), {"channel_type": channel_type})


@csrf_exempt
def _nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    return refusal(404, "There is no such channel.")


# A trailing slash is served, never redirected: a redirected POST has lost its body.
urlpatterns = [
    *(
        re_path(rf"^{channel_type.kind}/(?P<token>[^/]+)/?\Z", _view(channel_type).as_view())
        for channel_type in CHANNELS
    ),
    re_path(r"^(?P<rest>.*)\Z", _nothing_here),
]
