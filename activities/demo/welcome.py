"""What ``load_demo`` prints: how to get in, as a person and as a program."""

from __future__ import annotations

import json
import os
import shlex
from datetime import timedelta
from pathlib import Path

from django.db.models import Max

from accounts.authentication import authority_by_token
from accounts.exceptions import NotAuthenticated
from accounts.models import Member
from accounts.roles import Role
from accounts.services import issue_token
from accounts.tenancy import empty_scope, tenant_scope
from activities.demo.loading import member_actor
from activities.demo.team import AGENT, HARBOUR_LANE, OWNER
from contacts.models import Contact

_TOKEN_NAME = "Demo"  # noqa: S105 - what the token is called
_LIFETIME = timedelta(days=90)


def welcome(organization_id: int, *, address: str, token_file: Path) -> str:
    """The dashboard's address, two logins, a bearer token and three curl lines that work as they stand.

    ``address`` is the server's, without a slash at the end. The token is read from ``token_file`` while it is good and
    written there, for its owner's eyes only, when a new one had to be issued.
    """
    token = _stored_token(organization_id, token_file) or _new_token(organization_id, token_file)
    lines = [
        "",
        f"Latchkey's demo is ready: {HARBOUR_LANE.name}, and a second organization to switch to.",
        "",
        f"  Dashboard   {address}/admin/",
        f"  Owner       {OWNER.email}   {OWNER.password}",
        f"  Agent       {AGENT.email}    {AGENT.password}",
        "",
        "  Bearer token for programs:",
        f"  {token}",
        "",
        "Try it:",
        "",
        *_curl_lines(organization_id, f"{address}/v1/contacts", token),
        "",
    ]
    return "\n".join(lines)


def _stored_token(organization_id: int, token_file: Path) -> str:
    """The token of an earlier run, empty when there is none that still works."""
    if not token_file.exists():
        return ""
    token = token_file.read_text().strip()
    try:
        with empty_scope():
            authority = authority_by_token(token)
    except NotAuthenticated:
        return ""
    return token if authority.organization_id == organization_id else ""


def _new_token(organization_id: int, token_file: Path) -> str:
    with tenant_scope(organization_id):
        # An organization always has one, whatever became of the login below.
        owner = Member.objects.filter(role=Role.OWNER, is_active=True, user__is_active=True).order_by("number")[0]
        token = issue_token(owner, name=_TOKEN_NAME, lifetime=_LIFETIME, actor=member_actor(owner)).token
    token_file.parent.mkdir(parents=True, exist_ok=True)
    token_file.unlink(missing_ok=True)
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600), "w") as file:
        file.write(f"{token}\n")
    return token


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
