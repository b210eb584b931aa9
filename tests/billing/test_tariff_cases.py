"""Every worked case of the tariff through the product: rows in, whatever order they come in, and
the draft invoice says what the case says, digit for digit.
"""

import datetime as dt
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest

from billing.models import Charge, Invoice, RatedLeg
from billing.selectors import explain_invoice
from billing.services import charge_conference, prepare_period
from conferencing.models import Conference, Leg
from sales.models import ContractRate
from tests.billing.re_adding import re_add
from tests.factories.billing import NOW, make_bridge, make_contract, make_vat_rate, uuid_of
from tests.factories.customers import make_customer
from toolkit.money import format_exact, format_micros, from_decimal

pytestmark = pytest.mark.django_db
CASES = sorted((Path(__file__).parents[1] / "data/tariff").glob("*.json"))


def moment(text):
    return text and dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def make_contract_of_case(customer, terms):
    """Make the rows of a contract as the case has it; rates get their ids in its order."""
    rates = terms.pop("rates")
    for name in ("commitment", "monthly_fee"):
        if terms.get(name) is not None:
            terms[name] = Decimal(terms[name])
    contract = make_contract(customer, rates=(), **terms)
    for rate in rates:
        price, fee = Decimal(rate["price_per_minute"]), Decimal(rate["connection_fee"])
        row = {**rate, "price_per_minute": price, "connection_fee": fee}
        ContractRate.objects.create(
            contract=contract, contract_version=1, known_from=contract.activated_at, **row
        )
    contract.refresh_from_db()
    return contract


class Month:
    """A case as rows. Ids of conferences become UUIDs that sort as they do."""

    def __init__(self, case):
        self.case = case
        self.customer = make_customer()
        self.contract = make_contract_of_case(self.customer, dict(case["contract"]))
        self.ids = {
            one["id"]: uuid_of(serial)
            for serial, one in enumerate(sorted(case["conferences"], key=lambda one: one["id"]), 1)
        }
        self.names = {pk: name for name, pk in self.ids.items()}
        self.bridge = make_bridge()
        for conference in case["conferences"]:
            self.add(conference)

    def add(self, told):
        legs = told["legs"]
        state = "ended" if legs else ("cancelled" if told.get("cancelled_at") else "no_show")
        conference = Conference.objects.create(
            id=self.ids[told["id"]],
            customer=self.customer,
            bridge=self.bridge,
            room=1,
            state=state,
            scheduled_start=moment(told.get("scheduled_start")) or moment(legs[0]["answered_at"]),
            cancelled_at=moment(told.get("cancelled_at")),
            operator_assisted=told.get("operator_assisted", False),
            recorded=told.get("recorded", False),
            reserved_ports=told.get("reserved_ports"),
            record_version=1,
        )
        Leg.objects.bulk_create(
            Leg(
                bridge=self.bridge,
                conference=conference,
                leg_id=f"{told['id']}/{leg['id']}",
                participant=leg["participant"],
                access=leg["access"],
                number=leg.get("number") or "",
                answered_at=moment(leg["answered_at"]),
                answered_how="event",
                ended_at=moment(leg["ended_at"]),
                ended_how="event",
            )
            for leg in legs
        )

    def charge(self, order):
        for told in order:
            charge_conference(conference_id=self.ids[told["id"]], now=NOW)
        prepare_period(period=self.case["period"], actor="tests", now=NOW)

    def outcome(self):
        """Answer what the product says, in the form of a case's ``expected``."""
        invoice = Invoice.objects.filter(period=self.case["period"]).first()
        currency = self.contract.currency

        def money(amount):
            return format_micros(from_decimal(Decimal(amount)), currency)

        lines = [] if invoice is None else list(invoice.lines.all())
        return {
            "legs": self.legs(),
            "lines": sorted(
                (
                    {
                        "kind": line.kind,
                        "conference": self.names.get(line.conference_id),
                        "net": money(line.net),
                        "quantity": line.quantity,
                    }
                    for line in lines
                ),
                key=lambda line: (
                    line["conference"] is None,
                    line["conference"] or "",
                    line["kind"],
                ),
            ),
            "problems": self.problems(),
            "net": money(invoice.net if invoice else 0),
            "vat": money(invoice.vat if invoice else 0),
            "total": money(invoice.total if invoice else 0),
        }

    def legs(self):
        indexes = {rate.pk: index for index, rate in enumerate(self.contract.rates.order_by("pk"))}
        found = []
        for charge in Charge.objects.filter(period=self.case["period"]):
            for leg in charge.rated_legs.filter(version=charge.version, problem=""):
                seconds: dict[int, int] = {}
                for segment in leg.segments:
                    index = indexes[segment["rate"]]
                    seconds[index] = seconds.get(index, 0) + segment["seconds"]
                conference, name = leg.reference.split("/", 1)
                found.append(
                    {
                        "conference": conference,
                        "id": name,
                        "duration_seconds": leg.duration_seconds,
                        "billed_seconds": leg.billed_seconds,
                        "free_seconds": leg.free_seconds,
                        "segments": [
                            {"rate": rate, "seconds": seconds[rate]} for rate in sorted(seconds)
                        ],
                        "amount": format_exact(from_decimal(leg.amount)),
                    }
                )
        return sorted(found, key=lambda leg: (leg["conference"], leg["id"]))

    def problems(self):
        found = []
        for charge in Charge.objects.filter(period=self.case["period"]):
            if charge.problem == Charge.Problem.NO_CONTRACT:
                found += [
                    {"leg": leg.leg_id.split("/", 1)[1], "problem": "no_contract"}
                    for leg in charge.conference.legs.all()
                    if leg.ended_at > leg.answered_at
                ]
                continue
            found += [
                {"leg": leg.reference.split("/", 1)[1], "problem": leg.problem}
                for leg in charge.rated_legs.filter(version=charge.version).exclude(problem="")
            ]
        return sorted(found, key=lambda problem: (problem["leg"], problem["problem"]))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_comes_out_of_the_product(path):
    case = json.loads(path.read_text())
    make_vat_rate(percent=case["input"].get("vat_percent", "0"))
    month = Month(case["input"])
    order = list(case["input"]["conferences"])
    random.Random(path.stem).shuffle(order)  # noqa: S311
    month.charge(order)
    assert month.outcome() == case["expected"]
    for invoice in Invoice.objects.all():
        assert re_add(explain_invoice(invoice)) == invoice.total
    before = RatedLeg.objects.count()
    month.charge(order)
    assert RatedLeg.objects.count() == before
