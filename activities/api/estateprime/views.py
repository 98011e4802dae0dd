"""EstatePrime's communication, and the lists it is described with (CONTRACTS 3.6)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.exceptions import FieldError, Invalid
from accounts.roles import Right
from activities.api.estateprime.filters import narrowing
from activities.api.estateprime.openapi import COMMUNICATION_OPERATIONS, LOOKUP_OPERATIONS
from activities.api.estateprime.reading import list_page, single_communication
from activities.api.estateprime.serializers import CHANNELS, CommunicationCreate, draft_of
from activities.exceptions import CommunicationNotFound
from activities.querysets import live_communications
from activities.services import delete_communication, record_communication
from config.wires.estateprime import EstatePrimeViewSet, FixedPage, parameters_of
from config.wires.estateprime_values import number_in_address
from config.wires.fields import validated
from config.wires.strict_json import object_of
from contacts.exceptions import ContactNotFound


class CommunicationViewSet(EstatePrimeViewSet):
    """List, read, write down and delete what was said; nobody rewrites it."""

    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    operations = COMMUNICATION_OPERATIONS

    def list(self, request: Request) -> Response:
        said = parameters_of(request)
        page = FixedPage.asked(said)
        return Response(page.enveloped(*list_page(page, narrowing(said), actor=self.actor)))

    def retrieve(self, request: Request, identifier: str) -> Response:
        document = single_communication(number_of(identifier), actor=self.actor)
        if document is None:
            raise CommunicationNotFound(identifier)
        return Response(self.success(data=document))

    def create(self, request: Request) -> Response:
        body = CommunicationCreate(data=object_of(request.data), context={"actor": self.actor})
        accepted = validated(body)
        try:
            made = record_communication(accepted["contact"], draft_of(accepted), actor=self.actor)
        except ContactNotFound as error:
            # Deleted since it was looked up.
            raise Invalid([FieldError("contact_id", "not_found")]) from error
        return Response(self.success(created_id=made.number))

    def destroy(self, request: Request, identifier: str) -> Response:
        communication = live_communications(self.actor).filter(number=number_of(identifier)).first()
        if communication is None:
            raise CommunicationNotFound(identifier)
        delete_communication(communication, actor=self.actor)
        return Response(self.success(deleted_id=communication.number))


class CommunicationLookupViewSet(EstatePrimeViewSet):
    """Channels are what they are; tags and fields for communications are nothing a team can make here."""

    grants = {
        "channels": Right.READ_CONTACTS,
        "tags": Right.READ_CONTACTS,
        "custom_fields": Right.READ_CONTACTS,
    }
    operations = LOOKUP_OPERATIONS

    def channels(self, request: Request) -> Response:
        rows = [{"id": number, "name": name, "type": medium} for number, (_, name, medium) in CHANNELS.items()]
        return Response(self.success(data=rows))

    def tags(self, request: Request) -> Response:
        return Response(self.success(data=[]))

    def custom_fields(self, request: Request) -> Response:
        return Response(self.success(data=[]))


def number_of(identifier: str) -> int:
    """A communication's number in a path. Raises ``CommunicationNotFound`` for what is none."""
    number = number_in_address(identifier)
    if number is None:
        raise CommunicationNotFound(identifier)
    return number
