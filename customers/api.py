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
from .models import Customer, CustomerList
from .selectors import customer_for, customers_visible_to, events_told_to, lists_visible_to
from .serializers import (
    CustomerListRowSerializer,
    CustomerListSerializer,
    CustomerRowSerializer,
    CustomerSerializer,
    TimelineSerializer,
)
from .services import change_customer, register_customer, save_list


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


class CustomerListViewSet(CreateMixin[CustomerList], ReadViewSet[CustomerList]):
    """Customers chosen once, by their numbers; a mailing can be sent to a list.

    A list never changes: whoever wants other customers saves another one.
    """

    serializer_class = CustomerListSerializer
    list_serializer_class = CustomerListRowSerializer
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"
    columns = {"created": Column("created_at"), "name": Column("name")}
    ordering = "-created"
    has_version = False
    required_permissions = {
        "list": "customers.view_customerlist",
        "retrieve": "customers.view_customerlist",
        "create": "customers.add_customerlist",
    }

    def get_queryset(self) -> QuerySet[CustomerList]:
        """Return the lists that the caller may see."""
        return lists_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> CustomerList:
        """Save a list."""
        return save_list(
            name=data["name"],
            origin=data.get("origin", CustomerList.Origin.HAND),
            numbers=data["numbers"],
            actor=self.request.user,
            now=timezone.now(),
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
    router.register("customer-lists", CustomerListViewSet, basename="saved-list")
    router.register("customers", CustomerViewSet, basename="customer")
    router.register(
        r"customers/(?P<number>[^/]+)/timeline", TimelineViewSet, basename="customer-timeline"
    )
