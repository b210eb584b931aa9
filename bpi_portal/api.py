"""The REST API on one page: which app brings its addresses, and their common root."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from integration.api import register as register_integration

router = SimpleRouter()
for register in (register_integration,):
    register(router)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("", include("toolkit.api.urls")),
]
