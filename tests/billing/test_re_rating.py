"""A rate that was wrong: seen before, one adjustment each, and never twice."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Charge, Invoice, InvoiceLine, ReRatedMonth, ReRating
from billing.selectors import disagreements, explain_invoice
from billing.selectors.re_ratings import rates_alike, sums_of
from billing.services import (
    ReRatingRefusedError,
    charge_conference,
    credit_invoice,
    issue_invoice,
    preview_rate_correction,
    silent_re_ratings,
    start_re_rating,
    work_on_re_rating,
)
from integration.models import Event, Job
from sales.models import ContractRate
from sales.services import ContractInvalidError
from tests.billing.re_adding import re_add
from tests.factories.billing import NOW, make_conference, make_contract, make_rate, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db

RIGHT = {"price_per_minute": "0.04"}


@pytest.fixture(autouse=True)
def house():
    make_vat_rate()
    make_issuer()


def customer_with(*days, rates=(("toll", "0.06"),), **terms):
    """A customer with a meeting of ten minutes on each of some days of November; its contract."""
    customer = make_customer(language="en")
    contract = make_contract(customer, rates=rates, **terms)
    for day in days:
        charge(make_conference(customer, (f"{day} 10:00", f"{day} 10:10")))
    return contract


def charge(conference):
    return charge_conference(conference_id=conference.pk, now=NOW)


def issue(contract):
    draft = Invoice.objects.get(contract=contract, state="draft")
    return issue_invoice(invoice=draft, actor="tests", now=NOW)


def rate_of(contract, **fields):
    return ContractRate.objects.get(contract=contract, superseded_at=None, **fields)


def preview(*rates, terms=RIGHT, **days):
    return preview_rate_correction(rates=rates, terms=terms, now=NOW, **days)


def correct(*rates, terms=RIGHT, seen=None, **days):
    """Start a correction that was seen, and let a worker do it."""
    row = start_re_rating(
        rates=rates,
        terms=terms,
        reason="The old price list",
        seen=seen or preview(*rates, terms=terms, **days).fingerprint,
        actor="ana",
        now=NOW,
        **days,
    )
    work_on_re_rating(re_rating_id=row.pk, clock=lambda: NOW)
    row.refresh_from_db()
    return row


def everything():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Invoice, InvoiceLine, Charge, ContractRate, ReRating, Job)
    ]


def test_a_preview_says_who_is_touched_and_by_how_much_and_writes_nothing():
    issued = customer_with(10, 12)
    issue(issued)
    charge(make_conference(issued.customer, ("2026-12-03T10:00Z", "2026-12-03T10:10Z")))
    before = everything()
    found = preview(rate_of(issued))
    assert [
        (month.contract, month.period, month.is_closed, len(month.conferences), month.difference)
        for month in found.touched
    ] == [
        (issued, "2026-11", True, 2, Decimal("-0.40")),
        (issued, "2026-12", False, 1, Decimal("-0.20")),
    ]
    assert found.sums == {"EUR": Decimal("-0.60")}
    one = found.touched[0].conferences[0]
    assert (one.before, one.after, one.is_issued) == (Decimal("0.60"), Decimal("0.40"), True)
    assert everything() == before


def test_each_issued_conference_gets_one_adjustment_and_a_second_run_changes_nothing():
    contract = customer_with(10, 12)
    first = issue(contract)
    charge(make_conference(contract.customer, ("2026-12-03T10:00Z", "2026-12-03T10:10Z")))
    wrong = rate_of(contract)
    row = correct(wrong)
    draft = Invoice.objects.get(state="draft")
    assert list(draft.lines.values_list("description", "period", "net", "adjusts")) == [
        (
            "Calls to the toll number (November 2026, rate corrected)",
            "2026-11",
            Decimal("-0.20"),
            first.pk,
        )
    ] * 2 + [("Calls to the toll number", "2026-12", Decimal("0.40"), None)]
    months = row.months.values_list("period", "conferences", "difference")
    assert list(months) == [("2026-11", 2, Decimal("-0.40")), ("2026-12", 1, Decimal("-0.20"))]
    assert sums_of(row) == [("EUR", 3, Decimal("-0.60"))]
    assert (row.finished_at, row.started_by) == (NOW, "ana")
    assert (Job.objects.get().state, Job.objects.get().done) == ("done", 2)
    assert rate_of(contract).price_per_minute == Decimal("0.04")
    before = everything()
    work_on_re_rating(re_rating_id=row.pk, clock=lambda: NOW)
    # Nor does doing all of it again, as after a worker that died before it could say so.
    ReRatedMonth.objects.update(done_at=None)
    ReRating.objects.update(finished_at=None)
    Job.objects.update(state="running")
    work_on_re_rating(re_rating_id=row.pk, clock=lambda: NOW)
    assert everything()[:4] == before[:4]
    with pytest.raises(ContractInvalidError):
        preview(rate_of(contract))
    with pytest.raises(ContractInvalidError):
        start_re_rating(rates=[wrong], terms=RIGHT, reason="x", seen="", actor="ana", now=NOW)
    re_add(explain_invoice(draft))
    assert disagreements() == {}


def test_only_some_days_were_wrong():
    contract = customer_with(10, 12, 14)
    issue(contract)
    days = {"valid_from": dt.date(2026, 11, 12), "valid_to": dt.date(2026, 11, 13)}
    correct(rate_of(contract), **days)
    line = InvoiceLine.objects.get(adjusts__isnull=False)
    assert (line.held_at.day, line.net) == (12, Decimal("-0.20"))
    assert Charge.objects.filter(version=2).count() == 1


def test_other_increments_move_the_counters_of_those_after():
    """By the second instead of the minute: what the pool gives, and the commitment, move too."""
    contract = customer_with(
        rates=(),
        included_minutes=2,
        included_access=["toll"],
        commitment=Decimal("0.20"),
    )
    make_rate(contract, "toll", "0.06")
    for day in (10, 12):
        charge(make_conference(contract.customer, (f"{day} 10:00:00", f"{day} 10:01:01")))
    first = issue(contract)
    # 2 minutes each: the first two are free, 0.12 and 0.08 to the commitment.
    assert first.net == Decimal("0.20")
    found = preview(rate_of(contract), terms={"first_increment": 1, "next_increment": 1})
    (month,) = found.touched
    # 61 s each: 120 of the 122 are free, 0.002 rounds to nothing, all of 0.20 is missing.
    assert [one.difference for one in month.conferences] == [Decimal("-0.12")]
    assert (month.of_month, month.difference) == (Decimal("0.12"), Decimal(0))
    correct(rate_of(contract), terms={"first_increment": 1, "next_increment": 1})
    draft = Invoice.objects.get(state="draft", period="2026-12")
    adjusted = draft.lines.filter(period="2026-11")
    assert sorted(adjusted.values_list("kind", "net")) == [
        ("commitment_shortfall", Decimal("0.12")),
        ("usage:toll", Decimal("-0.12")),
    ]
    re_add(explain_invoice(draft))


def test_the_same_mistake_in_other_contracts_is_found_and_corrected_with_it():
    one, two, other = customer_with(10), customer_with(11), customer_with(12, rates=[])
    make_rate(other, "toll", "0.07")
    charge(make_conference(other.customer, ("12 11:00", "12 11:10")))
    issue(one)
    wrong = rate_of(one)
    alike = list(rates_alike(wrong))
    assert [rate.contract for rate in alike] == [two]
    row = correct(wrong, *alike)
    assert [month.contract for month in row.months.all()] == [one, two]
    assert Charge.objects.get(contract=two).net == Decimal("0.40")
    assert Invoice.objects.get(contract=two).net == Decimal("0.40")
    assert Charge.objects.get(contract=other, net__gt=0).net == Decimal("0.70")
    assert Event.objects.filter(type="re_rating.done").count() == 2


def test_what_was_credited_is_not_credited_again():
    contract = customer_with(10, 12)
    first = issue(contract)
    one, _two = first.lines.all()
    lines = {one.pk: Decimal("0.50")}
    credit_invoice(invoice=first, reason="x", lines=lines, actor="tests", now=NOW)
    found = preview(rate_of(contract))
    assert sorted(touched.difference for touched in found.touched[0].conferences) == [
        Decimal("-0.20"),
        Decimal("-0.10"),
    ]
    correct(rate_of(contract))
    assert sum(InvoiceLine.objects.values_list("net", flat=True)) == Decimal("0.40")


def test_refused_without_reason_or_when_nobody_saw_what_it_changes():
    contract = customer_with(10)
    issue(contract)
    wrong = rate_of(contract)
    seen = preview(wrong).fingerprint
    charge(make_conference(contract.customer, ("11 10:00", "11 10:10")))
    before = everything()
    for given in ({"seen": seen}, {"seen": preview(wrong).fingerprint, "reason": " "}):
        with pytest.raises(ReRatingRefusedError):
            start_re_rating(
                **{"rates": [wrong], "terms": RIGHT, "reason": "x", "actor": "ana", "now": NOW}
                | given
            )
    assert everything() == before


def test_one_that_lost_its_worker_is_found():
    contract = customer_with(10)
    wrong = rate_of(contract)
    row = start_re_rating(
        rates=[wrong],
        terms=RIGHT,
        reason="x",
        seen=preview(wrong).fingerprint,
        actor="ana",
        now=NOW,
    )
    assert silent_re_ratings(now=NOW) == []
    assert silent_re_ratings(now=NOW + dt.timedelta(minutes=6)) == [row.pk]
    work_on_re_rating(re_rating_id=row.pk, clock=lambda: NOW)
    assert silent_re_ratings(now=NOW + dt.timedelta(days=1)) == []


def test_a_rate_that_nobody_used_is_corrected_at_once():
    contract = customer_with()
    row = correct(rate_of(contract))
    assert (row.finished_at, row.months.count()) == (NOW, 0)
    assert Job.objects.get().state == "done"
