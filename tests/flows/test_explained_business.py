"""A month of the demonstration: every amount is explained, and agrees with a second calculation."""

import datetime as dt
import json
from fractions import Fraction

import pytest

from billing.models import Charge, Invoice
from billing.selectors import explain_invoice
from bpi_portal.demo import story
from bpi_portal.demo.companies import COMPANIES
from conferencing.models import CallRecord, Conference
from sales.models import Contract
from sales.selectors import contract_object
from tests.billing.rating.reference import reference_invoice
from tests.billing.re_adding import re_add

# The first company of each plan.
ONE_OF_EACH = tuple({company.plan: company for company in reversed(COMPANIES)}.values())
# October is closed by then, and November has begun.
ANCHOR = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
MONTHS = ("2026-10", "2026-11")


@pytest.fixture(scope="module")
def business(transactional_db):
    """All that happened, told by the product's own services."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story, "MONTHS", 1)
        steps = story.steps(anchor=ANCHOR, companies=ONE_OF_EACH)
    for step in steps:
        step.act(step.at)


def test_every_amount_re_adds(business):
    invoices = list(Invoice.objects.order_by("pk"))
    rules, segments = set(), []
    for invoice in invoices:
        explanation = json.loads(json.dumps(explain_invoice(invoice)))
        assert re_add(explanation) == Fraction(invoice.total)
        for line in explanation["lines"]:
            rules.add(line["rule"])
            segments += [one for leg in line.get("legs", ()) for one in leg["segments"]]
    assert {invoice.state for invoice in invoices} == {"draft", "issued"}
    assert {"EUR", "USD", "MXN", "CLP"} == {invoice.currency for invoice in invoices}
    assert rules == {"legs", "fee", "monthly_fee", "commitment"}
    assert {"peak", "offpeak", "any"} == {one["rate"]["band"] for one in segments}
    assert len({one["discount_percent"] for one in segments}) > 1
    assert any(one["free_seconds"] for one in segments)


def test_every_invoice_is_what_a_second_calculation_says(business):
    contracts = Contract.objects.select_related("customer").order_by("pk")
    assert {one.customer.tax_id for one in contracts} == {one.tax_id for one in ONE_OF_EACH}
    billed_conferences = set()
    for contract in contracts:
        conferences = [
            as_case(conference)
            for conference in Conference.objects.filter(customer=contract.customer)
        ]
        for period in MONTHS:
            expected = expected_of(contract, period, conferences)
            invoices = Invoice.objects.filter(contract=contract, period=period)
            assert lines_of(invoices) == expected["lines"], (contract, period)
            assert problems_of(contract, period) == expected["problems"], (contract, period)
            if contract.billing == Contract.Billing.MONTHLY:
                assert totals_of(invoices) == expected["totals"], (contract, period)
            billed_conferences |= {conference for conference, *_rest in expected["lines"]}
    assert len(billed_conferences) > len(ONE_OF_EACH)


def as_case(conference):
    """Return a conference as TARIFF.md has it: what was booked, and what the bridge posted."""
    records = CallRecord.objects.filter(conference=conference).order_by("call_id", "-version")
    bodies = records.distinct("call_id").values_list("body", flat=True)
    reservation = conference.reservation
    return {
        "id": str(conference.pk),
        "scheduled_start": reservation.scheduled_start.isoformat(),
        "cancelled_at": reservation.cancelled_at and reservation.cancelled_at.isoformat(),
        "operator_assisted": reservation.operator_assisted,
        "recorded": reservation.recorded,
        "reserved_ports": reservation.reserved_ports,
        "legs": [leg for body in bodies for leg in body["legs"]],
    }


def expected_of(contract, period, conferences):
    percents = {"domestic": "21", "igic": "7"}
    reference = reference_invoice(
        {
            "contract": contract_object(contract),
            "period": period,
            "vat_percent": percents.get(contract.vat_category, "0"),
            "conferences": conferences,
        }
    )
    return {
        "lines": sorted(
            (line["conference"] or "", line["kind"], line["quantity"], Fraction(line["net"]))
            for line in reference["lines"]
        ),
        "totals": [tuple(Fraction(reference[name]) for name in ("net", "vat", "total"))]
        if reference["lines"]
        else [],
        "problems": sorted(problem["leg"] for problem in reference["problems"]),
    }


def lines_of(invoices):
    return sorted(
        (str(line.conference_id or ""), line.kind, line.quantity, Fraction(line.net))
        for invoice in invoices
        for line in invoice.lines.all()
    )


def totals_of(invoices):
    return [tuple(map(Fraction, (one.net, one.vat, one.total))) for one in invoices]


def problems_of(contract, period):
    charges = Charge.objects.filter(contract=contract, period=period)
    return sorted(
        leg.reference
        for charge in charges
        for leg in charge.rated_legs.filter(version=charge.version).exclude(problem="")
    )
