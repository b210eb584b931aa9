"""The end of the API's addresses: documentation, and everything that leads nowhere."""

from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from .handlers import unknown_address
from .views import SchemaView, reference

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", reference, name="api-docs"),
    re_path(r"^(?P<path>.*)$", csrf_exempt(unknown_address), name="api-unknown"),
]
