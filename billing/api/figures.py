"""Figures of customers and of the year, and simulations, over REST."""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import services
from billing.rating import InvalidTariffInput, simulate
from billing.selectors.dashboard import billing_dashboard
from billing.selectors.figures import CURRENT
from billing.serializers import (
    DashboardSerializer,
    FiguresSerializer,
)
from customers.models import Customer
from customers.selectors import customer_for
from toolkit.api.exceptions import InvalidParameter, Problem
from toolkit.money import UnknownCurrencyError, minor_unit_digits
from toolkit.periods import InvalidPeriodError


class CustomerBillingView(APIView):
    """A customer's month in a few figures; who asked is recorded."""

    required_permissions = {"get": ("customers.view_customer", "billing.view_figures")}

    @extend_schema(
        parameters=[OpenApiParameter("period", description="`current` (default) or `YYYY-MM`.")],
        responses=FiguresSerializer,
    )
    def get(self, request: Request, number: str) -> Response:
        """Answer the figures of the month."""
        try:
            figures = services.request_figures(
                customer=_customer(request, number),
                period=request.query_params.get("period") or CURRENT,
                actor=request.user,
                now=timezone.now(),
            )
        except InvalidPeriodError:
            message = ErrorDetail(str(_("Write a month as 2026-11, or “current”.")), "invalid")
            raise InvalidParameter({"period": [message]}) from None
        return Response(FiguresSerializer(figures, context={"request": request}).data)


class DashboardView(APIView):
    """The figures of the billing dashboard."""

    required_permissions = {
        "get": ("billing.view_invoice", "billing.view_amounts", "billing.view_charge")
    }

    @extend_schema(
        parameters=[OpenApiParameter("currency", description="By default the issuer's.")],
        responses=DashboardSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the last twelve months: billed, collected, overdue, unbilled, minutes."""
        currency = request.query_params.get("currency", "").upper()
        try:
            if currency:
                minor_unit_digits(currency)
        except UnknownCurrencyError:
            message = ErrorDetail(str(_("Unknown currency.")), "invalid")
            raise InvalidParameter({"currency": [message]}) from None
        figures = billing_dashboard(now=timezone.now(), currency=currency)
        return Response(DashboardSerializer(figures, context={"request": request}).data)


class SimulationView(APIView):
    """What conferences would cost under a contract, by the code that prices real calls."""

    required_permissions = {"post": "billing.view_amounts"}
    ignores_idempotency_key = True

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiTypes.OBJECT, 422: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Price the `input` of a tariff case and answer its `expected`. Writes nothing."""
        try:
            return Response(simulate(request.data))
        except InvalidTariffInput as error:
            raise Problem(
                _("The case cannot be priced: see the errors."),
                type_name="validation-error",
                status=422,
                errors=[one._asdict() for one in error.errors],
            ) from None


def _customer(request: Request, number: str) -> Customer:
    try:
        if "\0" in number:
            raise Http404
        return customer_for(request.user, number)
    except Customer.DoesNotExist:
        raise Http404 from None
