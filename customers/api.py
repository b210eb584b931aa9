"""REST endpoints of the customer."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework.mixins import ListModelMixin
from rest_framework.routers import BaseRouter

from integration.models import Event
from toolkit.api.viewsets import CreateMixin, ReadViewSet, ResourceViewSet, UpdateMixin
from toolkit.tables import Column

from .filters import CustomerFilter
from .models import Customer
from .selectors import customer_for, customers_visible_to, events_told_to
from .serializers import CustomerRowSerializer, CustomerSerializer, TimelineSerializer
from .services import change_customer, register_customer


class CustomerViewSet(CreateMixin[Customer], UpdateMixin[Customer], ReadViewSet[Customer]):
    """The one customer record that all departments share."""

    serializer_class = CustomerSerializer
    list_serializer_class = CustomerRowSerializer
    filterset_class = CustomerFilter
    columns = {
        "name": Column("sort_key"),
        "number": Column("number"),
        "updated_at": Column("updated_at"),
    }
    ordering = "name"
    required_permissions = {
        "list": "customers.view_customer",
        "retrieve": "customers.view_customer",
        "create": "customers.add_customer",
        "partial_update": "customers.change_customer",
    }

    def get_queryset(self) -> QuerySet[Customer]:
        """Return what the caller may see, with what the shape needs."""
        rows = customers_visible_to(self.request.user).select_related("account_manager")
        return rows if self.action == "list" else rows.prefetch_related("addresses", "contacts")

    def create_object(self, data: dict[str, Any]) -> Customer:
        """Register a customer."""
        return register_customer(actor=self.request.user, now=timezone.now(), **data)

    def update_object(self, obj: Customer, data: dict[str, Any]) -> Customer:
        """Change what was sent."""
        return change_customer(
            customer=obj,
            expected_version=obj.version,
            actor=self.request.user,
            now=timezone.now(),
            **data,
        )


class TimelineViewSet(ListModelMixin, ResourceViewSet[Event]):
    """What happened to a customer, of all departments that one may look into, newest first."""

    queryset = Event.objects.none()
    serializer_class = TimelineSerializer
    columns = {"occurred": Column("occurred_at")}
    ordering = "-occurred"
    has_version = False
    required_permissions = {"list": "customers.view_customer"}

    def get_queryset(self) -> QuerySet[Event]:
        """Return the customer's events.

        Raises:
            Http404: there is no such customer.
        """
        try:
            customer = customer_for(self.request.user, self.kwargs["number"])
        except Customer.DoesNotExist as error:
            raise Http404 from error
        return events_told_to(self.request.user, customer)


def register(router: BaseRouter) -> None:
    """Add the customer's addresses to the API."""
    router.register("customers", CustomerViewSet, basename="customer")
    router.register(
        r"customers/(?P<number>[^/]+)/timeline", TimelineViewSet, basename="customer-timeline"
    )
