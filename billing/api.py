"""REST endpoints of billing: invoices, figures, simulations, runs."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from billing import services
from billing.rating import InvalidTariffInput, simulate
from customers.models import Customer
from customers.selectors import customer_for
from toolkit.api.exceptions import InvalidParameter, Problem
from toolkit.api.jobs import JobSerializer, accepted
from toolkit.api.renderers import PdfRenderer
from toolkit.api.viewsets import ReadViewSet
from toolkit.exports import PDF
from toolkit.money import UnknownCurrencyError, minor_unit_digits
from toolkit.periods import InvalidPeriodError
from toolkit.tables import Column

from .filters import BillingRunFilter, InvoiceFilter, RunItemFilter
from .models import BillingRun, Invoice, InvoiceLine, RunItem
from .selectors import explain_invoice, invoices_visible_to, with_balances
from .selectors.dashboard import billing_dashboard
from .selectors.documents import invoice_pdf
from .selectors.figures import CURRENT
from .selectors.runs import items_of, runs_visible_to, with_counts
from .serializers import (
    BillingRunSerializer,
    CreditNotesSerializer,
    CreditSerializer,
    DashboardSerializer,
    FiguresSerializer,
    InvoiceRowSerializer,
    InvoiceSerializer,
    IssueSerializer,
    PaymentSerializer,
    PaymentsSerializer,
    RunItemSerializer,
    RunOrderSerializer,
)
from .tasks import hand_over_run, run_billing


class InvoiceViewSet(ReadViewSet[Invoice]):
    """Drafts follow their conferences by themselves; issued invoices never change."""

    lookup_field = "id"
    serializer_class = InvoiceSerializer
    list_serializer_class = InvoiceRowSerializer
    filterset_class = InvoiceFilter
    columns = {
        "created_at": Column("created_at"),
        "number": Column("number", nullable=True),
        "period": Column("period"),
        "issued_on": Column("issued_on", nullable=True),
        "due_on": Column("due_on", nullable=True),
        "customer": Column("customer__sort_key"),
    }
    ordering = "-created_at"
    required_permissions = {
        "list": "billing.view_invoice",
        "retrieve": "billing.view_invoice",
        "issue": ("billing.view_invoice", "billing.issue_invoice"),
        "pdf": ("billing.view_invoice", "billing.view_amounts"),
        "explain": ("billing.view_invoice", "billing.view_amounts"),
        "payments": "billing.view_invoice",
        "pay": ("billing.view_invoice", "billing.add_payment"),
        "credit_notes": "billing.view_invoice",
        "credit": ("billing.view_invoice", "billing.credit_invoice"),
        "reissue": ("billing.view_invoice", "billing.credit_invoice"),
        "credit_adjustments": ("billing.view_invoice", "billing.credit_invoice"),
    }

    def get_queryset(self) -> QuerySet[Invoice]:
        """Return what the caller may see, with what is paid of it."""
        if getattr(self, "swagger_fake_view", False):  # the schema is written without a database
            return Invoice.objects.none()
        rows = with_balances(invoices_visible_to(self.request.user))
        if self.action == "list":
            return rows
        lines = InvoiceLine.objects.select_related("invoice", "adjusts")
        return rows.select_related("rectifies", "replaces", "replaced_by").prefetch_related(
            Prefetch("lines", lines), "taxes__invoice", "payments__invoice", "credit_notes"
        )

    @extend_schema(request=IssueSerializer, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, id: str) -> Response:  # noqa: A002 (the address's word)
        """Issue a draft: it gets its number and never changes again."""
        invoice = self.get_object()
        asked = self.validated(IssueSerializer)
        issued = services.issue_invoice(
            invoice=invoice,
            actor=request.user,
            now=timezone.now(),
            issued_on=asked.get("issued_on"),
        )
        return self.detail_response(issued)

    @extend_schema(responses={(200, PDF): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer])
    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Answer the invoice on paper, in the customer's language."""
        invoice = self.get_object()
        response = HttpResponse(invoice_pdf(invoice), content_type=PDF)
        name = invoice.number or f"draft-{invoice.period}-{invoice.pk}"
        response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
        return response

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True)
    def explain(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer why every amount is what it is: line, legs, segments, rate version, contract."""
        return Response(explain_invoice(self.get_object()))

    @extend_schema(responses=PaymentsSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def payments(self, request: Request, id: str) -> Response:  # noqa: A002
        """List the payments of an invoice, the oldest first."""
        found = self.get_object().payments.all()
        context = self.get_serializer_context()
        page = {"next": None, "previous": None, "results": found}
        return Response(PaymentsSerializer(page, context=context).data)

    @extend_schema(request=PaymentSerializer, responses={201: PaymentSerializer})
    @payments.mapping.post
    def pay(self, request: Request, id: str) -> Response:  # noqa: A002
        """Record a payment, at most of the balance."""
        invoice = self.get_object()
        context = self.get_serializer_context()
        asked = self.validated(PaymentSerializer)
        payment = services.record_payment(
            invoice=invoice, actor=request.user, now=timezone.now(), **asked
        )
        return Response(PaymentSerializer(payment, context=context).data, status=201)

    @extend_schema(responses=CreditNotesSerializer)
    @action(detail=True, url_path="credit-notes", pagination_class=None, filterset_class=None)
    def credit_notes(self, request: Request, id: str) -> Response:  # noqa: A002
        """List the credit notes of an invoice, the first one first."""
        return self._page_of(self.get_object().credit_notes.order_by("serial"))

    @extend_schema(request=CreditSerializer, responses={201: InvoiceSerializer})
    @credit_notes.mapping.post
    def credit(self, request: Request, id: str) -> Response:  # noqa: A002
        """Issue a credit note: of lines, of amounts, or of all that is left."""
        invoice = self.get_object()
        context = {**self.get_serializer_context(), "invoice": invoice}
        serializer = CreditSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        note = services.credit_invoice(
            invoice=invoice, actor=request.user, now=timezone.now(), **serializer.validated_data
        )
        return self.detail_response(note, status=201)

    @extend_schema(request=None, responses={201: InvoiceSerializer})
    @action(detail=True, methods=["post"])
    def reissue(self, request: Request, id: str) -> Response:  # noqa: A002
        """Draft anew an invoice that is credited wholly; answers the draft."""
        draft = services.reissue(invoice=self.get_object(), actor=request.user, now=timezone.now())
        return self.detail_response(draft, status=201)

    @extend_schema(request=None, responses={201: CreditNotesSerializer})
    @action(detail=True, methods=["post"], url_path="credit-adjustments")
    def credit_adjustments(self, request: Request, id: str) -> Response:  # noqa: A002
        """Issue the deductions of a draft below zero as credit notes of what they correct."""
        notes = services.credit_adjustments(
            invoice=self.get_object(), actor=request.user, now=timezone.now()
        )
        found = Invoice.objects.filter(pk__in=[note.pk for note in notes]).order_by("pk")
        return self._page_of(found, status=201)

    def _page_of(self, invoices: QuerySet[Invoice], *, status: int = 200) -> Response:
        rows = with_balances(invoices.select_related("customer", "contract"))
        page = {"next": None, "previous": None, "results": rows}
        context = self.get_serializer_context()
        return Response(CreditNotesSerializer(page, context=context).data, status=status)


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


class BillingRunViewSet(ReadViewSet[BillingRun]):
    """Months billed for all customers or some, whoever asked for it."""

    lookup_field = "id"
    serializer_class = BillingRunSerializer
    filterset_class = BillingRunFilter
    columns = {"created_at": Column("created_at"), "period": Column("period")}
    ordering = "-created_at"
    has_version = False
    required_permissions = {
        "list": "billing.view_billingrun",
        "retrieve": "billing.view_billingrun",
        "create": "billing.issue_invoice",
        "pause": ("billing.view_billingrun", "billing.issue_invoice"),
        "resume": ("billing.view_billingrun", "billing.issue_invoice"),
        "cancel": ("billing.view_billingrun", "billing.issue_invoice"),
    }

    def get_queryset(self) -> QuerySet[BillingRun]:
        """Return what the caller may see."""
        if getattr(self, "swagger_fake_view", False):
            return BillingRun.objects.none()
        return with_counts(runs_visible_to(self.request.user))

    @extend_schema(request=RunOrderSerializer, responses={202: JobSerializer})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Start a run; answers the job. Running it twice changes nothing."""
        asked = self.validated(RunOrderSerializer)
        numbers = asked.pop("customers", None)
        run = services.start_run(
            **asked,
            customers=None if numbers is None else Customer.objects.filter(number__in=numbers),
            selection="" if numbers is None else urlencode({"number": ",".join(numbers)}),
            actor=request.user,
            now=timezone.now(),
            task=run_billing.name,
        )
        transaction.on_commit(lambda: hand_over_run(run.pk), robust=True)
        answer = accepted(run.job)
        answer["Content-Location"] = reverse("billing-run-detail", kwargs={"id": run.pk})
        return answer

    @extend_schema(request=None, responses=BillingRunSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, id: str) -> Response:  # noqa: A002
        """Stop after the customer that is being billed."""
        return self._change(services.pause_run)

    @extend_schema(request=None, responses=BillingRunSerializer)
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def resume(self, request: Request, id: str) -> Response:  # noqa: A002
        """Go on with a paused run."""
        answer = self._change(services.resume_run)
        transaction.on_commit(lambda: hand_over_run(int(id)), robust=True)
        return answer

    @extend_schema(request=None, responses=BillingRunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, id: str) -> Response:  # noqa: A002
        """Leave alone who waits; what is issued stays."""
        return self._change(services.cancel_run)

    def _change(self, change: Callable[..., BillingRun]) -> Response:
        run = change(run=self.get_object(), actor=self.request.user, now=timezone.now())
        return self.detail_response(run)


class RunItemViewSet(ReadViewSet[RunItem]):
    """What came of each customer of a billing run, or will."""

    serializer_class = RunItemSerializer
    filterset_class = RunItemFilter
    columns = {"id": Column("pk"), "customer": Column("customer__sort_key")}
    ordering = "id"
    required_permissions = {"list": "billing.view_billingrun"}

    def get_queryset(self) -> QuerySet[RunItem]:
        """Return those of the run in the address, if the caller may see it."""
        if getattr(self, "swagger_fake_view", False):
            return RunItem.objects.none()
        return items_of(get_object_or_404(runs_visible_to(self.request.user), pk=self.kwargs["id"]))


def _customer(request: Request, number: str) -> Customer:
    try:
        if "\0" in number:
            raise Http404
        return customer_for(request.user, number)
    except Customer.DoesNotExist:
        raise Http404 from None


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
