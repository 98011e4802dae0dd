"""Every address Latchkey answers, and in which contract's words it refuses the others."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path
from django.views.generic import RedirectView

from config import health
from config.dashboard.site import site
from config.wires.estateprime import ESTATEPRIME
from config.wires.openapi.addresses import document_addresses
from config.wires.openapi.estateprime import ESTATEPRIME_CONTRACT
from config.wires.openapi.rentalot import RENTALOT_CONTRACT
from config.wires.openapi.winnerr import WINNERR_CONTRACT
from config.wires.refusals import Refusals
from config.wires.rentalot import RENTALOT
from config.wires.winnerr import WINNERR

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}accounts/key.svg")),
    path("healthz", health.process),
    path("readyz", health.ready),
    path("accounts/", include("accounts.urls")),
    path("admin/", site.urls),
    path("inbound/", include("activities.inbound.urls")),
    path("v1/", include("accounts.api.winnerr")),
    path("v1/", include("activities.api.winnerr.urls")),
    path("v1/", include("contacts.api.winnerr.urls")),
    path("api/v1/", include("activities.api.rentalot.urls")),
    *document_addresses(WINNERR_CONTRACT),
    path("api/v1/", include("contacts.api.rentalot.urls")),
    *document_addresses(RENTALOT_CONTRACT),
    path("api/", include("accounts.api.estateprime")),
    path("api/", include("activities.api.estateprime.urls")),
    path("api/", include("contacts.api.estateprime.urls")),
    *document_addresses(ESTATEPRIME_CONTRACT),
]

# The longest prefix first: Rentalot's addresses begin with EstatePrime's.
refusals = Refusals((RENTALOT, ESTATEPRIME, WINNERR))
handler400 = refusals.bad_request
handler403 = refusals.forbidden
handler404 = refusals.not_found
handler500 = refusals.server_error
