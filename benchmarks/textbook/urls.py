"""One router."""

from rest_framework.routers import SimpleRouter

from benchmarks.textbook.api import ContactViewSet

router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="contact")
urlpatterns = router.urls
