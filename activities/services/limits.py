"""How many contacts may make themselves: against loops, and against somebody who has come by a channel's secret."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from activities.arrivals import Sender
from activities.models import IdentityKind, InboundChannel, SenderIdentity

WINDOW: Final = timedelta(hours=1)
# People write from a company's addresses, programs from a thousand of one domain.
MOST_NEW_PER_DOMAIN: Final = 100
# Where everybody has a mailbox: many who write from there are many people, and the channel's own limit has to do.
# fmt: off
FREE_MAILBOXES: Final = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com",
        "aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "gmx.at",
        "web.de", "t-online.de", "freenet.de", "mail.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
        "libero.it", "virgilio.it", "hotmail.fr", "hotmail.it", "hotmail.co.uk", "yahoo.co.uk", "yahoo.fr",
        "yahoo.de", "yahoo.co.jp", "btinternet.com", "comcast.net", "verizon.net", "att.net", "mail.ru", "yandex.ru",
        "seznam.cz", "wp.pl", "o2.pl", "abv.bg", "qq.com", "163.com", "126.com", "naver.com", "daum.net",
        "rediffmail.com", "uol.com.br", "bol.com.br", "terra.com.br",
    }
)
# fmt: on


class Allowance:
    """Counts new contacts of the last hour per channel and, for mail, per domain of the sender, as they are asked for."""

    def __init__(self, now: datetime) -> None:
        self._since = now - WINDOW
        self._channels: dict[int, int] = {}
        self._domains: Counter[str] | None = None

    def refusal(self, channel: InboundChannel, sender: Sender) -> str:
        """Why the sender may not become a contact now; ``""`` when they may, and are counted."""
        made = self._made_on(channel)
        if made >= channel.most_new_contacts:
            return "too many new contacts on this channel within an hour"
        domain = _domain_of(sender)
        if domain and self._made_from(domain) >= MOST_NEW_PER_DOMAIN:
            return f"too many new contacts from {domain} within an hour"
        self._channels[channel.pk] = made + 1
        if domain and self._domains is not None:
            self._domains[domain] += 1
        return ""

    def _made_on(self, channel: InboundChannel) -> int:
        if channel.pk not in self._channels:
            self._channels[channel.pk] = self._recent().filter(channel=channel).count()
        return self._channels[channel.pk]

    def _made_from(self, domain: str) -> int:
        if self._domains is None:
            # One statement for all domains: a flood comes from many.
            mailboxes = self._recent().filter(kind=IdentityKind.EMAIL).values_list("value", flat=True)
            self._domains = Counter(address.rpartition("@")[2] for address in mailboxes)
        return self._domains[domain]

    def _recent(self) -> QuerySet[SenderIdentity]:
        return SenderIdentity.objects.filter(made_contact=True, first_seen_at__gte=self._since)


def _domain_of(sender: Sender) -> str:
    mailboxes = (identity.value for identity in sender.identities if identity.kind == IdentityKind.EMAIL)
    domain = next(mailboxes, "").rpartition("@")[2]
    return "" if domain in FREE_MAILBOXES else domain
