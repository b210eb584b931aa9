"""REST endpoints of billing: invoices, figures, simulations, runs."""

from django.urls import path
from rest_framework.routers import BaseRouter

from .figures import CustomerBillingView, DashboardView, SimulationView
from .invoices import InvoiceViewSet
from .runs import BillingRunViewSet, RunItemViewSet

api_urlpatterns = [
    path("customers/<str:number>/billing/", CustomerBillingView.as_view(), name="customer-billing"),
    path(
        "billing-runs/<int:id>/items/",
        RunItemViewSet.as_view({"get": "list"}),
        name="billing-run-items",
    ),
    path("billing/dashboard/", DashboardView.as_view(), name="billing-dashboard"),
    path("billing/simulations/", SimulationView.as_view(), name="billing-simulations"),
]


def register(router: BaseRouter) -> None:
    """Add the invoices' addresses to the API."""
    router.register("invoices", InvoiceViewSet, basename="invoice")
    router.register("billing-runs", BillingRunViewSet, basename="billing-run")
