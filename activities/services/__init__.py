"""The verbs of what happens between the team and a contact. Every door calls these."""

from activities.services.communicating import delete_communication, record_communication, record_communications
from activities.services.dealing import create_deal, create_deals, delete_deal, update_deal
from activities.services.recording import record_activities, record_activity

__all__ = [
    "create_deal",
    "create_deals",
    "delete_communication",
    "delete_deal",
    "record_activities",
    "record_activity",
    "record_communication",
    "record_communications",
    "update_deal",
]
