"""A small API over the customers' table, only to show the manners of toolkit.api."""

from decimal import Decimal
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.urls import include, path
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from customers.models import Customer
from toolkit.api.exceptions import Problem
from toolkit.api.fields import ModelSerializer, MomentField, MoneyField, MoneyForThosePermitted
from toolkit.api.permissions import ANY_USER
from toolkit.api.viewsets import CreateMixin, DestroyMixin, ReadViewSet, UpdateMixin
from toolkit.errors import DomainError
from toolkit.tables import Column


class NoRoomError(DomainError):
    code = "no-room"
    title = "No room on the bridge"


class OldStyleError(ValueError):
    pass


class ContactSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.EmailField()


class InputSerializer(serializers.Serializer[Any]):
    legal_name = serializers.CharField(max_length=20)
    credit = MoneyField(required=False)
    starts = MomentField(required=False)
    contacts = ContactSerializer(many=True, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


class CustomerSerializer(MoneyForThosePermitted, ModelSerializer):
    money_fields = ("balance",)
    money_permission = "customers.export_customer"
    balance = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = ["number", "legal_name", "status", "created_at", "notes", "balance"]

    notes = serializers.SerializerMethodField()

    def get_notes(self, customer: Customer) -> str:
        return "long"

    def get_balance(self, customer: Customer) -> str:
        return "1.00"


class RowSerializer(ModelSerializer):
    class Meta:
        model = Customer
        fields = ["number", "legal_name"]


class CustomerFilter(django_filters.FilterSet):
    class Meta:
        model = Customer
        fields = {"status": ["exact"], "created_at": ["gte"]}


class CustomerViewSet(
    CreateMixin[Customer], UpdateMixin[Customer], DestroyMixin[Customer], ReadViewSet[Customer]
):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    list_serializer_class = RowSerializer
    write_serializer_class = InputSerializer
    filterset_class = CustomerFilter
    columns = {"number": Column("number"), "name": Column("sort_key")}
    problems = {OldStyleError: "old-style"}
    required_permissions = {
        "list": "customers.view_customer",
        "retrieve": ("customers.view_customer",),
        "create": "customers.add_customer",
        "partial_update": "customers.change_customer",
        "destroy": "customers.delete_customer",
        "fail": ANY_USER,
        "sum": ANY_USER,
    }
    machine_scopes = {"list": "customers"}

    def create_object(self, data: dict[str, Any]) -> Customer:
        return Customer.objects.create(number="C-9", country="ES", legal_name=data["legal_name"])

    def update_object(self, obj: Customer, data: dict[str, Any]) -> Customer:
        obj.legal_name = data["legal_name"]
        obj.version += 1
        obj.save()
        return obj

    def delete_object(self, obj: Customer) -> None:
        obj.delete()

    @action(detail=False, methods=["post"])
    def fail(self, request: Request) -> Response:
        raise FAILURES[request.data["how"]]  # type: ignore[call-overload]

    @action(detail=False, methods=["post"])
    def sum(self, request: Request) -> Response:
        data = self.validated(InputSerializer)
        return Response({"credit": str(data["credit"])})


FAILURES: dict[str, Exception] = {
    "domain": NoRoomError("The bridge is full.", alternatives=["11:00"]),
    "problem": Problem("Taken.", type_name="tax-id-taken", customer="C-1"),
    "old": OldStyleError("It is old."),
    "django": ValidationError({"legal_name": ValidationError("Bad name.", code="bad")}),
    "fault": RuntimeError("secret detail"),
    "integrity": IntegrityError("secret detail"),
}


class UndeclaredView(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


class MoneyView(APIView):
    """Amounts of several currencies, from objects and mappings."""

    required_permissions = {"get": ANY_USER}

    class Output(serializers.Serializer[Any]):
        net = MoneyField(currency="invoice.currency")
        price = MoneyField()

    def get(self, request: Request) -> Response:
        rows = [
            {
                "invoice": {"currency": currency},
                "net": Decimal("1234.5"),
                "price": Decimal("0.0125"),
            }
            for currency in ("EUR", "CLP", "KWD")
        ]
        return Response(self.Output(rows, many=True).data)


router = SimpleRouter()
router.register("customers", CustomerViewSet)
urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/v1/undeclared/", UndeclaredView.as_view()),
    path("api/v1/money/", MoneyView.as_view()),
    path("api/", include("toolkit.api.urls")),
]
handler400 = "toolkit.api.handlers.bad_request"
handler404 = "toolkit.api.handlers.not_found"
handler500 = "toolkit.api.handlers.server_error"
