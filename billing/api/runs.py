"""Billing runs over REST."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from billing import services
from billing.filters import BillingRunFilter, RunItemFilter
from billing.models import BillingRun, RunItem
from billing.selectors.runs import items_of, runs_visible_to, with_counts
from billing.serializers import (
    BillingRunSerializer,
    RunItemSerializer,
    RunOrderSerializer,
)
from billing.tasks import hand_over_run, run_billing
from customers.models import Customer
from toolkit.api.jobs import JobSerializer, accepted
from toolkit.api.viewsets import ReadViewSet
from toolkit.tables import Column


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
