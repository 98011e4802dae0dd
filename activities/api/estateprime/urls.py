"""Where EstatePrime's communication is. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from activities.api.estateprime.views import CommunicationLookupViewSet, CommunicationViewSet

urlpatterns = [
    re_path(r"^communication/?\Z", CommunicationViewSet.as_view({"get": "list", "post": "create"})),
    # Literal segments win over ids.
    re_path(r"^communication/channels/?\Z", CommunicationLookupViewSet.as_view({"get": "channels"})),
    re_path(r"^communication/tags/?\Z", CommunicationLookupViewSet.as_view({"get": "tags"})),
    re_path(r"^communication/custom-fields/?\Z", CommunicationLookupViewSet.as_view({"get": "custom_fields"})),
    re_path(
        r"^communication/(?P<identifier>[^/]+)/?\Z",
        CommunicationViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
]
