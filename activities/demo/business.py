"""The business that comes of a story."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from activities.demo.personas import Outcome, weighted
from activities.demo.plot import Plot
from activities.drafts import (
    CommissionDraft,
    DealDraft,
    DocumentDraft,
    PropertyDraft,
    TaskDraft,
    TeamMemberDraft,
    TimelineDraft,
)
from activities.models import DealStage, DealStatus, DealType

# In percent: how many stories of each outcome come to a deal.
_SHARES = {Outcome.TALKING: 12, Outcome.ACTIVE: 78, Outcome.WON: 100, Outcome.LOST: 40}
# How likely a deal of each stage closes, in percent.
_PROBABILITIES = {
    DealStage.LEAD: 10,
    DealStage.QUALIFIED: 20,
    DealStage.APPOINTMENT: 35,
    DealStage.NEGOTIATION: 50,
    DealStage.CONTRACT: 70,
    DealStage.INSPECTION: 75,
    DealStage.APPRAISAL: 80,
    DealStage.FINANCING: 85,
    DealStage.CLOSING: 95,
    DealStage.CLOSED: 100,
    DealStage.LOST: 0,
}
_UNDER_WAY = {
    DealStage.APPOINTMENT: 26,
    DealStage.NEGOTIATION: 26,
    DealStage.CONTRACT: 16,
    DealStage.INSPECTION: 10,
    DealStage.APPRAISAL: 6,
    DealStage.FINANCING: 8,
    DealStage.CLOSING: 8,
}
_UNDER_CONTRACT = (
    DealStage.CONTRACT,
    DealStage.INSPECTION,
    DealStage.APPRAISAL,
    DealStage.FINANCING,
    DealStage.CLOSING,
    DealStage.CLOSED,
)


def plan_deal(plot: Plot) -> DealDraft | None:
    """The deal of a story, None when it came to none."""
    if plot.persona.deal is None or plot.rng.randrange(100) >= _SHARES.get(plot.outcome, 0):
        return None
    stage = _stage(plot)
    begun = min(plot.created_at + timedelta(days=plot.rng.randint(1, 25)), plot.until)
    amount = _amount(plot)
    return DealDraft(
        title=f"{plot.address}, {plot.town}",
        description=f"{DealType(plot.persona.deal).label} of a home with {plot.bedrooms} bedrooms.",
        type=plot.persona.deal.value,
        stage=stage.value,
        status=_status(plot, stage).value,
        amount=Decimal(amount),
        probability=_PROBABILITIES[stage],
        source="WEBSITE" if plot.rng.random() < 0.5 else "REFERRAL",
        assigned_to=plot.agent.member_id,
        commission=_commission(plot, amount),
        property_details=_property(plot),
        team_members=_team(plot),
        timeline=_timeline(plot, stage, begun),
        documents=_documents(plot, stage),
        tasks=_tasks(plot, stage),
        created_at=begun,
    )


def _stage(plot: Plot) -> DealStage:
    if plot.outcome is Outcome.WON:
        return DealStage.CLOSED
    if plot.outcome is Outcome.LOST:
        return DealStage.LOST
    if plot.outcome is Outcome.TALKING:
        return plot.rng.choice((DealStage.LEAD, DealStage.QUALIFIED))
    return weighted(plot.rng, _UNDER_WAY)


def _status(plot: Plot, stage: DealStage) -> DealStatus:
    if stage is DealStage.CLOSED:
        return DealStatus.CLOSED
    if stage is DealStage.LOST:
        return DealStatus.CANCELLED
    return DealStatus.ON_HOLD if plot.rng.random() < 0.08 else DealStatus.ACTIVE


def _amount(plot: Plot) -> int:
    """A home's price, or a year's rent."""
    return plot.price * 12 if plot.persona.deal in (DealType.RENTAL, DealType.LEASE) else plot.price


def _commission(plot: Plot, amount: int) -> CommissionDraft:
    rate = plot.rng.choice((2, 2.5, 2.5, 3))
    return CommissionDraft(rate=rate, amount=round(amount * rate / 100, 2), split=plot.rng.choice((60, 70, 75)))


def _property(plot: Plot) -> PropertyDraft:
    return PropertyDraft(
        id=f"property_{plot.rng.randint(1_000, 9_999)}",
        address=f"{plot.address}, {plot.town}",
        type=plot.rng.choice(("SINGLE_FAMILY", "CONDO", "TOWNHOUSE")),
        bedrooms=plot.bedrooms,
        bathrooms=max(1, plot.bedrooms - 1),
        square_footage=500 + 350 * plot.bedrooms + plot.rng.randint(0, 30) * 10,
    )


def _team(plot: Plot) -> tuple[TeamMemberDraft, ...]:
    role = "LISTING_AGENT" if plot.persona.deal in (DealType.SALE, DealType.LEASE) else "BUYER_AGENT"
    return (TeamMemberDraft(member_id=plot.agent.member_id, role=role, commission_split=100),)


def _timeline(plot: Plot, stage: DealStage, begun: datetime) -> TimelineDraft:
    if stage not in _UNDER_CONTRACT:
        return TimelineDraft(listing_date=_day(begun))
    closing = plot.until if stage is DealStage.CLOSED else plot.now + timedelta(days=plot.rng.randint(5, 60))
    signed = begun + (min(closing, plot.now) - begun) / 2
    return TimelineDraft(
        listing_date=_day(begun),
        contract_date=_day(signed),
        inspection_date=_day(signed + (closing - signed) / 3),
        appraisal_date=_day(signed + (closing - signed) / 2),
        closing_date=_day(closing),
    )


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _documents(plot: Plot, stage: DealStage) -> tuple[DocumentDraft, ...]:
    if stage not in _UNDER_CONTRACT:
        return ()
    number = plot.rng.randint(1_000, 9_999)
    url = f"https://documents.example.com/contracts/{number}.pdf"
    return (DocumentDraft(id=f"document_{number}", name="Contract", type="CONTRACT", url=url),)


def _tasks(plot: Plot, stage: DealStage) -> tuple[TaskDraft, ...]:
    if stage in (DealStage.CLOSED, DealStage.LOST):
        return ()
    due = plot.now + timedelta(days=plot.rng.randint(1, 20))
    return (
        TaskDraft(id="task_1", title="Call the lender", completed=plot.rng.random() < 0.5),
        TaskDraft(id="task_2", title="Collect the signatures", due_date=_day(due)),
    )
