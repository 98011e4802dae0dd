"""Two organizations of the same shape, made through the services that every door uses.

Every tenant model has rows in both, so that a query outside the fence always finds too much. Both use the same e-mail
addresses and the same numbers; every free text carries the world's ``canary``, which no answer for the other may hold.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor, ActorKind, Door
from accounts.authentication import digest_of
from accounts.identifiers import uuid7
from accounts.models import (
    Credential,
    CredentialKind,
    IdempotencyRecord,
    Invitation,
    Member,
    Organization,
    RefreshToken,
    RequestMeter,
    WireName,
    WriteMeter,
)
from accounts.roles import Role
from accounts.services import create_member, create_organization, issue_key, issue_token
from accounts.tenancy import Scope, current_organization, tenant_scope
from activities.drafts import ActivityDraft, CommunicationDraft, DealDraft
from activities.models import IdentityKind, Receipt, ReceiptState, SenderIdentity
from activities.services import create_deal, record_activity, record_communication
from activities.services.channels import create_channel
from contacts.drafts import ContactDraft, EmailDraft, PhoneDraft, PreferencesDraft, PriceRange, RelatedPersonDraft
from contacts.importing.outcomes import pack
from contacts.models import (
    Contact,
    ImportChunk,
    ImportJob,
    ImportPart,
    ImportState,
    MergeReason,
    Rescore,
    ScoringWeights,
    Source,
)
from contacts.services import create_contacts, delete_contact, update_contact
from contacts.services.consenting import Statement, record_consents
from contacts.services.custom_fields import create_field
from contacts.services.suggesting import suggest_merges

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
    owner = create_organization(
        name=name or f"{slug.title()} {canary}",
        slug=slug,
        plan=plan,
        phone_region=phone_region,
        owner_email=f"owner@{slug}.example",
        owner_password=PASSWORD,
        owner_first_name="Owner",
        owner_last_name=canary,
    )
    organization = owner.organization
    with tenant_scope(organization) as scope:
        scope.organization = organization
        actor = actor_of(owner)
        members = {Role.OWNER: owner} | {
            role: _join(role, canary, actor) for role in (Role.ADMIN, Role.AGENT, Role.VIEWER)
        }
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


def _join(role: Role, canary: str, actor: Actor) -> Member:
    organization = current_organization()
    member = create_member(
        email=f"{role.value}@{organization.slug}.example",
        password=PASSWORD,
        role=role,
        first_name=role.value.title(),
        last_name=canary,
        actor=actor,
    )
    # As the owner comes: usable without a query, and outside the scope.
    member.organization = organization
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
    owner = members[Role.OWNER]
    Source.objects.create(number=1, name=f"website {canary}")
    field = create_field(f"Budget {canary}", "select", [f"Low {canary}", f"High {canary}"], actor=actor_of(owner))
    update_contact(contacts[0], ContactDraft(custom_values={field.number: 2}), actor=actor_of(owner))
    ScoringWeights.objects.create()
    Rescore.objects.create(requested_at=MOMENT, moved_at=MOMENT, finished_at=MOMENT, actor_label=f"Owner {canary}")
    Invitation.objects.create(
        email=f"new.{canary}@example.com",
        digest=digest_of(secrets.token_hex(16)),
        invited_by=owner,
        expires_at=timezone.now() + timedelta(days=7),
    )
    for contact in contacts[:2]:
        _history(contact, actor_of(members[Role.AGENT]), canary)
    session = _session(owner, f"Browser {canary}")
    RefreshToken.objects.create(
        credential=session, digest=digest_of(secrets.token_hex(16)), expires_at=timezone.now() + timedelta(days=30)
    )
    IdempotencyRecord.objects.create(
        credential=session, key="populated-world", fingerprint="0" * 64, status_code=201, body=canary
    )
    _inbound(contacts, canary, actor_of(owner))
    _import(canary)
    # Of windows that are long over.
    RequestMeter.objects.create(name="requests", minute_taken=1, day_taken=1)
    WriteMeter.objects.create(name="contacts", minute_taken=1, day_taken=1, month_taken=1)


def _import(canary: str) -> None:
    """An import of long ago that was given up, with its file and its plan. A test's own begin at number 1."""
    job = ImportJob.objects.create(
        number=0,
        file_name=f"{canary}.csv",
        file_size=len(canary),
        state=ImportState.CANCELLED,
        actor_kind="member",
        actor_label=f"Owner {canary}",
        operation=uuid7(),
        requested_at=MOMENT,
    )
    ImportChunk.objects.create(job=job, number=0, is_plan=True, first_line=1, last_line=1, rows=pack([]))
    ImportPart.objects.create(job=job, number=0, data=canary.encode())


def _inbound(contacts: list[Contact], canary: str, actor: Actor) -> None:
    """A channel with what is left of a message, a sender who is known, and what a contact said about hearing from us."""
    channel = create_channel(kind="telegram", name=f"Bot {canary}", secret=f"{canary}-secret", actor=actor)
    Receipt.objects.create(
        channel=channel,
        key="update:1",
        payload=canary.encode(),
        digest="0" * 64,
        sent_at=MOMENT,
        state=ReceiptState.IGNORED,
        reason=f"nothing of {canary}",
        settled_at=timezone.now(),
    )
    SenderIdentity.objects.create(
        contact=contacts[1], channel=channel, kind=IdentityKind.TELEGRAM, value="700100200", name=f"Bob {canary}"
    )
    said = Statement(
        contact_id=contacts[1].pk, medium="telegram", is_given=True, words=f"start {canary}", stated_at=MOMENT
    )
    record_consents([said], actor=actor)
    suggest_merges([(contacts[1].pk, contacts[2].pk)], MergeReason.SAME_PHONE, actor=actor)


def _history(contact: Contact, actor: Actor, canary: str) -> None:
    call = ActivityDraft(type="PHONE_CALL", description=f"Called {canary}", created_at=MOMENT)
    record_activity(contact, call, actor=actor)
    message = CommunicationDraft(
        kind="email", direction="inbound", subject=f"About {canary}", body=f"Dear {canary}.", occurred_at=MOMENT
    )
    record_communication(contact, message, actor=actor)
    create_deal(contact, DealDraft(title=f"House {canary}", amount=Decimal(450_000)), actor=actor)


def _session(member: Member, name: str) -> Credential:
    return Credential.objects.create(
        member=member,
        wire=WireName.WINNERR,
        kind=CredentialKind.SESSION,
        name=name,
        digest=digest_of(secrets.token_hex(16)),
        expires_at=timezone.now() + timedelta(hours=12),
    )


def bearer_token(member: Member) -> str:
    """An integration token of the Winnerr wire that acts as the member, for twelve hours."""
    with tenant_scope(member.organization):
        operator = Actor.command("tests")
        return issue_token(member, name="Test program", lifetime=timedelta(hours=12), actor=operator).token


def rentalot_key(member: Member) -> str:
    """A key of the Rentalot wire that acts as the member."""
    with tenant_scope(member.organization):
        return issue_key(member, wire=WireName.RENTALOT, name="Test program", actor=Actor.command("tests")).key


class WireClient:
    """A program that presents a member's bearer token, or none. Errors come back as answers, as a program sees them.

    ``secret_of`` makes what the wire takes for one.
    """

    def __init__(
        self, member: Member | None, secret_of: Callable[[Member], str] = bearer_token, scheme: str = "Bearer"
    ) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"{scheme} {secret_of(member)}"} if member else {}

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


def estateprime_pair(member: Member) -> str:
    """A key pair of the EstatePrime wire that acts as the member, as Basic authentication has it."""
    with tenant_scope(member.organization):
        key = issue_key(member, wire=WireName.ESTATEPRIME, name="Test program", actor=Actor.command("tests"))
    return b64encode(f"{key.public_key}:{key.secret_key}".encode()).decode()
