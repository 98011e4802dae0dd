"""Activities, communications and deals, and where messages come in from."""

from activities.models.activity import Activity, ActivityType
from activities.models.communication import Communication, CommunicationKind, Conversation, Delivery, Direction
from activities.models.deal import Deal, DealStage, DealStatus, DealType
from activities.models.inbound_channel import ChannelKind, InboundChannel
from activities.models.receipt import Receipt, ReceiptState
from activities.models.sender_identity import IdentityKind, SenderIdentity

__all__ = [
    "Activity",
    "ActivityType",
    "ChannelKind",
    "Communication",
    "CommunicationKind",
    "Conversation",
    "Deal",
    "DealStage",
    "DealStatus",
    "DealType",
    "Delivery",
    "Direction",
    "IdentityKind",
    "InboundChannel",
    "Receipt",
    "ReceiptState",
    "SenderIdentity",
]
