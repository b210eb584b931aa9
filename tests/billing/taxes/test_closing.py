"""Closing a month: what must be done before, and where later calls go."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import BillingPeriod, ClosedMonth, Invoice
from billing.selectors.closing import checks_of_month
from billing.services.closing import MonthClosedError, MonthNotReadyError, close_month
from conferencing.models import Bridge
from integration.models import Event
from tests.billing.world import charge, make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW, make_conference, make_contract
from tests.factories.customers import make_customer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

DECEMBER = dt.datetime(2026, 12, 3, 12, tzinfo=dt.UTC)


def left(now=DECEMBER):
    return {
        check.name: check.count
        for check in checks_of_month(period="2026-11", now=now)
        if check.count
    }


def close(now=DECEMBER):
    return close_month(period="2026-11", actor="tests", now=now)


def test_everything_that_is_left_is_counted():
    make_issuer_once()
    draft = make_draft()
    make_conference(draft.customer, ("20 10:00", "20 10:10", "toll"))
    charge(make_conference(None, ("21 10:00", "21 10:10", "toll")))
    Bridge.objects.create(slug="j", name="J", make=Bridge.Make.JANUS, capacity=9)
    assert left() == {"bridges": 1, "uncharged": 1, "orphans": 1, "unbilled": 1, "drafts": 1}
    with pytest.raises(MonthNotReadyError):
        close()
    assert not ClosedMonth.objects.exists()
    assert BillingPeriod.objects.get().closed_at is None
    assert not Event.objects.filter(type="month.closed").exists()


def test_a_month_is_closed_once_after_it_ended():
    make_issued()
    with pytest.raises(MonthNotReadyError):
        close(now=NOW)
    assert left() == {}
    closed = close()
    assert (closed.period, closed.closed_by, closed.closed_at) == ("2026-11", "tests", DECEMBER)
    with pytest.raises(MonthClosedError):
        close()
    assert Event.objects.filter(type="month.closed").count() == 1


def test_later_calls_of_a_closed_month_go_on_the_next_invoice():
    make_issued()
    quiet = make_customer()
    make_contract(quiet)
    close()
    newcomer = make_customer()
    make_contract(newcomer)  # signed later, in force since January
    for customer in (quiet, newcomer):
        charged = charge(make_conference(customer, ("15 10:00", "15 10:10", "toll")), now=DECEMBER)
        draft = Invoice.objects.get(pk=charged.invoice_id)
        assert (charged.period, draft.period) == ("2026-11", "2026-12")
        assert {line.period for line in draft.lines.all()} == {"2026-11"}


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM billing_closedmonth", "UPDATE billing_closedmonth SET period = '2026-10'"],
)
def test_the_database_opens_no_closed_month(statement):
    make_issued()
    close()
    with (
        pytest.raises(IntegrityError, match="refused"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_page_shows_what_is_left(client):
    make_issued()
    client.force_login(make_user("auditor"))
    page = client.get("/billing/month/?period=2026-11")
    assert len(page.context["checks"]) == 10
    assert client.post("/billing/months/2026-11/close/").status_code == 403
    client.force_login(make_user("billing"))
    assert client.get("/billing/month/?period=x").status_code == 404
    assert client.post("/billing/months/2020-01/close/").status_code == 302
    assert ClosedMonth.objects.get().period == "2020-01"
    assert "2020-01" in client.get("/billing/month/?period=2020-01").text
