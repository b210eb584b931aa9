"""Root URLconf: one line per app, and the REST API."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
]
