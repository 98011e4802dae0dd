"""Where Rentalot's conversations are. A trailing slash is served, never redirected (CONTRACTS 7.3)."""

from django.urls import re_path

from activities.api.rentalot.views import ConversationViewSet

urlpatterns = [
    re_path(r"^conversations/?\Z", ConversationViewSet.as_view({"get": "list"})),
    # The literal segment wins over an id.
    re_path(r"^conversations/search/?\Z", ConversationViewSet.as_view({"get": "search"})),
    re_path(r"^conversations/(?P<identifier>[^/]+)/?\Z", ConversationViewSet.as_view({"get": "retrieve"})),
    re_path(r"^conversations/(?P<identifier>[^/]+)/messages/?\Z", ConversationViewSet.as_view({"get": "messages"})),
]
