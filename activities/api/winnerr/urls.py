"""Where Winnerr's activities and deals are. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from activities.api.winnerr.activities import ActivityViewSet
from activities.api.winnerr.deals import DealViewSet

urlpatterns = [
    re_path(
        r"^contacts/(?P<identifier>[^/]+)/activities/?\Z", ActivityViewSet.as_view({"get": "list", "post": "create"})
    ),
    re_path(r"^deals/?\Z", DealViewSet.as_view({"get": "list", "post": "create"})),
    re_path(
        r"^deals/(?P<identifier>[^/]+)/?\Z",
        DealViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
]
