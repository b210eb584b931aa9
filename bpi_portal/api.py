"""The REST API on one page: which app brings its addresses, and their common root."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from billing.api import api_urlpatterns as billing_urlpatterns
from billing.api import register as register_billing
from conferencing.api import api_urlpatterns as conferencing_urlpatterns
from conferencing.api import register as register_conferencing
from customers.api import register as register_customers
from integration.api import register as register_integration
from mailing.api import register as register_mailing
from sales.api import api_urlpatterns as sales_urlpatterns
from sales.api import register as register_sales

router = SimpleRouter()
for register in (
    register_billing,
    register_conferencing,
    register_customers,
    register_integration,
    register_mailing,
    register_sales,
):
    register(router)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("v1/", include(billing_urlpatterns)),
    path("v1/", include(sales_urlpatterns)),
    path("v1/", include(conferencing_urlpatterns)),
    path("", include("toolkit.api.urls")),
]
