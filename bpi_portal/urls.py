"""Root URLconf: one line per app, and the REST API."""

from django.contrib import admin
from django.urls import include, path

from toolkit.api.views import problem_page

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("sales/", include("sales.urls")),
    path("conferencing/", include("conferencing.urls")),
    path("billing/", include("billing.urls")),
    path("mailing/", include("mailing.urls")),
    path("outbox/", include("integration.urls")),
    path("users/", include("bpi_portal.users.urls")),
    path("settings/", include("bpi_portal.office.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/", include("bpi_portal.api")),
    path("problems/<slug:name>", problem_page, name="api-problem"),
]
# Under /api/ every error is a problem document, elsewhere a page.
handler400 = "toolkit.api.handlers.bad_request"
handler403 = "toolkit.api.handlers.permission_denied"
handler404 = "toolkit.api.handlers.not_found"
handler500 = "toolkit.api.handlers.server_error"
