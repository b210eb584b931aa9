"""REST endpoints of reservations, tickets, conferences and call records."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from toolkit.api.machines import Machine
from toolkit.api.versions import require_match
from toolkit.api.viewsets import CreateMixin, ReadViewSet
from toolkit.tables import Column
from toolkit.telephony import Access

from . import selectors, services
from .filters import ConferenceFilter, ReservationFilter
from .models import Bridge, Conference, Reservation
from .serializers import (
    CancellationSerializer,
    ConferenceRowSerializer,
    ConferenceSerializer,
    RecordedSerializer,
    ReservationChangeSerializer,
    ReservationInputSerializer,
    ReservationRowSerializer,
    ReservationSerializer,
    TicketInputSerializer,
    TicketSerializer,
)
from .services.bridge_secrets import BadSignatureError, check_signature


class ReservationViewSet(CreateMixin[Reservation], ReadViewSet[Reservation]):
    """Bookings of ports on a bridge.

    A full bridge answers 409 with three ``alternatives``: times with the same ports free for the
    same length, ready to be sent again.
    """

    serializer_class = ReservationSerializer
    list_serializer_class = ReservationRowSerializer
    write_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = ReservationInputSerializer
    filterset_class = ReservationFilter
    columns = {
        "scheduled_start": Column("scheduled_start"),
        "number": Column("number"),
        "created_at": Column("created_at"),
    }
    ordering = "-scheduled_start"
    required_permissions = {
        "list": "conferencing.view_reservation",
        "retrieve": "conferencing.view_reservation",
        "calendar": "conferencing.view_reservation",
        "create": ("conferencing.view_reservation", "conferencing.add_reservation"),
        "partial_update": ("conferencing.view_reservation", "conferencing.change_reservation"),
        "cancel": ("conferencing.view_reservation", "conferencing.cancel_reservation"),
        "tickets": ("conferencing.view_reservation", "conferencing.add_reservation"),
    }
    machine_scopes: ClassVar = {"tickets": "tickets"}

    def get_queryset(self) -> QuerySet[Reservation]:
        """Return what the caller may see; a gateway gets tickets for its customer's, or for all."""
        user = self.request.user
        rows = selectors.reservations_visible_to(user)
        if isinstance(user, Machine):
            rows = Reservation.objects.all()
            if user.customer_number:
                rows = rows.filter(customer__number=user.customer_number)
        return rows.select_related("customer", "bridge", "conference")

    def create_object(self, data: dict[str, Any]) -> Reservation:
        """Book."""
        data.pop("recurrence", None)
        data.setdefault("access", list(Access.values))
        return services.book_reservation(
            actor=self.request.user, now=timezone.now(), source="api", **data
        )

    @extend_schema(request=ReservationChangeSerializer(partial=True))
    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Move or change the reservation; needs ``If-Match``."""
        # No row lock here: the service takes the bridge's lock before the reservation's.
        reservation = self.get_object()
        require_match(request, reservation)
        data = self.validated(ReservationChangeSerializer, partial=True)
        data.pop("recurrence", None)
        moved = services.move_reservation(
            reservation=reservation,
            expected_version=reservation.version,
            actor=request.user,
            now=timezone.now(),
            **data,
        )
        return self.detail_response(moved)

    @extend_schema(request=CancellationSerializer, responses=ReservationSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        """Cancel the reservation; whether that costs something is the contract's question."""
        reservation = self.get_object()
        given = self.validated(CancellationSerializer)
        services.cancel_reservation(
            reservation=reservation,
            reason=given["reason"],
            actor=request.user,
            now=timezone.now(),
        )
        return self.detail_response(reservation)

    @extend_schema(request=TicketInputSerializer, responses={201: TicketSerializer})
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def tickets(self, request: Request, **_kwargs: Any) -> Response:
        """Issue what one leg needs to join.

        ``voip`` for browsers; telephone legs need a machine's key with the scope ``tickets`` (or
        the permission to issue gateway tickets).
        """
        reservation = self.get_object()
        given = self.validated(TicketInputSerializer)
        ticket = services.issue_ticket(
            reservation=reservation,
            participant=given["participant"],
            access=given["access"],
            number=given["number"] or "",
            actor=request.user,
            now=timezone.now(),
        )
        return Response(TicketSerializer(ticket).data, status=HTTPStatus.CREATED)

    @extend_schema(responses={(200, "text/calendar"): OpenApiTypes.BINARY})
    def calendar(self, _request: Request, **_kwargs: Any) -> HttpResponse:
        """Answer the reservation as an iCalendar file."""
        reservation = self.get_object()
        answer = HttpResponse(
            selectors.calendar_of(reservation), content_type="text/calendar; charset=utf-8"
        )
        answer["Content-Disposition"] = f'attachment; filename="{reservation.number}.ics"'
        return answer


class ConferenceViewSet(ReadViewSet[Conference]):
    """What really happened, with how each time is known."""

    lookup_field = "pk"
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    has_version = False
    serializer_class = ConferenceSerializer
    list_serializer_class = ConferenceRowSerializer
    filterset_class = ConferenceFilter
    columns = {
        "scheduled_start": Column("scheduled_start"),
        "started_at": Column("started_at", nullable=True),
    }
    ordering = "-scheduled_start"
    required_permissions = {
        "list": "conferencing.view_conference",
        "retrieve": "conferencing.view_conference",
    }

    def get_queryset(self) -> QuerySet[Conference]:
        """Return what the caller may see, with what the shape needs."""
        rows = selectors.conferences_visible_to(self.request.user)
        if self.action == "list":
            return rows.select_related("customer", "bridge", "reservation")
        return selectors.with_legs(rows)


class CallRecordView(APIView):
    """Where a bridge posts the record of a finished call, signed with its own key."""

    authentication_classes = ()
    permission_classes = [AllowAny]

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=dict.fromkeys((200, 201, 202), RecordedSerializer),
        operation_id="call_records_create",
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take the record in: 201 new or corrected, 200 known already, 202 nobody knows whose."""
        bridge = _bridge(slug)
        check_signature(bridge=bridge, body=request.body, headers=request.headers)
        record: Any = request.data
        outcome = services.accept_call_record(
            bridge=bridge,
            record=record,
            now=timezone.now(),
            message_id=request.headers["webhook-id"],
        )
        reservation = outcome.conference.reservation
        answer = {
            "call_id": outcome.call_record.call_id,
            "version": outcome.call_record.version,
            "outcome": outcome.kind,
            "conference": str(outcome.conference.pk),
            "reservation": reservation.number if reservation else None,
            "orphan": outcome.is_orphan,
        }
        return Response(answer, status=_status_of(outcome))


def _bridge(slug: str) -> Bridge:
    """Answer the bridge; strangers don't learn which there are.

    Raises:
        BadSignatureError: there is none of that name.
    """
    bridge = Bridge.objects.filter(slug=slug).first()
    if bridge is None:
        raise BadSignatureError
    return bridge


def _status_of(outcome: services.Outcome) -> HTTPStatus:
    if outcome.kind == services.OutcomeKind.UNCHANGED:
        return HTTPStatus.OK
    return HTTPStatus.ACCEPTED if outcome.is_orphan else HTTPStatus.CREATED


def register(router: BaseRouter) -> None:
    """Add the addresses of this app to the API."""
    router.register("reservations", ReservationViewSet, basename="reservation")
    router.register("conferences", ConferenceViewSet, basename="conference")


api_urlpatterns = [
    path(
        "reservations/<str:number>/calendar.ics",
        ReservationViewSet.as_view({"get": "calendar"}),
        name="reservation-calendar",
    ),
    path("bridges/<slug:slug>/call-records/", CallRecordView.as_view(), name="call-records"),
]
