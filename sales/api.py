"""REST endpoints of contracts and of the rates in force."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from customers.models import Customer
from customers.selectors import customer_for
from toolkit.api.exceptions import InvalidParameter
from toolkit.api.viewsets import CreateMixin, DestroyMixin, ReadViewSet, UpdateMixin
from toolkit.exports import download
from toolkit.tables import Column

from .filters import ContractFilter
from .models import Contract
from .selectors import contracts_visible_to, customer_today, rate_sheet
from .serializers.contracts import (
    MONEY_PERMISSION,
    ContractRowSerializer,
    ContractSerializer,
    ExtendedRateSerializer,
    RateSerializer,
    RatesOfDaySerializer,
    TerminationSerializer,
)
from .services import (
    CONTENT_TYPES,
    activate_contract,
    change_draft,
    discard_draft,
    download_rates,
    draft_contract,
    extend_rate,
    terminate_contract,
)

_SETTINGS = ("billing", "issue", "payment_days", "vat_category", "notes")


class ContractViewSet(
    CreateMixin[Contract], UpdateMixin[Contract], DestroyMixin[Contract], ReadViewSet[Contract]
):
    """Contracts: drafts can be changed and deleted, contracts in force get new rates and an end."""

    serializer_class = ContractSerializer
    list_serializer_class = ContractRowSerializer
    filterset_class = ContractFilter
    columns = {
        "number": Column("number"),
        "start": Column("start"),
        "end": Column("end", nullable=True),
        "customer": Column("customer__sort_key"),
    }
    ordering = "-number"
    required_permissions = {
        "list": "sales.view_contract",
        "retrieve": "sales.view_contract",
        "create": "sales.add_contract",
        "partial_update": "sales.change_contract",
        "destroy": "sales.change_contract",
        "activate": "sales.activate_contract",
        "terminate": "sales.activate_contract",
        "rates": "sales.extend_rate",
    }

    def get_queryset(self) -> QuerySet[Contract]:
        """Return what the caller may see."""
        return contracts_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> Contract:
        """Draft a contract."""
        customer = self._customer(data.pop("customer", None))
        settings = {name: data.pop(name) for name in _SETTINGS if name in data}
        return draft_contract(
            customer=customer,
            rates=data.pop("rates", None),
            terms=data,
            actor=self.request.user,
            now=timezone.now(),
            **({"billing": "", "vat_category": ""} | settings),
        )

    def update_object(self, obj: Contract, data: dict[str, Any]) -> Contract:
        """Change what was sent of a draft."""
        if data.pop("customer", obj.customer.number) != obj.customer.number:
            detail = ErrorDetail(str(_("A contract stays with its customer.")), "immutable")
            raise ValidationError({"customer": [detail]})
        return change_draft(
            contract=obj,
            expected_version=obj.version,
            changes=data,
            actor=self.request.user,
            now=timezone.now(),
        )

    def delete_object(self, obj: Contract) -> None:
        """Discard a draft."""
        discard_draft(contract=obj, actor=self.request.user, now=timezone.now())

    @extend_schema(request=None, responses=ContractSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, number: str) -> Response:
        """Put a draft in force on its days."""
        contract = activate_contract(
            contract=self.get_object(), actor=request.user, now=timezone.now()
        )
        return self.detail_response(contract)

    @extend_schema(request=TerminationSerializer, responses=ContractSerializer)
    @action(detail=True, methods=["post"])
    def terminate(self, request: Request, number: str) -> Response:
        """Set the first day without the contract."""
        contract = self.get_object()
        end = self.validated(TerminationSerializer)["end"]
        contract = terminate_contract(
            contract=contract, end=end, actor=request.user, now=timezone.now()
        )
        return self.detail_response(contract)

    @extend_schema(request=RateSerializer, responses={201: ExtendedRateSerializer})
    @action(detail=True, methods=["post"])
    def rates(self, request: Request, number: str) -> Response:
        """Agree a new rate from a day on; the one before ends that day."""
        contract = self.get_object()
        rate = self.validated(RateSerializer)
        new = extend_rate(
            contract=contract,
            valid_from=rate.pop("valid_from", None),
            rate=rate,
            actor=request.user,
            now=timezone.now(),
        )
        return Response(
            ExtendedRateSerializer(new, context=self.get_serializer_context()).data, status=201
        )

    def _customer(self, number: object) -> Customer:
        try:
            if isinstance(number, str):
                return customer_for(self.request.user, number)
        except Customer.DoesNotExist:
            pass
        code, text = (
            ("required", _("This is needed."))
            if number is None
            else (
                "not_found",
                _("There is no customer of that number."),
            )
        )
        raise ValidationError({"customer": [ErrorDetail(str(text), code)]})


class CustomerRatesView(APIView):
    """The contract rates of a customer on a day, to read or to download."""

    required_permissions = {"get": ("customers.view_customer", "sales.view_contract")}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 (REST framework's)
        """Let ``export`` say the format: ``Accept: application/pdf`` must not be refused."""
        wants_file = "export" in request.query_params
        return super().perform_content_negotiation(request, force=force or wants_file)

    @extend_schema(
        parameters=[
            OpenApiParameter("on", OpenApiTypes.DATE, description="Local day; default: today."),
            OpenApiParameter("export", enum=list(CONTENT_TYPES), description="Download a file."),
        ],
        responses={
            (200, "application/json"): RatesOfDaySerializer,
            **{(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
        },
    )
    def get(self, request: Request, number: str) -> HttpResponseBase:
        """Answer the rates in force that day; each names contract, version and validity."""
        customer = self._customer(request, number)
        now = timezone.now()
        on = _day(request.query_params.get("on")) or customer_today(customer, now)
        kind = request.query_params.get("export")
        if kind is None:
            sheet = rate_sheet(customer=customer, on=on)
            page: dict[str, Any] = {"customer": number, "on": on, "next": None, "previous": None}
            page["results"] = sheet.rates
            return Response(RatesOfDaySerializer(page, context={"request": request}).data)
        if kind not in CONTENT_TYPES:
            _refuse("export", _("Choose one of: %s.") % ", ".join(CONTENT_TYPES))
        if not request.user.has_perms(["sales.download_rates", MONEY_PERMISSION]):
            raise PermissionDenied
        file = download_rates(customer=customer, on=on, kind=kind, actor=request.user, now=now)
        return download(file.content, filename=file.filename, content_type=file.content_type)

    def _customer(self, request: Request, number: str) -> Customer:
        try:
            if "\0" in number:
                raise Http404
            return customer_for(request.user, number)
        except Customer.DoesNotExist:
            raise Http404 from None


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        _refuse("on", _("Write the date as year-month-day: 2026-11-24."))
        return None


def _refuse(name: str, message: object) -> None:
    raise InvalidParameter({name: [ErrorDetail(str(message), "invalid")]})


api_urlpatterns = [
    path("customers/<str:number>/rates/", CustomerRatesView.as_view(), name="customer-rates"),
]


def register(router: BaseRouter) -> None:
    """Add the contracts' addresses to the API."""
    router.register("contracts", ContractViewSet, basename="contract")
