"""Credit notes: whole, by line, by amount; never more than is left; drafted anew."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection

from billing.models import Charge, Invoice, InvoiceLine, InvoiceSeries, InvoiceTax, VatRate
from billing.selectors import customer_figures, disagreements, explain_invoice, with_balances
from billing.selectors.credits import is_wholly_credited
from billing.services import (
    CreditChangedMeanwhileError,
    CreditRefusedError,
    InvoiceNotDraftError,
    IssueDateRefusedError,
    NegativeInvoiceError,
    PaymentRefusedError,
    ReissueRefusedError,
    charge_conference,
    credit_adjustments,
    credit_invoice,
    issue_invoice,
    plan_credit,
    reissue,
)
from integration.models import Event
from tests.billing.re_adding import re_add
from tests.billing.world import LATER, make_draft, make_issued, pay
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_vat_rate,
)
from tests.factories.customers import make_customer, make_issuer

pytestmark = pytest.mark.django_db


def credit(invoice, **fields):
    defaults = {"reason": "Error de precio", "actor": "tests", "now": LATER}
    return credit_invoice(invoice=invoice, **{**defaults, **fields})


def balances(invoice):
    seen = with_balances(Invoice.objects.all(), on=LATER.date()).get(pk=invoice.pk)
    return f"{seen.credited:.2f}", f"{seen.balance:.2f}", seen.status


def rows():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Invoice, InvoiceLine, InvoiceTax, InvoiceSeries)
    ]


def test_a_whole_credit_mirrors_the_invoice():
    invoice = make_issued()
    note = credit(invoice)
    note.refresh_from_db()
    assert (note.number, note.kind, note.state) == ("R-2026-00001", "credit_note", "issued")
    assert (note.rectifies, note.serial, note.reason) == (invoice, 1, "Error de precio")
    assert (note.net, note.vat, note.total) == (
        Decimal("-3.75"),
        Decimal("-0.79"),
        Decimal("-4.54"),
    )
    assert (note.period, note.language, note.issued_on) == ("2026-11", "es", LATER.date())
    assert note.snapshot["customer"] == invoice.snapshot["customer"]
    assert note.snapshot["contract"] == invoice.snapshot["contract"]
    mirrored = [
        (line.credits_id, line.description, line.quantity, -line.net) for line in note.lines.all()
    ]
    assert mirrored == [
        (line.pk, line.description, line.quantity and -line.quantity, line.net)
        for line in invoice.lines.all()
    ]
    assert balances(invoice) == ("4.54", "0.00", "credited")
    assert balances(note) == ("0.00", "0.00", "issued")
    event = Event.objects.get(type="credit_note.issued")
    assert (event.subject_id, event.data["rectifies"]) == ("R-2026-00001", "F-2026-00001")
    re_add(explain_invoice(note))
    assert disagreements() == {}


def test_lines_are_credited_in_part_until_nothing_is_left():
    invoice = make_issued()
    setup, usage, *_others = invoice.lines.all()
    first = credit(invoice, lines={setup.pk: Decimal("0.25"), usage.pk: None})
    assert first.net == -usage.net - Decimal("0.25")
    left = Decimal("3.75") + first.net
    assert balances(invoice)[2] == "open"
    refused = rows()
    for lines in (
        {usage.pk: Decimal("0.01")},
        {setup.pk: Decimal("1.01")},
        {setup.pk: Decimal("0.005")},
        {setup.pk: Decimal(0)},
        {setup.pk: Decimal(-1)},
        {setup.pk: Decimal("NaN")},
        {first.lines.first().pk: None},
        {10**6: None},
    ):
        with pytest.raises(CreditRefusedError) as caught:
            credit(invoice, lines=lines)
        assert caught.value.members["errors"][0]["pointer"].startswith("/lines/0/")
    assert rows() == refused
    rest = credit(invoice)
    assert rest.net == -left
    assert first.vat + rest.vat == -invoice.vat
    assert balances(invoice) == ("4.54", "0.00", "credited")
    with pytest.raises(CreditRefusedError):
        credit(invoice)
    with pytest.raises(CreditRefusedError):
        credit(first)
    with pytest.raises(CreditRefusedError):
        credit(make_draft(make_customer()))


def test_an_amount_is_credited_of_a_vat_category():
    invoice = make_issued()
    key = ("domestic", Decimal(21))
    note = credit(invoice, amounts={key: Decimal("1.50")})
    assert (note.net, note.vat) == (Decimal("-1.50"), Decimal("-0.32"))
    assert list(note.lines.values_list("kind", "credits", "net")) == [
        ("credit", None, Decimal("-1.50"))
    ]
    for amounts in ({key: Decimal("2.26")}, {("igic", Decimal(7)): Decimal(1)}, {key: Decimal(0)}):
        with pytest.raises(CreditRefusedError) as caught:
            credit(invoice, amounts=amounts)
        assert caught.value.members["errors"][0]["pointer"].startswith("/amounts/0/")
    # A line may be credited only as far as the category has anything left.
    dearest = max(invoice.lines.all(), key=lambda line: line.net)
    assert dearest.net > Decimal("2.25") or credit(invoice, lines={dearest.pk: None})
    rest = credit(invoice)
    credited = InvoiceTax.objects.filter(invoice__rectifies=invoice)
    assert sum(tax.base for tax in credited) == -invoice.net
    assert sum(tax.amount for tax in credited) == -invoice.vat
    assert rest.lines.get(kind="credit").net == Decimal("1.50")
    assert is_wholly_credited(invoice)


def test_the_last_credit_note_takes_what_rounding_left_of_the_vat():
    make_issuer()
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, rates=[("toll", "0.02")])
    for day in (10, 11, 12):
        charged = charge_conference(
            conference_id=make_conference(customer, (f"{day} 10:00", f"{day} 10:01")).pk, now=NOW
        )
    invoice = issue_invoice(invoice=charged.invoice, actor="tests", now=NOW)
    assert (invoice.net, invoice.vat) == (Decimal("0.06"), Decimal("0.01"))
    notes = [credit(invoice, lines={line.pk: None}) for line in invoice.lines.all()]
    assert [str(note.vat) for note in notes] == ["0.00", "0.00", "-0.01"]
    assert balances(invoice) == ("0.07", "0.00", "credited")


def test_a_preview_writes_nothing_and_says_the_same():
    invoice = make_issued()
    before = rows()
    plan = plan_credit(invoice=invoice, amounts={("domestic", Decimal(21)): Decimal(1)})
    assert (plan.net, plan.vat, plan.total) == (Decimal(-1), Decimal("-0.21"), Decimal("-1.21"))
    assert rows() == before


def test_refused_without_a_reason_or_when_something_happened_meanwhile():
    invoice = make_issued()
    with pytest.raises(CreditRefusedError):
        credit(invoice, reason="  ")
    key = ("domestic", Decimal(21))
    credit(invoice, amounts={key: Decimal(1)}, seen=0)
    with pytest.raises(CreditChangedMeanwhileError):
        credit(invoice, amounts={key: Decimal(1)}, seen=0)
    assert invoice.credit_notes.count() == 1


def test_the_series_of_credit_notes_is_its_own_and_its_dates_never_go_back():
    one, two = make_issued(), make_issued(make_customer())
    assert credit(one).number == "R-2026-00001"
    with pytest.raises(IssueDateRefusedError):
        credit(two, issued_on=LATER.date() - dt.timedelta(days=1))
    note = credit(two, now=NOW)
    assert (note.number, note.issued_on) == ("R-2026-00002", LATER.date())
    assert (
        issue_invoice(invoice=make_draft(make_customer()), actor="tests", now=NOW).number
        == "F-2026-00003"
    )


def test_what_was_paid_and_is_credited_is_owed_to_the_customer():
    invoice = make_issued()
    pay(invoice, "4.54")
    assert balances(invoice) == ("0.00", "0.00", "paid")
    credit(invoice, amounts={("domestic", Decimal(21)): Decimal(1)})
    assert balances(invoice) == ("1.21", "-1.21", "paid")
    with pytest.raises(PaymentRefusedError):
        pay(invoice, "0.01")
    found = customer_figures(customer=invoice.customer, period="2026-11", now=LATER)
    assert (found.invoiced, found.paid, found.balance, found.overdue) == (
        Decimal("3.33"),
        Decimal("4.54"),
        Decimal("-1.21"),
        Decimal(0),
    )


def test_only_what_is_left_can_be_paid():
    invoice = make_issued()
    note = credit(invoice, amounts={("domestic", Decimal(21)): Decimal(1)})
    with pytest.raises(PaymentRefusedError, match=r"3\.33"):
        pay(invoice, "3.34")
    with pytest.raises(PaymentRefusedError):
        pay(note, "1.00")
    pay(invoice, "3.33")
    assert balances(invoice) == ("1.21", "0.00", "paid")


def test_an_invoice_is_drafted_anew_and_names_what_it_replaces():
    invoice = make_issued()
    note = credit(invoice, anew=True)
    draft = Invoice.objects.get(replaces=invoice)
    assert (draft.state, draft.period, draft.reason) == ("draft", "2026-11", note.reason)
    assert [line.replaces_id for line in draft.lines.all()] == [
        line.pk for line in invoice.lines.all()
    ]
    assert (draft.net, draft.vat, draft.total) == (invoice.net, invoice.vat, invoice.total)
    # What is wrong is put right: the customer, and the VAT rate.
    customer = invoice.customer
    customer.legal_name = "Otro nombre, S.L."
    customer.save()
    VatRate.objects.update(percent=Decimal(10))
    again = issue_invoice(invoice=draft, actor="tests", now=LATER)
    assert (again.number, again.net, again.vat) == (
        "F-2026-00002",
        Decimal("3.75"),
        Decimal("0.38"),
    )
    assert again.snapshot["customer"]["legal_name"] == "Otro nombre, S.L."
    assert note.snapshot["customer"]["legal_name"] != "Otro nombre, S.L."
    for one in (invoice, note, again):
        re_add(explain_invoice(Invoice.objects.get(pk=one.pk)))
    legs = explain_invoice(again)["lines"][-1]
    assert (legs["rule"], legs["of"]["number"]) == ("legs", invoice.number)
    assert disagreements() == {}
    assert Event.objects.filter(type="invoice.reissued").count() == 1
    with pytest.raises(ReissueRefusedError):
        reissue(invoice=invoice, actor="tests", now=LATER)


def test_it_is_drafted_anew_later_and_only_once_nothing_is_left():
    invoice = make_issued()
    setup = invoice.lines.first()
    credit(invoice, lines={setup.pk: Decimal("0.25")})
    with pytest.raises(ReissueRefusedError):
        reissue(invoice=invoice, actor="tests", now=LATER)
    with pytest.raises(ReissueRefusedError):
        credit(invoice, lines={setup.pk: Decimal("0.25")}, anew=True)
    assert invoice.credit_notes.count() == 1
    rest = credit(invoice)
    draft = reissue(invoice=invoice, actor="tests", now=LATER)
    assert (rest.net, draft.net) == (Decimal("-3.50"), Decimal("3.50"))
    explained = explain_invoice(draft)["lines"][0]
    assert (explained["rule"], explained["net"], explained["of"]["net"]) == (
        "again",
        "1.00",
        "1.25",
    )


def again(charged, *legs):
    """Let a newer call record say other legs of a conference, and charge it."""
    correct(charged.conference, *legs)
    return charge_conference(conference_id=charged.conference_id, now=LATER)


def billed_of(charged):
    lines = InvoiceLine.objects.filter(conference=charged.conference_id)
    return sum(line.net for line in lines)


def test_a_late_call_after_the_reissue_is_a_difference_still():
    invoice = make_issued()
    credit(invoice, anew=True)
    anew = issue_invoice(invoice=Invoice.objects.get(replaces=invoice), actor="tests", now=LATER)
    charged = again(Charge.objects.first(), ("12 09:00", "12 10:00", "toll"))
    draft = Invoice.objects.get(state="draft")
    assert [(line.adjusts, line.net) for line in draft.lines.all()] == [(anew, Decimal("3.00"))]
    assert billed_of(charged) == charged.net
    assert disagreements() == {}


def test_what_was_credited_is_not_credited_by_a_correction_again():
    """Half an hour that never was, of a line that was credited in part before."""
    invoice = make_issued()
    charged = Charge.objects.first()
    usage = invoice.lines.get(kind="usage:toll", conference=charged.conference_id)
    credit(invoice, lines={usage.pk: usage.net - Decimal("0.20")})
    again(charged, ("12 09:00", "12 09:01", "toll"))
    line = InvoiceLine.objects.get(adjusts=invoice)
    assert (usage.net, line.net) == (Decimal("0.60"), Decimal("-0.20"))
    re_add(explain_invoice(line.invoice))
    # A credit of all takes in what the draft would have taken back, and so the draft has nothing.
    credit(invoice)
    assert not InvoiceLine.objects.filter(adjusts=invoice).exists()
    assert balances(invoice)[2] == "credited"


def test_corrections_below_zero_become_a_credit_note_of_what_they_correct():
    invoice = make_issued()
    charged = again(Charge.objects.first(), ("12 09:00", "12 09:02", "toll"))
    other = again(Charge.objects.last(), ("10 10:00", "10 10:12", "toll"))
    draft = Invoice.objects.get(state="draft")
    assert (draft.net, draft.lines.count()) == (Decimal("-0.41"), 3)
    with pytest.raises(NegativeInvoiceError):
        issue_invoice(invoice=draft, actor="tests", now=LATER)
    (note,) = credit_adjustments(invoice=draft, actor="tests", now=LATER)
    assert (note.rectifies, note.number) == (invoice, "R-2026-00001")
    assert (note.net, note.vat) == (Decimal("-0.53"), Decimal("-0.11"))
    draft.refresh_from_db()
    assert (draft.net, draft.lines.count()) == (Decimal("0.12"), 1)
    issue_invoice(invoice=draft, actor="tests", now=LATER)
    assert billed_of(charged) + billed_of(other) == charged.net + other.net
    assert balances(invoice)[:2] == ("0.64", "3.90")
    with pytest.raises(InvoiceNotDraftError):
        credit_adjustments(invoice=draft, actor="tests", now=LATER)
    # They count as billed: neither another correction nor a credit takes them back again.
    again(charged, ("12 09:00", "12 09:02", "toll"))
    assert not Invoice.objects.filter(state="draft").exists()
    assert credit(invoice).net == Decimal("-3.22")
    re_add(explain_invoice(note))
    assert disagreements() == {}


def test_a_draft_without_deductions_has_nothing_to_credit():
    draft = make_draft()
    with pytest.raises(CreditRefusedError):
        credit_adjustments(invoice=draft, actor="tests", now=LATER)


def test_what_changes_after_all_of_it_was_credited_waits_for_somebody():
    invoice = make_issued()
    credit(invoice)
    charged = again(Charge.objects.first(), ("12 09:00", "12 10:00", "toll"))
    assert charged.problem == "correction"
    assert not Invoice.objects.filter(state="draft").exists()
    assert Event.objects.filter(type="charge.correction_needed").count() == 1
    reissue(invoice=invoice, actor="tests", now=LATER)
    charged.refresh_from_db()
    assert charged.problem == ""
    assert InvoiceLine.objects.get(adjusts=invoice).net == Decimal("3.00")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_credit_more_than_is_left():
    invoice = make_issued()
    ready = threading.Barrier(4)
    outcomes = []

    def work():
        try:
            ready.wait(20)
            amounts = {("domestic", Decimal(21)): Decimal("1.50")}
            outcomes.append(credit(invoice, amounts=amounts).number)
        except CreditRefusedError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["R-2026-00001", "R-2026-00002", "refused", "refused"]
    assert InvoiceSeries.objects.get(kind="credit_note").next_number == 3
    assert balances(invoice)[0] == "3.64"
