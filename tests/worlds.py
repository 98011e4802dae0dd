"""Two organizations of the same shape, made through the services that every door uses.

Every tenant model has rows in both, so that a query outside the fence always finds too much. Both use the same e-mail
addresses and the same numbers; every free text carries the world's ``canary``, which no answer for the other may hold.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor, ActorKind, Door
from accounts.authentication import digest_of, mint_token
from accounts.models import (
    Credential,
    CredentialKind,
    IdempotencyRecord,
    Invitation,
    Member,
    Organization,
    RefreshToken,
    User,
    WireName,
)
from accounts.roles import Role
from accounts.tenancy import Scope, tenant_scope
from activities.models import Activity, Communication, Conversation, Deal
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.models import Contact, ScoringWeights, Source
from contacts.services import create_contacts, delete_contact

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

# Made-up words, one per organization, that occur nowhere else.
CANARIES = {"north": "boreasvane", "south": "quetzalmoth"}
PASSWORD = "correct horse battery"
MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class World:
    """One organization, its people and what they know. ``contacts`` are live; ``deleted`` was deleted."""

    organization: Organization
    canary: str
    owner: Member
    admin: Member
    agent: Member
    viewer: Member
    contacts: list[Contact] = field(default_factory=list)
    deleted: Contact

    @property
    def contact(self) -> Contact:
        """The one with everything: preferences, tags, further phones and e-mails, activities, a deal."""
        return self.contacts[0]

    @property
    def members(self) -> tuple[Member, Member, Member, Member]:
        return self.owner, self.admin, self.agent, self.viewer

    def scope(self) -> AbstractContextManager[Scope]:
        """A unit of work of this organization."""
        return tenant_scope(self.organization)

    def actor(self, member: Member | None = None, door: Door = Door.ADMIN) -> Actor:
        """The owner, or another member, as services want them."""
        return actor_of(member or self.owner, door)


def actor_of(member: Member, door: Door = Door.ADMIN) -> Actor:
    """A member as services want them."""
    return Actor(kind=ActorKind.MEMBER, door=door, label=member.full_name, role=Role(member.role), member_id=member.pk)


def make_world(slug: str, *, name: str = "", plan: str = "unlimited", phone_region: str = "US") -> World:
    """An organization with a member of each role, six live contacts and a deleted one, and rows of every other kind."""
    canary = CANARIES.get(slug, f"{slug}canary")
    organization = _found(name or f"{slug.title()} {canary}", slug, plan, phone_region)
    with tenant_scope(organization) as scope:
        scope.organization = organization
        members = {role: _join(organization, role, canary, number) for number, role in enumerate(Role, start=1)}
        actor = actor_of(members[Role.OWNER])
        drafts = list(_drafts(canary, members))
        *contacts, deleted = [contact for chunk in create_contacts(drafts, actor=actor) for contact in chunk]
        delete_contact(deleted, actor=actor)
        _populate(members, contacts, canary)
    return World(
        organization=organization,
        canary=canary,
        owner=members[Role.OWNER],
        admin=members[Role.ADMIN],
        agent=members[Role.AGENT],
        viewer=members[Role.VIEWER],
        contacts=contacts,
        deleted=deleted,
    )


def _found(name: str, slug: str, plan: str, phone_region: str) -> Organization:
    # Row-level security wants the id in scope before the row exists.
    organization = Organization(id=_next_organization_id(), name=name, slug=slug, plan=plan, phone_region=phone_region)
    with tenant_scope(organization.pk):
        organization.save(force_insert=True)
    return organization


def _next_organization_id() -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_organization', 'id'))")
            return int(cursor.fetchone()[0])
    return (Organization.objects.unscoped().order_by("id").values_list("id", flat=True).last() or 0) + 1


def _join(organization: Organization, role: Role, canary: str, number: int) -> Member:
    user = User(email=f"{role.value}@{organization.slug}.example")
    user.set_password(PASSWORD)
    user.save()
    member = Member(user=user, role=role, number=number, first_name=role.value.title(), last_name=canary)
    member.organization = organization
    member.save()
    return member


def _drafts(canary: str, members: Mapping[Role, Member]) -> Iterator[ContactDraft]:
    agent = members[Role.AGENT].pk
    yield ContactDraft(
        first_name="Jane",
        last_name=f"Alpha {canary}",
        company_name=f"Alpha {canary} Ltd",
        email="jane@example.com",
        email_note=canary,
        phone="+1-555-123-4567",
        street=f"1 {canary} Street",
        city=canary,
        state="CA",
        zip_code="94016",
        country="USA",
        status="ACTIVE",
        source=f"website {canary}",
        preferences=PreferencesDraft(
            communication_method="EMAIL",
            property_types=("SINGLE_FAMILY",),
            price_range=PriceRange(min=300_000, max=500_000),
            locations=(f"{canary} Heights",),
        ),
        notes=f"Likes {canary}.",
        assigned_to=agent,
        further_emails=(EmailDraft(email=f"jane.{canary}@example.com", label="work"),),
        further_phones=(PhoneDraft(phone="+1-555-987-6543", label=canary),),
        further_assignees=(members[Role.ADMIN].pk,),
        related_people=(RelatedPersonDraft(first_name="Pat", last_name=canary, email=f"pat.{canary}@example.com"),),
        tags=("vip", f"tag {canary}"),
    )
    yield ContactDraft(full_name=f"Bob Beta {canary}", email="bob@example.com", tags=("vip",), assigned_to=agent)
    yield ContactDraft(full_name=f"Carol Gamma {canary}", phone="+1 555 123 0003", type="CLIENT")
    yield ContactDraft(
        full_name=f"Delta {canary} GmbH", is_company=True, company_name=f"Delta {canary} GmbH", email="d@example.com"
    )
    yield ContactDraft(full_name=f"Évelyne Östlund {canary}", email="e@example.com", stage="applicant")
    yield ContactDraft(full_name=f"Frank Zeta {canary}", email="f@example.com", status="DO_NOT_CONTACT")
    yield ContactDraft(full_name=f"Gone {canary}", email="gone@example.com", tags=("vip",))


def _populate(members: Mapping[Role, Member], contacts: list[Contact], canary: str) -> None:
    owner, agent = members[Role.OWNER], members[Role.AGENT]
    Source.objects.create(number=1, name=f"website {canary}")
    ScoringWeights.objects.create()
    Invitation.objects.create(
        email=f"new.{canary}@example.com",
        digest=digest_of(secrets.token_hex(16)),
        invited_by=owner,
        expires_at=timezone.now() + timedelta(days=7),
    )
    for contact in contacts[:2]:
        _history(contact, agent, canary)
    session = _credential(owner, CredentialKind.SESSION, f"Browser {canary}", secrets.token_hex(16))
    RefreshToken.objects.create(
        credential=session, digest=digest_of(secrets.token_hex(16)), expires_at=timezone.now() + timedelta(days=30)
    )
    IdempotencyRecord.objects.create(
        credential=session, key="populated-world", fingerprint="0" * 64, status_code=201, body=canary
    )


def _history(contact: Contact, member: Member, canary: str) -> None:
    Activity.objects.create(
        contact=contact, member=member, type="PHONE_CALL", description=f"Called {canary}", created_at=MOMENT
    )
    conversation = Conversation.objects.create(
        contact=contact, kind="email", started_at=MOMENT, last_message_at=MOMENT, message_count=1
    )
    Communication.objects.create(
        contact=contact,
        conversation=conversation,
        number=contact.number,
        member=member,
        kind="email",
        direction="inbound",
        subject=f"About {canary}",
        body=f"Dear team, {canary}.",
        occurred_at=MOMENT,
    )
    Deal.objects.create(contact=contact, assigned_to=member, title=f"House {canary}", amount=450_000)


def _credential(member: Member, kind: CredentialKind, name: str, secret: str) -> Credential:
    return Credential.objects.create(
        member=member,
        wire=WireName.WINNERR,
        kind=kind,
        name=name,
        digest=digest_of(secret),
        expires_at=timezone.now() + timedelta(hours=12),
    )


def bearer_token(member: Member) -> str:
    """An integration token of the Winnerr wire that acts as the member, for twelve hours."""
    secret = secrets.token_hex(16)
    with tenant_scope(member.organization_id):
        _credential(member, CredentialKind.TOKEN, "Test program", secret)
        return mint_token(
            session_id=secret,
            member=member,
            organization=Organization.objects.get(),
            expires_at=timezone.now() + timedelta(hours=12),
        )


class WireClient:
    """A program that presents a member's bearer token, or none. Errors come back as answers, as a program sees them."""

    def __init__(self, member: Member | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {bearer_token(member)}"} if member else {}

    def get(self, path: str, query: Mapping[str, Any] | None = None, **options: Any) -> Response:
        return self.request("GET", path, query=query, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("DELETE", path, json=json, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        body: bytes | str | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One request: ``json`` is encoded, ``body`` is sent as it is, lists in ``query`` repeat their name."""
        if query:
            path = f"{path}?{urlencode(query, doseq=True)}"
        content = body if body is not None else (b"" if json is None else orjson.dumps(json))
        return self.client.generic(
            method, path, content, content_type=content_type, headers={**self.headers, **(headers or {})}
        )
