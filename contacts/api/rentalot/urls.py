"""Where Rentalot's contacts are. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from contacts.api.rentalot.views import ContactViewSet

urlpatterns = [
    re_path(r"^contacts/?\Z", ContactViewSet.as_view({"get": "list", "post": "create"})),
    re_path(
        r"^contacts/(?P<identifier>[^/]+)/?\Z",
        ContactViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
]
