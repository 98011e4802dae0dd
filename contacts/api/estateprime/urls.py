"""Where EstatePrime's contacts are. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from contacts.api.estateprime.views import ContactViewSet, LookupViewSet

urlpatterns = [
    re_path(r"^contacts/?\Z", ContactViewSet.as_view({"get": "list", "post": "create"})),
    # Literal segments win over ids.
    re_path(r"^contacts/sources/?\Z", LookupViewSet.as_view({"get": "sources"})),
    re_path(r"^contacts/tags/?\Z", LookupViewSet.as_view({"get": "tags"})),
    re_path(r"^contacts/custom-fields/?\Z", LookupViewSet.as_view({"get": "custom_fields"})),
    re_path(
        r"^contacts/(?P<identifier>[^/]+)/?\Z",
        ContactViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
    ),
]
