"""Activities, communications and deals."""

from activities.models.activity import Activity, ActivityType
from activities.models.communication import Communication, CommunicationKind, Conversation, Direction
from activities.models.deal import Deal, DealStage, DealStatus, DealType

__all__ = [
    "Activity",
    "ActivityType",
    "Communication",
    "CommunicationKind",
    "Conversation",
    "Deal",
    "DealStage",
    "DealStatus",
    "DealType",
    "Direction",
]
