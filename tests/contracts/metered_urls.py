"""The product's addresses, and beside them the least of a Rentalot resource that plans limit."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Right
from config.wires.rentalot import RentalotViewSet
from contacts.drafts import ContactDraft
from contacts.exceptions import ContactNotFound
from contacts.models import Contact
from contacts.services import create_contact, delete_contact, update_contact


class ContactViewSet(RentalotViewSet):
    grants = {
        "list": Right.READ_CONTACTS,
        "retrieve": Right.READ_CONTACTS,
        "create": Right.WRITE_CONTACTS,
        "partial_update": Right.WRITE_CONTACTS,
        "destroy": Right.WRITE_CONTACTS,
    }
    resource = "contacts"
    metered = frozenset({"create", "destroy"})

    def list(self, request: Request) -> Response:
        return Response(self.enveloped([{"name": contact.full_name} for contact in Contact.objects.active()]))

    def retrieve(self, request: Request, identifier: str) -> Response:
        return Response(self.enveloped({"name": self._contact(identifier).full_name}))

    def create(self, request: Request) -> Response:
        draft = ContactDraft(full_name=request.data["name"], email=request.data["email"])
        contact = create_contact(draft, actor=self.actor)
        return Response(
            self.enveloped({"id": str(contact.uuid)}),
            status=201,
            headers={"Location": f"/api/v1/contacts/{contact.uuid}"},
        )

    def partial_update(self, request: Request, identifier: str) -> Response:
        update_contact(self._contact(identifier), ContactDraft(full_name=request.data["name"]), actor=self.actor)
        return self.retrieve(request, identifier)

    def destroy(self, request: Request, identifier: str) -> Response:
        delete_contact(self._contact(identifier), actor=self.actor)
        return Response(status=204)

    def _contact(self, identifier: str) -> Contact:
        contact = Contact.objects.active().filter(uuid=identifier).first()
        if contact is None:
            raise ContactNotFound(identifier)
        return contact


urlpatterns = [
    path("api/v1/contacts", ContactViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "api/v1/contacts/<uuid:identifier>",
        ContactViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("", include("config.urls")),
]
handler400 = "config.urls.handler400"
handler403 = "config.urls.handler403"
handler404 = "config.urls.handler404"
handler500 = "config.urls.handler500"
