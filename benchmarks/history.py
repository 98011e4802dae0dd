"""What happened with a tenth of the contacts: a conversation with a message, a deal and an activity each."""

from __future__ import annotations

from typing import Final

from benchmarks.rows import draw, uuid_of, whole

# Those of one chunk of numbers.
TENTH: Final = """
    (SELECT organization_id, id AS contact_id, assigned_to_id AS member_id, created_at, updated_at, number AS n
     FROM contacts_contact WHERE number BETWEEN %(first)s AND %(last)s AND number %% 10 = 0) AS contact
"""
_OF_CONTACT: Final = {"organization_id": "organization_id", "contact_id": "contact_id", "created_at": "created_at"}

CONVERSATION: Final = _OF_CONTACT | {
    "uuid": uuid_of("created_at", "conversation"),
    "kind": "'email'",
    "started_at": "created_at",
    "last_message_at": "updated_at",
    "message_count": "1",
    "updated_at": "updated_at",
}
COMMUNICATION: Final = _OF_CONTACT | {
    "uuid": uuid_of("created_at", "communication"),
    "number": "n",
    "conversation_id": "conversation.id",
    "member_id": "member_id",
    "kind": "'email'",
    "direction": "'inbound'",
    "subject": "'About the house in Oak Street, number ' || n",
    "body": "'Is it still to be had?'",
    "occurred_at": "updated_at",
}
COMMUNICATIONS: Final = f"""
    {TENTH} JOIN LATERAL (
        SELECT id FROM activities_conversation AS found
        WHERE found.organization_id = contact.organization_id AND found.contact_id = contact.contact_id
    ) AS conversation ON true
"""
DEAL: Final = _OF_CONTACT | {
    "uuid": uuid_of("created_at", "deal"),
    "assigned_to_id": "member_id",
    "title": "'House in Oak Street, number ' || n",
    "amount": f"200000 + 1000 * {whole(600, 40)}",
    "probability": f"10 * {whole(10, 41)}",
    "updated_at": "updated_at",
}
ACTIVITY: Final = _OF_CONTACT | {
    "uuid": uuid_of("created_at", "activity"),
    "member_id": "member_id",
    "type": f"CASE WHEN {draw(42)} < 0.5 THEN 'PHONE_CALL' ELSE 'NOTE' END",
    "description": "'Spoke about the house in Oak Street.'",
}
