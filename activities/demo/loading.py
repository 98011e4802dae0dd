"""Putting the demo into the database, through the services that every door uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from secrets import token_urlsafe

from django.db import transaction

from accounts.actor import Actor, ActorKind, Door
from accounts.models import Member
from accounts.roles import Role
from accounts.services import create_member, create_organization
from accounts.tenancy import tenant_scope
from activities.demo.personas import CUSTOM_FIELDS, SOURCES, TAGS
from activities.demo.places import QUARRY, SALTMARSH, Market
from activities.demo.plot import Agent
from activities.demo.story import Story, stories
from activities.demo.team import HARBOUR_LANE, QUARRY_BEND, Colleague, Team
from activities.services import create_deals, record_activities, record_communications
from contacts.services import create_contacts
from contacts.services.catalogue import load_catalogue

SMALL = 60


def load_demo(contacts: int, *, now: datetime) -> None:
    """Found both demo organizations, all or nothing. ``contacts`` are Harbour Lane's; moments hang on ``now``.

    Raises ``Duplicate`` when there is a demo already. To be called outside any unit of work.
    """
    with transaction.atomic():
        _load_team(HARBOUR_LANE, SALTMARSH, contacts, now)
        _load_team(QUARRY_BEND, QUARRY, min(contacts, SMALL), now)


def member_actor(member: Member) -> Actor:
    """A member at work in a management command."""
    return Actor(
        kind=ActorKind.MEMBER,
        door=Door.COMMAND,
        label=member.full_name,
        role=Role(member.role),
        member_id=member.pk,
    )


def _load_team(team: Team, market: Market, contacts: int, now: datetime) -> None:
    owner = create_organization(
        name=team.name,
        slug=team.slug,
        time_zone=team.time_zone,
        phone_region=team.phone_region,
        owner_email=team.owner.email,
        owner_password=team.owner.password,
        owner_first_name=team.owner.first_name,
        owner_last_name=team.owner.last_name,
    )
    actor = member_actor(owner)
    with tenant_scope(owner.organization):
        load_catalogue(
            {
                "sources": [{"name": name} for name in SOURCES if name],
                "tags": [{"name": name} for name in TAGS],
                "custom_fields": [*CUSTOM_FIELDS],
            },
            actor=actor,
        )
        members = [_join(colleague, actor) for colleague in team.others]
        agents = [Agent(member_id=member.pk, first_name=member.first_name) for member in members if _sells(member)]
        _write(stories(contacts, now=now, agents=agents, market=market, seed=team.slug), actor)


def _join(colleague: Colleague, actor: Actor) -> Member:
    return create_member(
        email=colleague.email,
        # Who has no published password cannot log in until they reset it.
        password=colleague.password or token_urlsafe(),
        role=colleague.role,
        first_name=colleague.first_name,
        last_name=colleague.last_name,
        actor=actor,
    )


def _sells(member: Member) -> bool:
    return member.role in (Role.ADMIN, Role.AGENT)


def _write(planned: Sequence[Story], actor: Actor) -> None:
    drafts = (story.contact for story in planned)
    ids = [contact.pk for chunk in create_contacts(drafts, actor=actor) for contact in chunk]
    told = list(zip(ids, planned, strict=True))
    _exhaust(record_communications(((pk, draft) for pk, story in told for draft in story.communications), actor=actor))
    _exhaust(record_activities(((pk, draft) for pk, story in told for draft in story.activities), actor=actor))
    _exhaust(create_deals(((pk, draft) for pk, story in told for draft in story.deals), actor=actor))


def _exhaust(chunks: Iterable[object]) -> None:
    for _ in chunks:
        pass
