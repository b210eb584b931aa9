"""What changes after its invoice was issued: the difference, to the cent, on the next one."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import Charge, ChargeLine, Invoice, InvoiceLine, InvoiceTax, RatedLeg, VatRate
from billing.selectors import disagreements, explain_invoice
from billing.services import charge_conference, issue_invoice
from integration.models import Event
from tests.billing.re_adding import re_add
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_leg,
    make_rate,
    make_vat_rate,
)
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db

NEXT = NOW + dt.timedelta(days=8)


def charge(conference, now=NOW):
    return charge_conference(conference_id=conference.pk, now=now)


def issue(invoice, now=NOW):
    return issue_invoice(invoice=invoice, actor="tests", now=now)


@pytest.fixture
def customer():
    make_vat_rate()
    make_issuer()
    return make_customer(language="en")


def issued_month(customer, *conferences):
    """Charge and issue conferences of November; answer the invoice."""
    for conference in conferences:
        invoice = charge(conference).invoice
    return issue(invoice)


def add_leg(conference, start, end, access="toll"):
    """Let a newer call record bring one more leg."""
    make_leg(conference, start, end, access)
    conference.record_version += 1
    conference.save()


def lines(invoice):
    return list(
        invoice.lines.values_list("description", "period", "quantity", "net").order_by(
            "held_at", "conference", "kind", "period"
        )
    )


def issued_rows():
    """All that an issued invoice is made of."""
    return [
        list(Invoice.objects.filter(state="issued").order_by("pk").values_list()),
        list(InvoiceLine.objects.filter(invoice__state="issued").order_by("pk").values_list()),
        list(InvoiceTax.objects.filter(invoice__state="issued").order_by("pk").values_list()),
    ]


def test_a_corrected_record_debits_the_difference_on_the_next_invoice(customer):
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    first = issued_month(customer, conference)
    before = issued_rows()
    correct(conference, ("10 10:00", "10 10:20"))
    for _ in range(2):
        charged = charge(conference)
    assert (charged.problem, charged.version, charged.net) == ("", 2, Decimal("1.20"))
    assert charged.invoice == first
    draft = Invoice.objects.get(state="draft")
    assert (draft.period, draft.net, draft.vat) == ("2026-12", Decimal("0.60"), Decimal("0.13"))
    words = "Calls to the toll number (November 2026, corrected)"
    assert lines(draft) == [(words, "2026-11", 600, Decimal("0.60"))]
    line = draft.lines.get()
    assert (line.adjusts, line.charge, line.from_version, line.to_version) == (first, charged, 1, 2)
    assert issued_rows() == before
    event = Event.objects.get(type="charge.corrected")
    assert (event.customer_number, event.data["version"]) == (customer.number, 2)
    assert disagreements() == {}


def test_a_shorter_one_is_credited_and_never_a_second_time(customer):
    make_contract(customer, monthly_fee=Decimal(30))
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    issued_month(customer, conference)
    correct(conference, ("10 10:00", "10 10:05"))
    second = issue(charge(conference) and Invoice.objects.get(state="draft"), NEXT)
    assert second.net == Decimal("29.70")
    assert second.lines.get(charge__isnull=False).net == Decimal("-0.30")
    before = issued_rows()
    charge(conference, NEXT)
    assert not Invoice.objects.filter(state="draft").exists()
    correct(conference, ("10 10:00", "10 10:07"))
    charge(conference, NEXT)
    third = Invoice.objects.get(state="draft")
    adjusting = third.lines.get(charge__isnull=False)
    assert (adjusting.net, adjusting.from_version, adjusting.to_version) == (Decimal("0.12"), 2, 3)
    assert (third.period, issued_rows()) == ("2027-01", before)


def test_until_it_is_issued_the_difference_follows_every_correction(customer):
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    issued_month(customer, conference)
    for minutes, net in ((20, "0.60"), (15, "0.30"), (4, "-0.36")):
        correct(
            conference, ("10 10:00", f"10 10:{minutes}" if minutes > 9 else f"10 10:0{minutes}")
        )
        charge(conference)
        assert InvoiceLine.objects.get(charge__isnull=False).net == Decimal(net)
    assert Charge.objects.get().version == 4
    correct(conference, ("10 10:00", "10 10:10"))
    charge(conference)
    assert not InvoiceLine.objects.filter(charge__isnull=False).exists()
    assert Invoice.objects.get(state="draft").total == 0


def test_a_late_leg_is_billed_with_its_month_at_the_rate_of_its_day(customer):
    """Ten included minutes: the late leg takes what the others left, and nobody is priced again."""
    contract = make_contract(
        customer,
        rates=[("toll", "0.06")],
        included_minutes=10,
        included_access=["toll", "voip"],
        fees={"unused_port": "0.50"},
    )
    make_rate(contract, "voip", "0.03", valid_to=dt.date(2026, 11, 15))
    make_rate(contract, "voip", "0.05", valid_from=dt.date(2026, 11, 15))
    early = make_conference(customer, ("10 10:00", "10 10:06"), reserved_ports=3)
    later = make_conference(customer, ("11 10:00", "11 10:03"))
    first = issued_month(customer, early, later)
    assert first.net == Decimal("1.00")
    before = issued_rows()
    add_leg(early, "10 10:00", "10 10:05", "voip")
    charged = charge(early)
    draft = Invoice.objects.get(state="draft")
    # One minute of the pool is left, so four are charged at the rate of the 10th; and one port
    # less was unused.
    assert lines(draft) == [
        ("Reserved ports not used (November 2026, late)", "2026-11", -1, Decimal("-0.50")),
        ("Internet calls (November 2026, late)", "2026-11", 300, Decimal("0.12")),
    ]
    assert draft.net == Decimal("-0.38")
    legs = RatedLeg.objects.filter(charge=charged, version=2).order_by("access")
    assert list(legs.values_list("access", "free_seconds", "late_at")) == [
        ("toll", 360, None),
        ("voip", 60, NOW),
    ]
    assert Charge.objects.get(conference=later).version == 1
    assert (issued_rows(), disagreements()) == (before, {})
    re_add(explain_invoice(draft))


def test_a_correction_prices_the_month_again_and_all_differences_add_up(customer):
    """Included minutes that a shortened conference gives back are used by those after it."""
    make_contract(
        customer,
        included_minutes=10,
        included_access=["toll"],
        tiers=[{"from_minutes": 5, "discount_percent": "50"}],
    )
    one = make_conference(customer, ("10 10:00", "10 10:09"))
    two = make_conference(customer, ("11 10:00", "11 10:08"))
    three = make_conference(customer, ("12 10:00", "12 10:02"))
    first = issued_month(customer, one, two, three)
    # two: 1 free, 5 at 0.06, 2 at half; three: 2 at half.
    assert first.net == Decimal("0.42")
    correct(one, ("10 10:00", "10 10:03"))
    charge(one)
    draft = Invoice.objects.get(state="draft")
    # two: 7 free, 1 at 0.06; three: 2 at 0.06: 0.18 in all.
    assert [
        (net, conference)
        for _, net, conference in draft.lines.values_list("held_at", "net", "conference")
    ] == [(Decimal("-0.30"), two.pk), (Decimal("0.06"), three.pk)]
    charges = Charge.objects.all()
    assert sum(charged.net for charged in charges) == first.net + draft.net == Decimal("0.18")
    assert draft.lines.filter(conference=one.pk).count() == 0
    assert disagreements() == {}
    explained = explain_invoice(draft)
    re_add(explained)
    assert explained["lines"][0]["adjusts"] == {"invoice": first.pk, "number": "F-2026-00001"}


def test_the_commitment_is_held_against_what_came_late_too(customer):
    make_contract(customer, commitment=Decimal(10))
    conference = make_conference(customer, ("10 10:00", "10 10:50"))
    first = issued_month(customer, conference)
    assert first.net == Decimal(10)
    late = make_conference(customer, ("9 10:00", "9 10:30"))
    charge(late)
    draft = Invoice.objects.get(state="draft")
    november = list(draft.lines.filter(period="2026-11").values_list("kind", "net", "charge"))
    assert november == [
        ("usage:toll", Decimal("1.80"), None),
        ("commitment_shortfall", Decimal("-1.80"), None),
    ]
    words = "Remainder to the monthly commitment (November 2026, late)"
    assert draft.lines.get(adjusts=first).description == words
    re_add(explain_invoice(draft))
    # Far beyond the commitment: all of what was billed for it is taken back, and no more.
    add_leg(late, "9 10:00", "9 14:00")
    charge(late)
    november = list(draft.lines.filter(period="2026-11").values_list("kind", "net"))
    assert november == [
        ("usage:toll", Decimal("16.20")),
        ("commitment_shortfall", Decimal("-7.00")),
    ]
    billed = InvoiceLine.objects.filter(period="2026-11")
    assert sum(line.net for line in billed) == Decimal("19.20")
    draft.refresh_from_db()
    re_add(explain_invoice(draft))


def test_one_that_moves_to_another_month_is_credited_there_and_billed_here(customer):
    make_contract(customer)
    conference = make_conference(customer, ("30 22:00", "30 22:10"))
    first = issued_month(customer, conference)
    correct(conference, ("2026-12-01T00:00Z", "2026-12-01T00:05Z"))
    charged = charge(conference)
    draft = Invoice.objects.get(state="draft")
    assert (charged.period, charged.invoice) == ("2026-12", draft)
    assert sorted(draft.lines.values_list("period", "net")) == [
        ("2026-11", Decimal("-0.60")),
        ("2026-12", Decimal("0.30")),
    ]
    correct(conference, ("30 22:00", "30 22:20"))
    charged = charge(conference)
    assert (charged.period, charged.invoice) == ("2026-11", first)
    assert sorted(draft.lines.values_list("period", "net")) == [("2026-11", Decimal("0.60"))]
    assert disagreements() == {}


def test_a_rate_that_was_missing_is_debited(customer):
    contract = make_contract(customer)
    conference = make_conference(
        customer, ("10 10:00", "10 10:10"), ("10 10:00", "10 10:10", "voip")
    )
    issue(charge(conference).invoice)
    assert charge(conference).problem == "unpriced_legs"
    assert not Invoice.objects.filter(state="draft").exists()
    make_rate(contract, "voip", "0.01")
    charged = charge(conference)
    assert (charged.problem, charged.version) == ("", 2)
    draft = Invoice.objects.get(state="draft")
    assert lines(draft) == [
        ("Internet calls (November 2026, corrected)", "2026-11", 600, Decimal("0.10"))
    ]


def test_an_invoice_of_one_conference_is_adjusted_on_that_of_the_month(customer):
    make_contract(customer, billing="per_conference")
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    own = issue(charge(conference).invoice)
    add_leg(conference, "10 10:00", "10 10:05")
    charge(conference)
    draft = Invoice.objects.get(state="draft")
    assert (own.conference_id, draft.conference, draft.period) == (
        conference.pk,
        None,
        "2026-12",
    )
    assert lines(draft) == [
        ("Calls to the toll number (November 2026, late)", "2026-11", 300, Decimal("0.30"))
    ]


def test_an_adjustment_keeps_the_vat_of_what_it_adjusts(customer):
    make_contract(customer, monthly_fee=Decimal(10))
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    issued_month(customer, conference)
    VatRate.objects.update(valid_to=dt.date(2026, 12, 1))
    make_vat_rate(percent="23", valid_from=dt.date(2026, 12, 1))
    correct(conference, ("10 10:00", "10 10:20"))
    charge(conference)
    draft = Invoice.objects.get(state="draft")
    assert list(draft.taxes.values_list("percent", "base", "amount")) == [
        (Decimal(21), Decimal("0.60"), Decimal("0.13")),
        (Decimal(23), Decimal(10), Decimal("2.30")),
    ]
    assert draft.total == Decimal("13.03")


def test_the_words_follow_the_customer_s_language(customer):
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    issued_month(customer, conference)
    correct(conference, ("10 10:00", "10 10:20"))
    charge(conference)
    customer.language = "es"
    customer.save()
    correct(conference, ("10 10:00", "10 10:30"))
    charge(conference)
    line = InvoiceLine.objects.get(charge__isnull=False)
    assert "noviembre de 2026" in line.description
    assert (line.net, line.invoice.language) == (Decimal("1.20"), "es")


def test_no_correction_is_billed_twice_whoever_tries(customer):
    """The database itself refuses a second line that corrects the same version."""
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    issued_month(customer, conference)
    correct(conference, ("10 10:00", "10 10:20"))
    charge(conference)
    line = InvoiceLine.objects.get(charge__isnull=False)
    line.pk, line.invoice = (
        None,
        Invoice.objects.create(
            customer=customer,
            contract=line.invoice.contract,
            period="2027-01",
            currency="EUR",
            created_at=NOW,
            updated_at=NOW,
        ),
    )
    with pytest.raises(Exception, match="charge_corrected_once"):
        line.save()


def test_what_is_open_follows_as_before(customer):
    """Nothing is adjusted before anything is issued."""
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    charge(conference)
    correct(conference, ("10 10:00", "10 10:20"))
    charge(conference)
    assert not InvoiceLine.objects.filter(adjusts__isnull=False).exists()
    assert ChargeLine.objects.count() == 2
    assert not RatedLeg.objects.filter(late_at__isnull=False).exists()
