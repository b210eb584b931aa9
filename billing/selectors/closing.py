"""What must be done before a month is closed."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models import BillingRun, Charge, ClosedMonth, Invoice, InvoiceSending
from conferencing.models import Bridge, BridgeEvent, Conference
from customers.selectors import issuer
from toolkit.periods import Period

from .charges import uncharged_conferences
from .series import series_report
from .unbilled import customers_not_billed


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the list: how many things are left, and where they are looked after."""

    name: str
    label: str | Promise
    count: int
    url: str

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left."""
        return self.count == 0


def closed_month(period: str) -> ClosedMonth | None:
    """Answer who closed a month and when; None while it is open."""
    return ClosedMonth.objects.filter(period=period).first()


def checks_of_month(*, period: str, now: dt.datetime) -> list[Check]:
    """Answer what is left to do in a month, which ends at the issuer's place.

    A bridge has spoken when it was heard (an event or a poll) after the month, and all that it
    said is applied; bridges that only send signed call records are not asked.
    """
    company = issuer()
    zone = ZoneInfo(company.timezone if company else "Europe/Madrid")
    start, end = Period.parse(period).bounds(zone)
    problems = Charge.objects.filter(
        Q(period=period) | Q(period="", sort_at__gte=start, sort_at__lt=end)
    )
    orphans = problems.filter(problem=Charge.Problem.NO_CUSTOMER).count()
    of_month = Q(scheduled_start__gte=start, scheduled_start__lt=end)
    invoices = Invoice.objects.filter(period=period)
    return [
        _check("bridges", _("Bridges not heard since the month ended"), _silent(end)),
        _check("live", _("Conferences still going on"), _live(of_month)),
        _check(
            "uncharged",
            _("Conferences without a charge"),
            uncharged_conferences().filter(of_month).count(),
        ),
        _check("orphans", _("Calls without a customer"), orphans),
        _check(
            "problems",
            _("Conferences not wholly priced"),
            problems.exclude(problem="").count() - orphans,
        ),
        _check(
            "runs",
            _("Billing runs not finished"),
            BillingRun.objects.filter(period=period, finished_at=None).count(),
        ),
        _check(
            "unbilled",
            _("Customers with something that nobody billed"),
            customers_not_billed(period=period, now=now).count(),
        ),
        _check("drafts", _("Drafts not issued"), _drafts(period)),
        _check(
            "unsent",
            _("Invoices that wait to be sent, or can't be"),
            InvoiceSending.objects.filter(invoice__in=invoices, queued_at=None)
            .values("invoice")
            .distinct()
            .count(),
        ),
        _check(
            "gaps",
            _("Numbers missing or going back"),
            sum(len(one.missing) + len(one.back_in_time) for one in series_report()),
        ),
    ]


_URLS = {
    "bridges": "conferencing:bridge_list",
    "live": "conferencing:conference_list",
    "uncharged": "conferencing:conference_list",
    "orphans": "billing:problem_list",
    "problems": "billing:problem_list",
    "runs": "billing:run_list",
    "unbilled": "billing:run_list",
    "drafts": "billing:invoice_list",
    "unsent": "billing:invoice_list",
    "gaps": "billing:series_report",
}


def _check(name: str, label: str | Promise, count: int) -> Check:
    return Check(name=name, label=label, count=count, url=reverse(_URLS[name]))


def _live(of_month: Q) -> int:
    return Conference.objects.filter(of_month, state=Conference.State.LIVE).count()


def _drafts(period: str) -> int:
    drafts = Invoice.objects.filter(period=period, state=Invoice.State.DRAFT)
    return drafts.filter(lines__isnull=False).distinct().count()


def _silent(end: dt.datetime) -> int:
    """Count bridges that were not heard after the month, or whose words are not applied yet."""
    asked = Bridge.objects.filter(active=True).exclude(make=Bridge.Make.FEED)
    heard = asked.annotate(heard_at=Greatest(F("last_event_at"), F("last_poll_at")))
    behind = BridgeEvent.objects.filter(applied_at=None, received_at__lt=end)
    return heard.filter(
        Q(heard_at=None) | Q(heard_at__lt=end) | Q(pk__in=behind.values("bridge"))
    ).count()
