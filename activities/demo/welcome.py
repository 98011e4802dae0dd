"""What ``load_demo`` prints: how to get in, as a person and as a program."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db.models import Max

from accounts.actor import Actor
from accounts.authentication import Authority, authority_by_credential, authority_by_token, digest_of
from accounts.exceptions import NotAuthenticated
from accounts.models import Member, WireName
from accounts.roles import Role
from accounts.services import issue_key, issue_token
from accounts.tenancy import empty_scope, tenant_scope
from activities.demo.loading import member_actor
from activities.demo.team import AGENT, HARBOUR_LANE, OWNER
from activities.models import ChannelKind, InboundChannel
from activities.services.channels import create_channel
from contacts.models import Contact

BOT: Final = "Saltmarsh homes"
# Published, like the passwords: whoever has it can write to the demo, and nothing else.
BOT_SECRET: Final = "gulls-carry-messages"  # noqa: S105 - the demo's
_NAME = "Demo"
_ACTOR = Actor.command("load_demo")
_LIFETIME = timedelta(days=90)


def welcome(organization_id: int, *, address: str, directory: Path) -> str:
    """The dashboard's address, two logins, a credential for each wire and curl lines that work as they stand.

    ``address`` is the server's, without a slash at the end. The credentials are read from files in ``directory`` while
    they are good, and written there, for their owner's eyes only, when new ones had to be issued.
    """
    token = _kept(directory / "demo_token", organization_id, authority_by_token, _issued_token)
    key = _kept(directory / "demo_key", organization_id, _authority_by_key, _issued_key)
    pair = _kept(directory / "demo_pair", organization_id, _authority_by_pair, _issued_pair)
    path = _channel_path(organization_id, directory / "demo_channel")
    lines = [
        "",
        f"Latchkey's demo is ready: {HARBOUR_LANE.name}, and a second organization to switch to.",
        "",
        f"  Dashboard   {address}/admin/",
        f"  Owner       {OWNER.email}   {OWNER.password}",
        f"  Agent       {AGENT.email}    {AGENT.password}",
        "",
        "  Bearer token for programs that speak Winnerr:",
        f"  {token}",
        "",
        "  Key for programs that speak Rentalot:",
        f"  {key}",
        "",
        "  Key pair for programs that speak EstatePrime:",
        f"  {pair}",
        "",
        "  Where a Telegram bot would hand in what people write to it:",
        f"  {address}{path}",
        "",
        "Try it:",
        "",
        *_curl_lines(organization_id, f"{address}/v1/contacts", token),
        shlex.join(
            ["curl", f"{address}/api/v1/contacts?status=applicant&limit=3", "-H", f"Authorization: Bearer {key}"]
        ),
        shlex.join(["curl", f"{address}/api/contacts?search=farrow", "-u", pair]),
        _message_line(f"{address}{path}"),
        "",
    ]
    return "\n".join(lines)


def _channel_path(organization_id: int, file: Path) -> str:
    """The path of the demo's channel, which is made when it is not there; also written to ``file``."""
    with tenant_scope(organization_id):
        found = InboundChannel.objects.filter(kind=ChannelKind.TELEGRAM, name=BOT, is_active=True).first()
        channel = found or create_channel(
            kind=ChannelKind.TELEGRAM, name=BOT, secret=BOT_SECRET, address="@saltmarsh_homes_bot", actor=_ACTOR
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{channel.path}\n")
    return channel.path


def _message_line(url: str) -> str:
    """A message of somebody new, as Telegram posts it."""
    person = {"id": 700_555_0199, "is_bot": False, "first_name": "Wilhelmina", "last_name": "Quillfeather"}
    message = {
        "message_id": 1,
        "from": person,
        "chat": {"id": person["id"], "type": "private"},
        "date": 1_772_442_600,
        "text": "Is the house on Gull Point still for sale?",
    }
    update = json.dumps({"update_id": 820_114_001, "message": message})
    return shlex.join(["curl", url, "-H", f"X-Telegram-Bot-Api-Secret-Token: {BOT_SECRET}", "-d", update])


def _kept(
    file: Path, organization_id: int, authority_of: Callable[[str], Authority], issued: Callable[[Member], str]
) -> str:
    """The secret of an earlier run while it opens the organization, else a new one."""
    secret = file.read_text().strip() if file.exists() else ""
    return secret if secret and _opens(secret, organization_id, authority_of) else _new(file, organization_id, issued)


def _opens(secret: str, organization_id: int, authority_of: Callable[[str], Authority]) -> bool:
    try:
        with empty_scope():
            return authority_of(secret).organization_id == organization_id
    except NotAuthenticated:
        return False


def _new(file: Path, organization_id: int, issued: Callable[[Member], str]) -> str:
    with tenant_scope(organization_id):
        # An organization always has one, whatever became of the login above.
        owner = Member.objects.filter(role=Role.OWNER, is_active=True, user__is_active=True).order_by("number")[0]
        secret = issued(owner)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600), "w") as opened:
        opened.write(f"{secret}\n")
    return secret


def _issued_token(owner: Member) -> str:
    return issue_token(owner, name=_NAME, lifetime=_LIFETIME, actor=member_actor(owner)).token


def _authority_by_key(key: str) -> Authority:
    return authority_by_credential(WireName.RENTALOT, digest_of(key))


def _issued_key(owner: Member) -> str:
    return issue_key(owner, wire=WireName.RENTALOT, name=_NAME, actor=member_actor(owner)).key


def _authority_by_pair(pair: str) -> Authority:
    return authority_by_credential(WireName.ESTATEPRIME, digest_of(pair))


def _issued_pair(owner: Member) -> str:
    issued = issue_key(owner, wire=WireName.ESTATEPRIME, name=_NAME, actor=member_actor(owner))
    return f"{issued.public_key}:{issued.secret_key}"


def _curl_lines(organization_id: int, url: str, token: str) -> list[str]:
    with tenant_scope(organization_id):
        best = Contact.objects.active().order_by("-lead_score", "-created_at", "-id").first()
        last = Contact.objects.aggregate(last=Max("number"))["last"] or 0
    # Another address in every welcome: the last one may have been created already.
    visitor = {"firstName": "Ottoline", "lastName": "Fenwright", "email": f"ottoline.fenwright.{last + 1}@example.com"}
    requests = [
        ["--globoff", f"{url}?type=LEAD&leadScore[gte]=70&sort=leadScore:desc&limit=3"],
        [url, "-H", "Content-Type: application/json", "-d", json.dumps(visitor)],
    ]
    if best is not None:
        requests.append([f"{url}/{best.winnerr_id}"])
    return [shlex.join(["curl", *request, "-H", f"Authorization: Bearer {token}"]) for request in requests]
