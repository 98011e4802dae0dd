"""One router."""

from rest_framework.routers import SimpleRouter

from benchmarks.textbook.api import ContactViewSet, PersonViewSet
from benchmarks.textbook.clients import ClientViewSet

router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
router.register("people", PersonViewSet, basename="person")
router.register("clients", ClientViewSet, basename="client")
urlpatterns = router.urls
