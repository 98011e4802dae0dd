"""Where Winnerr's contacts are. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from contacts.api.winnerr.bulk import BulkViewSet
from contacts.api.winnerr.score import ScoreViewSet
from contacts.api.winnerr.tags import TagViewSet
from contacts.api.winnerr.views import ContactViewSet

urlpatterns = [
    re_path(r"^contacts/?\Z", ContactViewSet.as_view({"get": "list", "post": "create"})),
    # Literal segments win over ids.
    re_path(r"^contacts/tags/?\Z", TagViewSet.as_view({"get": "list"})),
    re_path(r"^contacts/bulk/?\Z", BulkViewSet.as_view({"patch": "update_many"})),
    re_path(
        r"^contacts/(?P<identifier>[^/]+)/?\Z",
        ContactViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    re_path(r"^contacts/(?P<identifier>[^/]+)/score/?\Z", ScoreViewSet.as_view({"get": "retrieve"})),
    re_path(r"^contacts/(?P<identifier>[^/]+)/tags/?\Z", TagViewSet.as_view({"post": "add", "delete": "remove"})),
    re_path(r"^contacts/(?P<identifier>[^/]+)/tags/(?P<name>[^/]+)/?\Z", TagViewSet.as_view({"delete": "remove_one"})),
]
