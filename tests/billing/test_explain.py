"""Every explained amount re-adds, by a sum in fractions that shares no code with the product."""

import datetime as dt
import json
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.models import Charge, Invoice
from billing.selectors import explain_invoice, explain_line
from billing.services import charge_conference, issue_invoice
from billing.services.exchange import set_exchange_rate
from tests.billing.re_adding import re_add
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_rate,
    make_vat_rate,
)
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db


def rich_contract(customer, **fields):
    contract = make_contract(
        customer,
        rates=(),
        peak={"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"},
        included_minutes=45,
        included_access=["toll", "voip"],
        tiers=[
            {"from_minutes": 30, "discount_percent": "7.5"},
            {"from_minutes": 90, "discount_percent": "33.333333"},
        ],
        fees={
            "setup": "2.505",
            "operator": "9",
            "recording_per_minute": "0.0175",
            "unused_port": "0.333",
            "overage_port": "0.5",
            "minimum_participants": 4,
            "minimum_participant_per_minute": "0.0101",
            "no_show": "19.995",
        },
        commitment=Decimal(150),
        monthly_fee=Decimal("33.33"),
        start=dt.date(2026, 11, 4),
        **fields,
    )
    make_rate(contract, "toll", "0.0623", band="peak", first_increment=30, next_increment=6)
    make_rate(contract, "toll", "0.0311", band="offpeak", connection_fee=Decimal("0.05"))
    make_rate(contract, "toll_free", "0.17", next_increment=1, minimum_seconds=90)
    make_rate(contract, "dial_out", "0.21")
    make_rate(contract, "dial_out", "0.093", prefix="34", first_increment=1, next_increment=1)
    make_rate(contract, "voip", "0.007777", valid_to=dt.date(2026, 11, 14))
    make_rate(contract, "voip", "0.012345", valid_from=dt.date(2026, 11, 14))
    return contract


def random_month(customer, rng, conferences=12):
    for _ in range(conferences):
        start = dt.datetime(2026, 11, 4, tzinfo=dt.UTC) + dt.timedelta(
            minutes=rng.randrange(24 * 60 * 20)
        )
        legs = []
        for _ in range(rng.randrange(6)):
            answered = start + dt.timedelta(milliseconds=rng.randrange(600_000))
            ended = answered + dt.timedelta(milliseconds=rng.randrange(7_200_000))
            access = rng.choice(["toll", "toll_free", "dial_out", "voip"])
            legs.append((answered.isoformat(), ended.isoformat(), access))
        conference = make_conference(
            customer,
            *legs,
            start=start.isoformat(),
            operator_assisted=rng.random() < 0.3,
            recorded=rng.random() < 0.3,
            reserved_ports=rng.choice([None, 2, 8]),
        )
        conference.legs.filter(access="dial_out").update(
            number=rng.choice(["", "+34600111222", "+573001112233"])
        )
        charge_conference(conference_id=conference.pk, now=NOW)


@pytest.mark.parametrize("currency", ["EUR", "CLP", "KWD"])
def test_every_amount_of_a_rich_month_re_adds(currency):
    make_vat_rate(percent="21")
    make_issuer()
    if currency != "EUR":  # its VAT is said in euros, too
        set_exchange_rate(
            currency=currency,
            day=NOW.date(),
            rate=Decimal("1.5"),
            actor="tests",
            now=NOW,
        )
    customer = make_customer()
    rich_contract(customer, currency=currency)
    random_month(customer, random.Random(currency))  # noqa: S311
    draft = Invoice.objects.get()
    explanation = explain_invoice(draft)
    assert re_add(explanation) == Fraction(draft.total)
    assert explanation == json.loads(json.dumps(explanation))
    rules = {line["rule"] for line in explanation["lines"]}
    assert {"legs", "fee", "monthly_fee"} <= rules
    discounts = {
        segment["discount_percent"]
        for line in explanation["lines"]
        for leg in line.get("legs", ())
        for segment in leg["segments"]
    }
    assert discounts == {"0.000000", "7.500000", "33.333333"}
    issued = issue_invoice(invoice=draft, actor="tests", now=NOW)
    again = explain_invoice(issued)
    assert again["lines"] == explanation["lines"]
    assert again["number"] == "F-2026-00001"


def test_what_happens_later_does_not_change_what_is_issued():
    make_vat_rate()
    make_issuer()
    customer = make_customer()
    contract = make_contract(customer, commitment=Decimal(100))
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    draft = charge_conference(conference_id=conference.pk, now=NOW).invoice
    issued = issue_invoice(invoice=draft, actor="tests", now=NOW)
    before = explain_invoice(issued)
    re_add(before)
    contract.end = dt.date(2026, 11, 20)
    contract.save()
    correct(conference, ("10 10:00", "10 10:20"))
    charge_conference(conference_id=conference.pk, now=NOW)
    late = make_conference(customer, ("9 10:00", "9 10:10"))
    charge_conference(conference_id=late.pk, now=NOW)
    assert explain_invoice(Invoice.objects.get(pk=issued.pk)) == before


def test_a_line_says_its_rates_and_their_contract():
    make_vat_rate()
    customer = make_customer()
    contract = make_contract(customer, fees={"unused_port": "0.10"})
    conference = make_conference(customer, ("10 10:00", "10 10:09:30"), reserved_ports=3)
    charge_conference(conference_id=conference.pk, now=NOW)
    fee, usage = Invoice.objects.get().lines.all()
    rate = contract.rates.get()
    assert explain_line(fee) == {
        "line": fee.pk,
        "kind": "unused_ports",
        "description": fee.description,
        "period": "2026-11",
        "conference": str(conference.pk),
        "title": "Junta semanal",
        "reference": "",
        "quantity": 2,
        "net": "0.20",
        "rule": "fee",
        "unit_price": "0.100000",
        "charge_version": 1,
        "call_record_version": 1,
    }
    explained = explain_line(usage)
    assert (explained["net"], explained["sum"], explained["rule"]) == ("0.60", "0.600000", "legs")
    (leg,) = explained["legs"]
    assert (leg["amount"], leg["billed_seconds"], leg["answered_at"]) == (
        "0.600000",
        600,
        "2026-11-10T10:00:00+00:00",
    )
    (segment,) = leg["segments"]
    assert segment["rate"] == {
        "id": rate.pk,
        "contract": contract.number,
        "contract_version": 1,
        "known_from": rate.known_from.isoformat(),
        "access": "toll",
        "prefix": "",
        "band": "any",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "price_per_minute": "0.060000",
        "first_increment": 60,
        "next_increment": 60,
        "minimum_seconds": 0,
        "connection_fee": "0.000000",
    }


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    make_vat_rate()
    customer = make_customer()
    rich_contract(customer)
    random_month(customer, random.Random(1))  # noqa: S311
    draft = Invoice.objects.select_related("customer", "contract").get()
    assert Charge.objects.count() == 12
    with django_assert_num_queries(4):  # lines, legs, rates, taxes
        explain_invoice(draft)
