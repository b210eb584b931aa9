"""The portal's addresses and one more: a page with every component of docs/screens.md."""

from django.urls import path

from bpi_portal.urls import urlpatterns as portal
from tests.browser.styleguide import views

urlpatterns = [
    *portal,
    path("styleguide/", views.styleguide, name="styleguide"),
    path("styleguide/list/", views.listing, name="styleguide_list"),
]
