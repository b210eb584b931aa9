"""REST: the feed of events, and long work."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from toolkit.api.exceptions import InvalidParameter
from toolkit.api.jobs import JobSerializer
from toolkit.api.pagination import CursorPage
from toolkit.api.permissions import ANY_USER
from toolkit.api.viewsets import ReadViewSet
from toolkit.tables import Column

from . import selectors, services
from .filters import EventFilter, JobFilter
from .models import Event, Job
from .serializers import EventSerializer


class FeedPage(CursorPage):
    """Events after a cursor, oldest first; the cursor is the id of the last event one has."""

    page_size = 100

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: APIView | None = None,
    ) -> list[Any]:
        """Return the events of the page.

        Raises:
            InvalidParameter: the cursor is no event, or the size is out of bounds.
        """
        assert isinstance(queryset, QuerySet)  # noqa: S101 (what the view gives)
        services.number_events()
        try:
            feed = selectors.events(after=request.query_params.get("after") or 0)
        except (Event.DoesNotExist, ValueError):
            message = ErrorDetail(str(_("Write the id of an event.")), "invalid")
            raise InvalidParameter({"after": [message]}) from None
        size = self.size_from(request)
        rows = list((queryset & feed).order_by("position")[: size + 1])
        self._rows, self._more = rows[:size], len(rows) > size
        self._url = request.build_absolute_uri()
        return self._rows

    def get_paginated_response(self, data: Any) -> Response:  # noqa: ANN401 (JSON)
        """Return the page; the feed is read forwards only."""
        after = self._rows[-1].event_id if self._more else None
        following = replace_query_param(self._url, "after", after) if after else None
        return Response({"next": following, "previous": None, "results": data})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe ``after`` and ``page_size`` for OpenAPI."""
        after = {
            "name": "after",
            "in": "query",
            "description": "Id of the last event that you have; without it from the beginning.",
            "schema": {"type": "string"},
        }
        kept = super().get_schema_operation_parameters(view)
        return [after, *(one for one in kept if one["name"] == "page_size")]


class EventViewSet(ReadViewSet[Event]):
    """Everything that happened, in the order in which it was committed.

    Poll with the id of the last event that you have; nothing is lost and nothing comes twice.
    """

    lookup_field = "event_id"
    lookup_url_kwarg = "id"
    serializer_class = EventSerializer
    filterset_class = EventFilter
    pagination_class = FeedPage
    has_version = False
    required_permissions = {
        "list": "integration.view_event",
        "retrieve": "integration.view_event",
    }

    def get_queryset(self) -> QuerySet[Event]:
        """Return the events that the caller may read."""
        return selectors.events_visible_to(self.request.user)


class JobViewSet(ReadViewSet[Job]):
    """Long work: one's own, or everybody's with the permission to see it."""

    lookup_field = "id"
    serializer_class = JobSerializer
    filterset_class = JobFilter
    columns = {"created_at": Column("created_at")}
    ordering = "-created_at"
    has_version = False
    required_permissions = {"list": ANY_USER, "retrieve": ANY_USER}

    def get_queryset(self) -> QuerySet[Job]:
        """Return the jobs that the caller may follow."""
        return selectors.jobs_visible_to(self.request.user)


def register(router: BaseRouter) -> None:
    """Give the root router the addresses of this app."""
    router.register("events", EventViewSet, basename="event")
    router.register("jobs", JobViewSet, basename="job")
