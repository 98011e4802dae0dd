"""Everything an archive of an organization holds, in the order in which it is taken in again, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from accounts.archive.kinds import Kind
from accounts.archive.tables import ACCOUNTS
from accounts.archive.tables import LEFT_BEHIND as LEFT_BEHIND_BY_ACCOUNTS
from accounts.tenancy import TenantModel
from activities.models import Activity, Communication, Conversation, Deal, InboundChannel, Receipt, SenderIdentity
from activities.querysets import DEAL
from activities.services.numbers import keep_number
from contacts.archive import CHANGES, CONTACTS, MEMBERS_IN_CHANGES
from contacts.archive import LEFT_BEHIND as LEFT_BEHIND_BY_CONTACTS

_TEAM: Final = ("team_members", "*", "member_id")
_MEMBERS_IN_CHANGES: Final = (*MEMBERS_IN_CHANGES, (DEAL, "assigned_to_id"), (DEAL, *_TEAM))
# Deals are changed here, and what is said of that stands in the changes of contacts.
_CHANGES: Final = replace(CHANGES, member_paths={"before": _MEMBERS_IN_CHANGES, "after": _MEMBERS_IN_CHANGES})

_ACTIVITIES: Final = (
    Kind(
        name="channels",
        model=InboundChannel,
        left_out={
            "token": "a part of an address of this instance; the other one makes its own",
            "sealed_secret": "a secret; without one a channel is off",
            "sealed_previous_secret": "a secret",
            "previous_until": "until when a secret is good that stays behind",
            "sealed_verify_token": "a secret",
        },
    ),
    Kind(name="conversations", model=Conversation),
    Kind(name="communications", model=Communication, keep_number=keep_number),
    Kind(name="activities", model=Activity),
    Kind(name="deals", model=Deal, member_paths={"team_members": (_TEAM[1:],)}),
    Kind(name="sender_identities", model=SenderIdentity),
)

KINDS: Final = (*ACCOUNTS, *(_CHANGES if kind is CHANGES else kind for kind in CONTACTS), *_ACTIVITIES)

LEFT_BEHIND: Final[Mapping[type[TenantModel], str]] = {
    **LEFT_BEHIND_BY_ACCOUNTS,
    **LEFT_BEHIND_BY_CONTACTS,
    Receipt: "what a provider sent, word for word; what was made of it is there as communications",
}
