"""Subscriptions and single charges: on the right invoice, once, by days, explained."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from billing.models import Invoice, InvoiceLine, OneOffCharge, Product, Subscription
from billing.selectors import customer_figures, disagreements, explain_invoice
from billing.selectors.documents import invoice_document
from billing.services import (
    BilledAlreadyError,
    CodeTakenError,
    NotInForceError,
    ProductChangedMeanwhileError,
    VatRateMissingError,
    add_one_off_charge,
    charge_conference,
    end_subscription,
    issue_invoice,
    prepare_period,
    save_product,
    subscribe,
    withdraw_one_off_charge,
)
from integration.models import Event
from tests.factories.billing import NOW, make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db
DECEMBER = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)
JANUARY = dt.datetime(2027, 1, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def ready():
    make_vat_rate()
    make_issuer()
    with translation.override("en"):
        yield


@pytest.fixture
def contract():
    return make_contract(make_customer(language="en"))


def a_product(code="NUM-800", **fields):
    return save_product(
        **{
            "code": code,
            "name_es": "Número propio",
            "name_en": "Own number",
            "unit": "month",
            "currency": "EUR",
            "unit_price": Decimal(30),
            "vat_category": "",
            "actor": "ana",
            "now": NOW,
            **fields,
        }
    )


def agree(contract, day="2026-11-01", *, until=None, quantity=1, price="30", product=None):
    return subscribe(
        contract=contract,
        product=product or Product.objects.first() or a_product(),
        quantity=quantity,
        unit_price=Decimal(price),
        valid_from=dt.date.fromisoformat(day),
        valid_to=until and dt.date.fromisoformat(until),
        actor="ana",
        now=NOW,
    )


def enter(contract, period="2026-11", **fields):
    return add_one_off_charge(
        **{
            "contract": contract,
            "period": period,
            "description": "Training",
            "unit_price": Decimal("80.005"),
            "reason": "Ordered by phone",
            "actor": "ana",
            "now": NOW,
            **fields,
        }
    )


def bill(period, now=DECEMBER):
    """Prepare a month, and issue what there is of it."""
    prepare_period(period=period, actor="tests", now=now)
    for draft in Invoice.objects.filter(period=period, state="draft"):
        issue_invoice(invoice=draft, actor="tests", now=now)
    return Invoice.objects.filter(period=period).get()


def lines_of(invoice):
    return [
        (line.description, line.period, line.quantity, line.net)
        for line in invoice.lines.order_by("kind", "period", "pk")
    ]


@pytest.mark.parametrize(
    ("start", "until", "quantity", "price", "net", "words"),
    [
        ("2026-10-01", None, 1, "30", "30.00", "Own number"),
        ("2026-11-16", None, 1, "30", "15.00", "Own number (2026-11-16 to 2026-11-30)"),
        ("2026-10-01", "2026-11-11", 3, "9.99", "9.99", "Own number (2026-11-01 to 2026-11-10)"),
        ("2026-11-30", "2026-12-01", 1, "0.15", "0.01", "Own number (2026-11-30 to 2026-11-30)"),
    ],
)
def test_a_month_is_billed_by_its_days(contract, start, until, quantity, price, net, words):
    agree(contract, start, until=until, quantity=quantity, price=price)
    invoice = bill("2026-11")
    line = invoice.lines.get(period="2026-11")
    assert (line.kind, line.net, line.quantity) == ("subscription", Decimal(net), quantity)
    assert line.description.replace("11/", "").startswith("Own number")
    assert line.description.count("(") == words.count("(")
    explained = next(one for one in explain_invoice(invoice)["lines"] if one["period"] == "2026-11")
    assert explained["rule"] == "subscription"
    again = (
        Decimal(explained["unit_price"])
        * explained["quantity"]
        * explained["active_days"]
        / explained["days"]
    )
    assert abs(again - line.net) <= Decimal("0.005")
    assert disagreements() == {}


def test_each_month_is_billed_once(contract):
    agreed = agree(contract)
    november = bill("2026-11")
    assert lines_of(november) == [("Own number", "2026-11", 1, Decimal(30))]
    december = bill("2026-12", now=JANUARY)
    assert lines_of(december) == [("Own number", "2026-12", 1, Decimal(30))]
    with pytest.raises(IntegrityError, match="subscription_billed_once"), transaction.atomic():
        InvoiceLine.objects.create(
            invoice=Invoice.objects.create(
                customer=contract.customer,
                contract=contract,
                period="2027-01",
                currency="EUR",
                language="en",
                created_at=NOW,
                updated_at=NOW,
            ),
            kind="subscription",
            subscription=agreed,
            period="2026-12",
            description="Once more",
            net=30,
            vat_category="domestic",
        )


def test_a_draft_follows_what_is_agreed(contract):
    conference = make_conference(contract.customer, ("10 10:00", "10 10:10"))
    draft = charge_conference(conference_id=conference.pk, now=NOW).invoice
    agreed = agree(contract)
    draft.refresh_from_db()
    assert (draft.net, draft.total) == (Decimal("30.60"), Decimal("37.03"))
    version = draft.version
    charge_conference(conference_id=conference.pk, now=NOW)
    prepare_period(period="2026-11", actor="tests", now=NOW)
    draft.refresh_from_db()
    assert draft.version == version  # the same again changes nothing
    end_subscription(subscription=agreed, valid_to=dt.date(2026, 11, 16), actor="ana", now=NOW)
    draft.refresh_from_db()
    assert draft.net == Decimal("15.60")


def test_what_is_agreed_late_goes_on_the_next_invoice_with_its_own_month(contract):
    agree(contract, "2026-10-01")
    bill("2026-10")
    agree(contract, "2026-09-16", until="2026-11-01", product=a_product("REC"))
    invoice = bill("2026-11")
    assert lines_of(invoice) == [
        ("Own number (October 2026, late)", "2026-10", 1, Decimal(30)),
        ("Own number", "2026-11", 1, Decimal(30)),
    ]
    # September is not issued yet: it is billed on its own invoice.
    september = bill("2026-09")
    assert [line[1:] for line in lines_of(september)] == [("2026-09", 1, Decimal(15))]
    assert disagreements() == {}


def test_days_beyond_the_contract_are_not_billed():
    contract = make_contract(make_customer(), start=dt.date(2026, 11, 21))
    agreed = agree(contract, "2026-11-01")
    assert agreed.valid_from == dt.date(2026, 11, 21)
    assert bill("2026-11").net == 10


def test_a_subscription_beside_invoices_of_conferences():
    customer = make_customer()
    contract = make_contract(customer, billing="per_conference", issue="automatic")
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    assert charge_conference(conference_id=conference.pk, now=NOW).invoice.net == Decimal("0.60")
    agree(contract)
    prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    fees = Invoice.objects.get(conference=None)
    assert (fees.state, lines_of(fees)) == (
        "issued",
        [("Número propio", "2026-11", 1, Decimal(30))],
    )


def test_billed_days_stay_billed(contract):
    agreed = agree(contract)
    bill("2026-11")
    with pytest.raises(BilledAlreadyError, match="2026-11 is billed already: end it on 2026-12-01"):
        end_subscription(
            subscription=agreed, valid_to=dt.date(2026, 11, 20), actor="ana", now=DECEMBER
        )
    agreed.refresh_from_db()
    assert agreed.valid_to is None
    end_subscription(subscription=agreed, valid_to=dt.date(2026, 12, 1), actor="ana", now=DECEMBER)
    with pytest.raises(ValidationError, match="agree another one"):
        end_subscription(
            subscription=agreed, valid_to=dt.date(2026, 12, 9), actor="ana", now=DECEMBER
        )
    prepare_period(period="2026-12", actor="tests", now=JANUARY)
    assert not Invoice.objects.filter(period="2026-12").exists()


def test_a_single_charge_stands_on_its_month_at_once(contract):
    charge = enter(contract, quantity=3)
    draft = Invoice.objects.get()
    # Three times 80.005 rounds once, not three times.
    assert lines_of(draft) == [("Training", "2026-11", 3, Decimal("240.02"))]
    (line,) = explain_invoice(draft)["lines"]
    assert (line["rule"], line["unit_price"]) == ("one_off", "80.005000")
    paper = invoice_document(draft)
    assert [one.unit_price for one in paper.period_lines] == [Decimal("80.005")]
    bill("2026-11")
    with pytest.raises(BilledAlreadyError, match="F-2026-00001"):
        withdraw_one_off_charge(charge=charge, actor="ana", now=DECEMBER)
    told = Event.objects.get(type="one_off_charge.entered")
    assert (told.actor, told.subject_id) == ("ana", contract.number)
    assert "80" not in str(told.data)


def test_a_single_charge_of_an_issued_month_goes_on_the_next(contract):
    agree(contract)
    bill("2026-11")
    enter(contract, unit_price=Decimal(5), quantity=-2)
    december = Invoice.objects.get(period="2026-12")
    assert [line[:2] + line[3:] for line in lines_of(december)] == [
        ("Training (November 2026, late)", "2026-11", Decimal(-10)),
        ("Own number", "2026-12", Decimal(30)),
    ]
    bill("2026-12", now=JANUARY)
    prepare_period(period="2027-01", actor="tests", now=JANUARY)
    assert InvoiceLine.objects.filter(one_off__isnull=False).count() == 1


def test_a_withdrawn_charge_leaves_the_draft(contract):
    charge = enter(contract)
    agree(contract)
    withdraw_one_off_charge(charge=charge, actor="eva", now=NOW)
    withdraw_one_off_charge(charge=charge, actor="eva", now=NOW)
    assert Invoice.objects.get().net == 30
    charge.refresh_from_db()
    assert charge.withdrawn_by == "eva"
    assert Event.objects.filter(type="one_off_charge.withdrawn").count() == 1


def test_lines_of_two_vat_categories(contract):
    agree(contract, product=a_product(vat_category="exempt"), price="10")
    enter(contract, unit_price=Decimal(100))
    prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    draft = Invoice.objects.get()
    assert (draft.net, draft.vat) == (Decimal(110), Decimal(21))
    with pytest.raises(VatRateMissingError, match="Exempt"):
        issue_invoice(invoice=draft, actor="tests", now=DECEMBER)
    make_vat_rate("exempt", "0", reason_en="Exempt by article 20")
    issued = issue_invoice(invoice=draft, actor="tests", now=DECEMBER)
    assert [(tax.category, tax.base, tax.amount, tax.reason) for tax in issued.taxes.all()] == [
        ("domestic", Decimal(100), Decimal(21), ""),
        ("exempt", Decimal(10), Decimal(0), "Exempt by article 20"),
    ]
    assert issued.total == Decimal(131)


def test_what_cannot_be_is_refused(contract):
    a_product()
    ended = make_contract(make_customer(), end=dt.date(2026, 6, 1))
    drafted = make_contract(make_customer(), status="draft")
    for one in (ended, drafted):
        with pytest.raises(NotInForceError):
            agree(one)
        with pytest.raises(NotInForceError):
            enter(one)
    for wrong in ({"reason": " "}, {"description": ""}, {"quantity": 0}):
        with pytest.raises(ValidationError):
            enter(contract, **wrong)
    for wrong in ({"quantity": 0}, {"price": "-1"}, {"until": "2026-10-01"}):
        with pytest.raises(ValidationError):
            agree(contract, **wrong)
    with pytest.raises(CodeTakenError):
        a_product()
    for wrong in ({"code": "a b"}, {"code": "X", "currency": "EURO"}, {"code": "X", "name_en": ""}):
        with pytest.raises(ValidationError):
            a_product(**wrong)
    assert (Subscription.objects.count(), OneOffCharge.objects.count()) == (0, 0)
    assert (Product.objects.count(), Invoice.objects.count()) == (1, 0)


def test_a_new_price_touches_nothing_that_was_agreed(contract):
    product = a_product()
    agree(contract)
    save_product(product=product, expected_version=1, unit_price=Decimal(99), actor="ana", now=NOW)
    assert bill("2026-11").net == 30
    with pytest.raises(ProductChangedMeanwhileError):
        save_product(product=product, expected_version=1, name_en="No", actor="eva", now=NOW)
    product.refresh_from_db()
    assert (product.unit_price, product.version, product.name_en) == (99, 2, "Own number")


def test_a_subscription_is_expected_before_there_is_a_draft(contract):
    agree(contract, "2026-11-16", quantity=2)
    figures = customer_figures(customer=contract.customer, period="2026-11", now=NOW)
    assert (figures.expected_total, figures.invoiced) == (Decimal("36.30"), Decimal(0))
    assert not Invoice.objects.exists()
