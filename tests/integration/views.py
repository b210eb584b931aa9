"""A POST with an effect, for the tests of idempotency."""

import threading
from typing import ClassVar

from django.db import transaction
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integration.services import record_event
from toolkit.api.exceptions import Problem
from toolkit.api.permissions import ANY_USER

committed: list[str] = []
entered, go_on = threading.Event(), threading.Event()


class EffectView(APIView):
    """Write an event; then do as the body's ``how`` says."""

    required_permissions: ClassVar[dict[str, str | tuple[str, ...]]] = {"post": ANY_USER}

    def post(self, request: Request) -> Response:
        event = record_event(type="thing.made", data={"body": request.data})
        transaction.on_commit(lambda: committed.append(event.event_id))
        how = dict(request.data).get("how")
        if how == "refuse":
            raise Problem("No.", type_name="no-room")  # noqa: EM101
        if how == "fault":
            raise RuntimeError
        if how == "wait":
            entered.set()
            assert go_on.wait(10)
        headers = {"Location": f"/things/{event.event_id}/", "X-Other": "1"}
        return Response({"id": event.event_id}, status=201, headers=headers)


class GuardedView(EffectView):
    required_permissions = {"post": "integration.view_event"}


class IgnoringView(EffectView):
    ignores_idempotency_key = True


class OpenView(EffectView):
    permission_classes = [AllowAny]


urlpatterns = [
    path("api/v1/effect/", EffectView.as_view()),
    path("api/v1/guarded/", GuardedView.as_view()),
    path("api/v1/ignoring/", IgnoringView.as_view()),
    path("api/v1/open/", OpenView.as_view()),
    path("elsewhere/effect/", EffectView.as_view()),
]
