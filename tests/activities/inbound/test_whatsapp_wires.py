"""A WhatsApp message as programs read it: on all three wires, and by nobody of another organization."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import Member
from tests.activities.inbound.whatsapp import receive, whatsapp
from tests.inbound import contacts_from, messages_of
from tests.worlds import WireClient, World

Program = Callable[[Member | None], WireClient]
SAID = "Καλημέρα! Is the flat on Mill Lane still free? 🏡"
MOMENT = "2026-03-02T09:10:00Z"


def test_one_message_reads_on_all_three_wires(
    north: World, south: World, winnerr: Program, rentalot: Program, estateprime: Program
):
    channel = whatsapp(north)
    receive(channel, "message_text")
    (contact,) = contacts_from(north, "whatsapp")
    (message,) = messages_of(north, channel)

    address = f"/v1/contacts/{contact.winnerr_id}"
    shown = winnerr(north.owner).get(address).json()["data"]
    assert shown["communications"] == [
        {"id": message.winnerr_id, "type": "WHATSAPP", "subject": None, "createdAt": MOMENT}
    ]
    told = {key: shown[key] for key in ("firstName", "lastName", "phone", "source", "lastContactedAt")}
    assert told == {
        "firstName": "Nina",
        "lastName": "Brightwater",
        "phone": "+15550100142",
        "source": "whatsapp",
        "lastContactedAt": MOMENT,
    }
    (activity,) = winnerr(north.owner).get(f"{address}/activities").json()["data"]
    assert activity == {
        "id": activity["id"],
        "type": "WHATSAPP_RECEIVED",
        "description": SAID,
        "createdAt": MOMENT,
        "metadata": {"communicationId": message.winnerr_id, "channel": channel.name},
    }

    program = rentalot(north.owner)
    listed = program.get("/api/v1/conversations").json()["data"]
    (conversation,) = [row for row in listed if row["contactId"] == str(contact.uuid)]
    told = {key: conversation[key] for key in ("channel", "status", "startedAt", "lastMessageAt", "messageCount")}
    assert told == {
        "channel": "whatsapp",
        "status": "active",
        "startedAt": MOMENT,
        "lastMessageAt": MOMENT,
        "messageCount": 1,
    }
    (read,) = program.get(f"/api/v1/conversations/{conversation['id']}/messages").json()["data"]
    assert {key: read[key] for key in ("id", "direction", "content", "channel", "metadata", "sentAt")} == {
        "id": str(message.uuid),
        "direction": "inbound",
        "content": SAID,
        "channel": "whatsapp",
        "metadata": {},
        "sentAt": MOMENT,
    }

    document = estateprime(north.owner).get(f"/api/communication/{message.number}").json()["data"]
    assert document == {
        "id": message.number,
        "date_created": document["date_created"],
        "communication_date": "2026-03-02 09:10:00",
        "user_id": None,
        "store_id": None,
        "type": "incoming",
        "channel": 6,
        "contact_id": contact.number,
        "request_id": None,
        "comments": SAID,
        "tags": [],
        "listings": [],
    }

    assert winnerr(south.owner).get(address).status_code == 404
    assert rentalot(south.owner).get(f"/api/v1/conversations/{conversation['id']}/messages").status_code == 404
    assert SAID not in estateprime(south.owner).get("/api/communication").content.decode()
