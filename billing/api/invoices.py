"""Invoices over REST."""

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from billing import services
from billing.filters import InvoiceFilter
from billing.models import Invoice, InvoiceLine
from billing.selectors import explain_invoice, invoices_visible_to, with_balances
from billing.selectors.documents import invoice_pdf
from billing.selectors.electronic import SYNTAXES, invoice_xml
from billing.selectors.sending import sendings_of
from billing.serializers import (
    CreditNotesSerializer,
    CreditSerializer,
    InvoiceRowSerializer,
    InvoiceSerializer,
    IssueSerializer,
    PaymentSerializer,
    PaymentsSerializer,
    SendingsSerializer,
    SendSerializer,
)
from billing.tasks import write_invoice_mails
from toolkit.api.exceptions import InvalidParameter
from toolkit.api.renderers import PdfRenderer, XmlRenderer
from toolkit.api.viewsets import ReadViewSet
from toolkit.exports import PDF
from toolkit.tables import Column


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
        "xml": ("billing.view_invoice", "billing.view_amounts"),
        "sendings": "billing.view_invoice",
        "send": ("billing.view_invoice", "billing.send_invoice"),
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

    @extend_schema(
        parameters=[
            OpenApiParameter("syntax", enum=["ubl", "cii"], description="`ubl` by default.")
        ],
        responses={(200, "application/xml"): OpenApiTypes.BINARY},
    )
    @action(
        detail=True,
        renderer_classes=[XmlRenderer, JSONRenderer],
        pagination_class=None,
        filterset_class=None,
    )
    def xml(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Answer an issued invoice by EN 16931, as UBL 2.1 or CII; its schema is checked."""
        syntax = request.query_params.get("syntax", "ubl")
        known = {str(name): name for name in SYNTAXES}
        if syntax not in known:
            message = ErrorDetail(str(_("Ask for “ubl” or “cii”.")), "invalid")
            raise InvalidParameter({"syntax": [message]})
        invoice = self.get_object()
        response = HttpResponse(invoice_xml(invoice, known[syntax]), content_type="application/xml")
        name = f"{invoice.number}-{syntax}.xml"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @extend_schema(responses=SendingsSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def sendings(self, request: Request, id: str) -> Response:  # noqa: A002
        """List the e-mails with an invoice and what became of them, the last one first."""
        page = {"next": None, "previous": None, "results": sendings_of(self.get_object())}
        return Response(SendingsSerializer(page, context=self.get_serializer_context()).data)

    @extend_schema(request=SendSerializer, responses={201: SendingsSerializer})
    @sendings.mapping.post
    @transaction.atomic
    def send(self, request: Request, id: str) -> Response:  # noqa: A002
        """Send an issued invoice by e-mail, once more if it was sent before."""
        invoice = self.get_object()
        asked = self.validated(SendSerializer)
        services.send_invoice(
            invoice=invoice, way=asked.get("way", ""), actor=request.user, now=timezone.now()
        )
        transaction.on_commit(write_invoice_mails.delay, robust=True)
        page = {"next": None, "previous": None, "results": sendings_of(invoice)}
        context = self.get_serializer_context()
        return Response(SendingsSerializer(page, context=context).data, status=201)

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
