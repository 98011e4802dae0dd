"""One router."""

from rest_framework.routers import SimpleRouter

from benchmarks.textbook.api import ContactViewSet, PersonViewSet

router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
router.register("people", PersonViewSet, basename="person")
urlpatterns = router.urls
