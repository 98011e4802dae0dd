"""Who a contact of the demo is, as the team would have written it down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from activities.demo import messages
from activities.demo.people import FIRST_NAMES, LAST_NAMES
from activities.demo.personas import SOURCES, Outcome, weighted
from activities.demo.places import telephone
from activities.demo.plot import Plot
from contacts.drafts import (
    UNSET,
    ContactDraft,
    EmailDraft,
    PhoneDraft,
    PreferencesDraft,
    PriceRange,
    RelatedPersonDraft,
)
from contacts.models import ContactRole, ContactStage, ContactStatus, ContactType

_HOMES = ("SINGLE_FAMILY", "CONDO", "TOWNHOUSE", "MULTI_FAMILY", "APARTMENT")
_LANGUAGES: Mapping[str, int] = {"en": 86, "es": 6, "fr": 3, "de": 2, "pt": 2, "pl": 1}


def describe(plot: Plot, last_contacted_at: datetime | None) -> ContactDraft:
    """The contact's draft; ``last_contacted_at`` is what the story comes to."""
    rng, person = plot.rng, plot.person
    language = weighted(rng, _LANGUAGES)
    return ContactDraft(
        first_name=person.first_name,
        last_name=person.last_name,
        **_company(plot),
        **_reach(plot),
        **_standing(plot),
        **_origin(plot),
        street=plot.address if rng.random() < 0.72 else "",
        city=plot.town,
        state=plot.market.state,
        zip_code=plot.zip_code,
        country=plot.market.country,
        language=language,
        preferences=_preferences(plot) if plot.persona.looks_for_home else UNSET,
        notes=plot.text(rng.choice(messages.NOTES)) if rng.random() < 0.55 else "",
        tags=_tags(plot),
        # Some of the newest have not found their agent yet.
        assigned_to=plot.agent.member_id if plot.outcome is not Outcome.FRESH or rng.random() < 0.6 else None,
        related_people=_related_people(plot),
        created_at=plot.created_at,
        last_contacted_at=last_contacted_at or UNSET,
        custom_values=_custom_values(plot),
    )


def _custom_values(plot: Plot) -> dict[int, Any]:
    """Values of the team's own fields (``personas.CUSTOM_FIELDS``), for some of those who look for a home."""
    rng = plot.rng
    if not plot.persona.looks_for_home or rng.random() < 0.5:
        return {}
    moving = plot.now.date() + timedelta(days=rng.randint(10, 180))
    wishes = sorted(rng.sample(range(1, 5), rng.randint(1, 2)))
    return {1: moving.isoformat(), 2: rng.randrange(1_200, 3_600, 50), 3: wishes}


def _company(plot: Plot) -> dict[str, Any]:
    company = plot.person.company
    return {"is_company": True, "company_name": company, "full_name": company} if company else {}


def _reach(plot: Plot) -> dict[str, Any]:
    """E-mail and phone. Somebody who left neither could not be in an address book."""
    rng, drawn = plot.rng, plot.rng.random()
    reach: dict[str, Any] = {"channel_preference": weighted(rng, {"email": 50, "sms": 25, "whatsapp": 15, "": 10})}
    if drawn > 0.05:
        reach |= {"email": plot.person.email, "email_label": rng.choice(("home", "work", "", ""))}
    if drawn < 0.9:
        reach |= {"phone": telephone(rng, plot.market), "phone_label": rng.choice(("mobile", "mobile", "home", "work"))}
    if 0.05 < drawn < 0.2:
        reach["further_phones"] = (PhoneDraft(phone=telephone(rng, plot.market), label="work"),)
    if 0.2 < drawn < 0.28:
        local, _, domain = plot.person.email.partition("@")
        reach["further_emails"] = (EmailDraft(email=f"{local}+homes@{domain}", label="newsletter"),)
    return reach


def _standing(plot: Plot) -> dict[str, Any]:
    """Type, status, stage and role, as far as things have come."""
    rng, persona, outcome = plot.rng, plot.persona, plot.outcome
    standing = {
        "type": persona.type,
        "role": persona.role,
        "status": ContactStatus.ACTIVE,
        "stage": ContactStage.PROSPECT,
    }
    if outcome is Outcome.ACTIVE:
        renting = persona.deal == "RENTAL"
        standing["stage"] = rng.choice(
            (ContactStage.SCHEDULED, ContactStage.APPLICANT if renting else ContactStage.SCHEDULED)
        )
        standing["type"] = rng.choice((ContactType.LEAD, ContactType.CLIENT, ContactType.CLIENT))
    elif outcome is Outcome.WON:
        standing |= _won(plot)
    elif outcome is Outcome.QUIET:
        standing["status"] = rng.choice((ContactStatus.INACTIVE,) * 9 + (ContactStatus.DO_NOT_CONTACT,))
        standing["stage"] = rng.choice((ContactStage.PROSPECT, ContactStage.ARCHIVED))
    elif outcome is Outcome.LOST:
        standing |= {"status": ContactStatus.DISQUALIFIED, "stage": ContactStage.ARCHIVED}
    return {name: choice.value for name, choice in standing.items()}


def _won(plot: Plot) -> dict[str, Any]:
    long_ago = (plot.now - plot.until).days > 120
    won: dict[str, Any] = {
        "type": ContactType.PAST_CLIENT if long_ago else ContactType.CLIENT,
        "status": ContactStatus.CONVERTED,
    }
    if plot.persona.deal == "RENTAL":
        won |= {"stage": ContactStage.RENTER, "role": ContactRole.TENANT}
    return won


def _origin(plot: Plot) -> dict[str, Any]:
    source = weighted(plot.rng, SOURCES)
    if source != "REFERRAL":
        return {"source": source}
    friend = f"{plot.rng.choice(FIRST_NAMES)} {plot.rng.choice(LAST_NAMES)}"
    return {"source": source, "referral_source": friend}


def _preferences(plot: Plot) -> PreferencesDraft:
    rng = plot.rng
    drawn = rng.random()
    towns = [town for town, _ in plot.market.towns]
    return PreferencesDraft(
        communication_method=rng.choice(("EMAIL", "PHONE", "SMS")) if drawn < 0.8 else UNSET,
        property_types=tuple(rng.sample(_HOMES, rng.randint(1, 3))) if drawn < 0.75 else UNSET,
        price_range=PriceRange(min=plot.price * 4 // 5, max=plot.price * 11 // 10) if drawn < 0.7 else UNSET,
        locations=tuple(rng.sample(towns, rng.randint(1, 3))) if drawn < 0.65 else UNSET,
    )


def _tags(plot: Plot) -> tuple[str, ...]:
    count = plot.rng.choices((0, 1, 2, 3), weights=(25, 40, 25, 10))[0]
    return tuple(plot.rng.sample(plot.persona.tags, min(count, len(plot.persona.tags))))


def _related_people(plot: Plot) -> tuple[RelatedPersonDraft, ...]:
    rng = plot.rng
    if rng.random() > (0.6 if plot.person.company else 0.07):
        return ()
    partner = RelatedPersonDraft(
        first_name=rng.choice(FIRST_NAMES),
        last_name=rng.choice(LAST_NAMES) if plot.person.company else plot.person.last_name,
        mobile=telephone(rng, plot.market),
        notes="Signs for the company." if plot.person.company else "Partner; decides together.",
    )
    return (partner,)
