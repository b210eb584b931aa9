"""REST endpoints of mailings."""

from typing import Any, ClassVar, NoReturn

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.mixins import ListModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.serializers import BaseSerializer

from customers.models import Customer
from customers.selectors import customer_for
from toolkit.api.exceptions import InvalidParameter
from toolkit.api.jobs import JobSerializer, accepted
from toolkit.api.renderers import PdfRenderer
from toolkit.api.versions import require_match
from toolkit.api.viewsets import CreateMixin, ReadViewSet, ResourceViewSet
from toolkit.exports import PDF
from toolkit.tables import Column

from . import selectors, services
from .filters import MailingFilter, RecipientFilter
from .models import Mailing, Recipient
from .serializers import (
    MailingInputSerializer,
    MailingRowSerializer,
    MailingSerializer,
    ProofPrintedSerializer,
    ProofSerializer,
    RecipientSerializer,
)

SEE = "mailing.view_mailing"
WHO = (SEE, "customers.view_customer")


class MailingViewSet(CreateMixin[Mailing], ReadViewSet[Mailing]):
    """Letters to many customers, and the e-mails that announce them to the very same customers.

    A draft is filled by POST, seen by ``recipients/`` and ``preview/``, approved (which fixes the
    recipients), and started: a job that can be followed, paused and resumed.
    """

    lookup_url_kwarg = "id"
    serializer_class = MailingSerializer
    list_serializer_class = MailingRowSerializer
    write_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = MailingInputSerializer
    filterset_class = MailingFilter
    columns = {
        "created_at": Column("created_at"),
        "name": Column("name"),
        "mail_on": Column("mail_on", nullable=True),
    }
    ordering = "-created_at"
    required_permissions = {
        "list": SEE,
        "retrieve": SEE,
        "create": (*WHO, "mailing.add_mailing"),
        "partial_update": (*WHO, "mailing.change_mailing"),
        "preview": WHO,
        "proof": (*WHO, "mailing.change_mailing"),
        "approve": (*WHO, "mailing.approve_mailing"),
        "start": (SEE, "mailing.start_mailing"),
        "pause": (SEE, "mailing.start_mailing"),
        "resume": (SEE, "mailing.start_mailing"),
        "cancel": (SEE, "mailing.start_mailing"),
    }

    def get_queryset(self) -> QuerySet[Mailing]:
        """Return what the caller may see."""
        if getattr(self, "swagger_fake_view", False):  # the schema is written without a database
            return Mailing.objects.none()
        return selectors.mailings_visible_to(self.request.user)

    def create_object(self, data: dict[str, Any]) -> Mailing:
        """Put down a draft."""
        return services.create_mailing(actor=self.request.user, now=timezone.now(), **data)

    @extend_schema(request=MailingInputSerializer(partial=True), responses=MailingSerializer)
    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Change a mailing that is not approved; needs ``If-Match``."""
        mailing = self.get_object()
        require_match(request, mailing)
        changed = services.change_mailing(
            mailing=mailing,
            expected_version=mailing.version,
            actor=request.user,
            now=timezone.now(),
            **self.validated(MailingInputSerializer, partial=True),
        )
        return self.detail_response(changed)

    @extend_schema(
        parameters=[OpenApiParameter("recipient", description="Number of a customer.")],
        responses={(200, PDF): OpenApiTypes.BINARY},
    )
    @action(
        detail=True,
        renderer_classes=[PdfRenderer, JSONRenderer],
        filterset_class=None,
        pagination_class=None,
    )
    def preview(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """Answer the letter of one customer as PDF: as printed, before that as it would be."""
        mailing, now = self.get_object(), timezone.now()
        recipient = self._recipient(mailing, request.query_params.get("recipient", ""))
        content = selectors.letter_pdf(recipient) or selectors.letters_pdf(
            mailing, [recipient], now=now
        )
        response = HttpResponse(content, content_type=PDF)
        name = f"{mailing.number}-{recipient.customer_number}.pdf"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @extend_schema(request=ProofSerializer, responses={202: ProofPrintedSerializer})
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def proof(self, request: Request, **_kwargs: Any) -> Response:
        """Print the first five letters, or those at given positions, on the mailing's printer."""
        job = services.print_proof(
            mailing=self.get_object(),
            positions=self.validated(ProofSerializer).get("recipients", []),
            actor=request.user,
            now=timezone.now(),
        )
        return Response(ProofPrintedSerializer(job).data, status=202)

    @extend_schema(request=None, responses=MailingSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    @transaction.atomic
    def approve(self, request: Request, **_kwargs: Any) -> Response:
        """Approve texts, schedule and recipients; those of a draft are fixed first."""
        mailing, now = self.get_object(), timezone.now()
        if mailing.state == Mailing.State.DRAFT:
            mailing = services.freeze(mailing=mailing, actor=request.user, now=now)
        approved = services.approve(mailing=mailing, actor=request.user, now=now)
        return self.detail_response(approved)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def start(self, request: Request, **_kwargs: Any) -> Response:
        """Go: print the letters from now on, send the e-mails on the day of posting."""
        started = services.start(mailing=self.get_object(), actor=request.user, now=timezone.now())
        return accepted(started.job)

    @extend_schema(request=None, responses=MailingSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def pause(self, request: Request, **_kwargs: Any) -> Response:
        """Begin nothing more until it is resumed."""
        return self._moved(services.pause)

    @extend_schema(request=None, responses=MailingSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def resume(self, request: Request, **_kwargs: Any) -> Response:
        """Go on where it was."""
        return self._moved(services.resume)

    @extend_schema(request=None, responses=MailingSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        """End it for good; what is printed or sent stays so."""
        return self._moved(services.cancel)

    def _moved(self, service: Any) -> Response:  # noqa: ANN401 (a service of ours)
        moved = service(mailing=self.get_object(), actor=self.request.user, now=timezone.now())
        return self.detail_response(moved)

    def _recipient(self, mailing: Mailing, number: str) -> Recipient:
        """Return the customer as a recipient of the mailing, or the first one.

        Raises:
            InvalidParameter: there is no such customer, or nobody gets a letter.
        """
        if not number:
            if found := selectors.proof_recipients(mailing)[:1]:
                return found[0]
            _refuse(_("Nobody gets a letter yet: name a customer."))
        try:
            customer = customer_for(self.request.user, number)
        except Customer.DoesNotExist:
            _refuse(_("There is no customer of this number."))
        return selectors.recipient_for(mailing, customer, now=timezone.now())


class MailingRecipientViewSet(ListModelMixin, ResourceViewSet[Recipient]):
    """Who gets what, who is left out and why, and what came of each; fixed recipients only."""

    queryset = Recipient.objects.none()
    serializer_class = RecipientSerializer
    filterset_class = RecipientFilter
    columns = {"position": Column("position"), "name": Column("customer_name")}
    ordering = "position"
    has_version = False
    required_permissions = {"list": WHO}

    def get_queryset(self) -> QuerySet[Recipient]:
        """Return the recipients of the mailing.

        Raises:
            Http404: there is no such mailing.
        """
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        try:
            mailing = selectors.mailing_for(self.request.user, self.kwargs["id"])
        except Mailing.DoesNotExist as error:
            raise Http404 from error
        return selectors.report_rows(mailing)


def _refuse(message: str) -> NoReturn:
    raise InvalidParameter({"recipient": [ErrorDetail(message, "invalid")]})


def register(router: BaseRouter) -> None:
    """Add the addresses of mailings to the API."""
    router.register("mailings", MailingViewSet, basename="mailing")
    router.register(
        r"mailings/(?P<id>[^/]+)/recipients",
        MailingRecipientViewSet,
        basename="mailing-recipient",
    )
