"""The billing dashboard: each figure is the sum of the list it opens, on screen and over REST."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.selectors.alerts import pool_alerts, usage_alerts
from billing.selectors.dashboard import billing_dashboard
from billing.services import charge_conference, issue_invoice, prepare_period, record_payment
from billing.views import dashboard as views
from tests.billing.api.conftest import api, api_as  # noqa: F401 (fixtures)
from tests.billing.screens.conftest import as_role, billing  # noqa: F401 (fixtures)
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(monkeypatch):
    """Two customers: September issued on 2 October and paid in part, October issued, a draft."""
    monkeypatch.setattr(views.timezone, "now", lambda: NOW)
    make_vat_rate()
    make_issuer()
    big, small = (make_customer(legal_name=name) for name in ("Óptica Lumen", "Talleres Egia"))
    since = dt.date(2026, 9, 1)
    make_contract(big, monthly_fee=Decimal(100), start=since)
    make_contract(small, monthly_fee=Decimal(10), start=since)
    for period, day in (("2026-09", "2026-10-02"), ("2026-10", "2026-11-02")):
        now = dt.datetime.fromisoformat(f"{day}T09:00:00+00:00")
        prepare_period(period=period, actor="tests", now=now)
        for draft in Invoice.objects.filter(state="draft").order_by("customer"):
            issue_invoice(invoice=draft, actor="tests", now=now)
    record_payment(
        invoice=Invoice.objects.get(number="F-2026-00001"),
        amount=Decimal("21"),
        paid_on=dt.date(2026, 11, 20),
        method="transfer",
        reference="TR-1",
        actor="tests",
        now=NOW,
    )
    for legs in (("10 10:00", "10 11:30"), ("11 10:00", "11 10:00:30")):
        conference = make_conference(small, legs)
        charge_conference(conference_id=conference.pk, now=NOW)
    return big, small


def test_what_each_figure_is(year):
    big, small = year
    figures = billing_dashboard(now=NOW)
    assert (figures.currency, figures.currencies) == ("EUR", ("EUR",))
    assert [month.period for month in figures.months][::11] == ["2025-12", "2026-11"]
    october, november = figures.months[-2:]
    assert (october.billed, october.collected) == (Decimal("133.10"), 0)
    assert (november.billed, november.collected) == (Decimal("133.10"), Decimal("21.00"))
    # Due on 1 November: yesterday's money; what fell due later is not overdue yet.
    assert (november.overdue, figures.overdue) == (Decimal("112.10"), Decimal("112.10"))
    assert (november.unbilled, figures.unbilled) == (Decimal("15.46"), Decimal("15.46"))
    assert november.minutes == 91
    assert [(one.customer, one.billed, one.percent) for one in figures.top] == [
        (big, Decimal("242.00"), 90),
        (small, Decimal("24.20"), 9),
    ]
    nothing = billing_dashboard(now=NOW, currency="USD")
    assert (nothing.overdue, nothing.top, nothing.current.billed) == (0, (), 0)


def test_rest_tells_the_same_and_each_number_is_its_lists_sum(year, api, billing):  # noqa: F811
    figures = billing_dashboard(now=NOW)
    told = api("get", "billing/dashboard/").json()
    assert [month["billed"] for month in told["months"]] == [
        f"{month.billed:.2f}" for month in figures.months
    ]
    assert (told["overdue"], told["top"][0]["billed"]) == ("112.10", "242.00")
    assert api("get", "billing/dashboard/", {"currency": "XXX"}).status_code == 400
    page = billing.get("/billing/").content.decode()
    links = re.findall(r'href="(/billing/[^"]+)"[^>]*>€([\d.,]+)</a>', page)
    assert len(links) > 40
    something = {link for link in links if link[1] != "0.00"}
    assert len(something) > 6
    for address, amount in {*something, links[-2]}:
        shown = billing.get(address.replace("&amp;", "&")).content.decode()
        foot = shown.partition("<tfoot>")[2] or "€0.00"
        assert f"€{amount}" in foot, address


def test_the_page_asks_as_much_however_much_there_is(
    year,
    billing,  # noqa: F811
    django_assert_max_num_queries,
):
    with django_assert_max_num_queries(26):
        assert billing.get("/billing/?currency=nothing").status_code == 200


def test_who_may_see_no_invoices_sees_no_figures(year, as_role, api_as):  # noqa: F811
    assert as_role("sales").get("/billing/").status_code == 403
    assert api_as("sales")("get", "billing/dashboard/").status_code == 403


def test_included_minutes_that_are_nearly_used():
    calm, near = make_customer(), make_customer()
    for customer, minutes in ((calm, 7), (near, 8)):
        make_contract(customer, included_minutes=10, included_access=["toll"])
        conference = make_conference(customer, ("10 10:00", f"10 10:0{minutes}"))
        charge_conference(conference_id=conference.pk, now=NOW)
    (alert,) = pool_alerts(now=NOW)
    assert (alert.contract.customer, alert.used, alert.included) == (near, 8, 10)
    assert alert.percent == 80
    assert pool_alerts(now=NOW + dt.timedelta(days=30)) == []


def test_usage_far_above_the_usual():
    usual, loud, new, small = (make_customer() for _ in range(4))
    for customer, before, now in ((usual, 60, 119), (loud, 60, 120), (new, 0, 500), (small, 5, 50)):
        make_contract(customer)
        for month, minutes in (("2026-10", before), ("2026-11", now)):
            if minutes:
                begun = dt.datetime.fromisoformat(f"{month}-10T10:00:00+00:00")
                over = begun + dt.timedelta(minutes=minutes)
                conference = make_conference(customer, (begun.isoformat(), over.isoformat()))
                charge_conference(conference_id=conference.pk, now=NOW)
    (alert,) = usage_alerts(now=NOW)
    assert (alert.customer, alert.minutes, alert.usual) == (loud, 120, 60)
    assert alert.times == 2
