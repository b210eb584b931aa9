"""The invoices' screens: found, summed up, read, exported, issued, paid; each by whom it is for."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from openpyxl import load_workbook

from billing.models import Invoice, InvoiceLine, Payment
from billing.services import charge_conference
from integration.models import Event
from tests.billing.world import charge, make_draft, make_issued, make_issuer_once, pay
from tests.factories.billing import NOW, make_conference, make_contract, make_leg
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

LIST = "/billing/invoices/"
HTMX = {"HX-Request": "true"}
PLAIN = str.maketrans({"\N{MULTIPLICATION SIGN}": "x", "\N{MINUS SIGN}": "-"})


def page(client, path, **parameters):
    answer = client.get(path, parameters)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def detail(invoice):
    return reverse("billing:invoice_detail", args=[invoice.pk])


def in_all_states():
    """One of each: draft, open, paid, overdue."""
    issued = [make_issued(make_customer()) for _ in range(3)]
    pay(issued[0], "4.54")
    today = dt.datetime.now(dt.UTC).date()
    for invoice, days in zip(issued, (9, 9, -9), strict=True):
        set_due(invoice, today + dt.timedelta(days=days))
    return [make_draft(make_customer()), *issued]


def set_due(invoice, day):
    """Move a due date although the database forbids it: time is what passes in real life."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE billing_invoice SET due_on = %s WHERE id = %s", [day, invoice.pk])
        cursor.execute("SET session_replication_role = DEFAULT")


# --- the list -------------------------------------------------------------------------------------
def test_tabs_count_states_and_the_foot_sums_the_whole_filter(billing):
    in_all_states()
    seen = billing.get(LIST)
    assert {name: count for name, _label, count in seen.context["tabs"]} == {
        "": 4,
        "draft": 1,
        "open": 1,
        "paid": 1,
        "overdue": 1,
        "credited": 0,
        "issued": 0,
    }
    (total,) = seen.context["totals"]
    assert (total.count, total.net, total.total) == (4, Decimal(15), Decimal("18.16"))
    assert total.balance == Decimal("9.08")
    overdue = billing.get(LIST, {"status": "overdue"})
    assert [row.status for row in overdue.context["page"].rows] == ["overdue"]
    assert overdue.context["count"] == 1
    # The tabs go on counting what the rest of the filter lets pass.
    assert overdue.context["tabs"][0][2] == 4


def test_currencies_are_never_added_up(billing):
    make_draft(make_customer())
    make_draft(make_customer(), currency="CLP", fees={"setup": "1000"})
    totals = billing.get(LIST).context["totals"]
    assert [(one.currency, one.count, one.net) for one in totals] == [
        ("CLP", 1, Decimal(2002)),
        ("EUR", 1, Decimal("3.75")),
    ]


def test_filters_stand_in_the_address(billing):
    wanted = make_issued(make_customer(legal_name="Café Ortúzar, S.A."))
    make_draft(make_customer(legal_name="Zinc, S.L."))

    def found(**parameters):
        return [row.pk for row in billing.get(LIST, parameters).context["page"].rows]

    for parameters in (
        {"q": "ortuzar cafe"},
        {"q": "F-2026"},
        {"customer": wanted.customer.number},
        {"contract": wanted.contract.number},
        {"issued_after": "2026-11-24", "issued_before": "2026-11-24"},
        {"due_after": "2026-12-24"},
    ):
        assert found(**parameters) == [wanted.pk], parameters
    assert found(period="2026-10") == []
    assert len(found(period="2026-11", currency="EUR", total_min="4.54")) == 2
    assert len(found(status="nonsense", sort="nonsense", cursor="nonsense")) == 2


def test_a_fragment_for_htmx(billing):
    make_draft()
    fragment = billing.get(LIST, headers=HTMX).content.decode()
    assert "<html" not in fragment
    assert "Café Ortúzar" in fragment


def test_the_list_asks_as_much_however_long_it_is(billing, django_assert_max_num_queries):
    in_all_states()
    with django_assert_max_num_queries(12):
        page(billing, LIST)


def test_nothing_yet(billing):
    assert "No invoices yet" in page(billing, LIST)
    assert "Nothing matches" in page(billing, LIST, status="paid")


def test_exports_hold_the_whole_filter(billing):
    draft, paid, *_others = in_all_states()
    csv = billing.get(f"{LIST}export.csv", {"status": "paid"})
    assert csv.headers["Content-Type"].startswith("text/csv")
    head, row = b"".join(csv).decode("utf-8-sig").splitlines()
    assert head.startswith("Number,Status,Customer number")
    assert row.startswith(f"{paid.number},Paid,{paid.customer.number}")
    assert row.endswith(",EUR,3.75,0.79,4.54,4.54,0.00,0.00,,")
    xlsx = billing.get(f"{LIST}export.xlsx")
    rows = list(load_workbook(io.BytesIO(b"".join(xlsx))).active.values)
    assert len(rows) == 5
    assert [row[0] for row in rows[1:]].count(None) == 1
    assert draft.customer.number in {row[2] for row in rows[1:]}
    assert billing.get(f"{LIST}export.doc").status_code == 404


# --- one invoice ----------------------------------------------------------------------------------
def test_each_conference_leads_to_the_call_the_rates_and_the_reason(billing):
    invoice = make_issued()
    text = page(billing, detail(invoice))
    for line in invoice.lines.all():
        assert reverse("conferencing:conference_detail", args=[line.conference_id]) in text
        assert f"{reverse('billing:invoice_explain', args=[invoice.pk])}?line={line.pk}" in text
    rates = reverse("sales:rate_sheet", args=[invoice.customer.number])
    assert f"{rates}?on=2026-11-10" in text
    assert reverse("sales:contract_detail", args=[invoice.contract.number]) in text
    assert "€4.54" in text
    assert "PRJ-7" in text


def test_the_day_of_the_rates_is_the_contract_s_own(billing):
    customer = make_customer()
    make_contract(customer, timezone="Asia/Tokyo")
    charged = charge(make_conference(customer, ("10 16:00", "10 16:10", "toll")))
    assert "?on=2026-11-11" in page(billing, detail(charged.invoice))


def test_a_long_invoice_is_shown_in_pages(billing, monkeypatch):
    monkeypatch.setattr("billing.views.invoices.LINES_ON_A_PAGE", 3)
    invoice = make_draft()
    first = billing.get(detail(invoice))
    assert len(first.context["lines"].rows) == 3
    second = billing.get(detail(invoice), {"lines": first.context["lines"].next_cursor})
    seen = [line.pk for one in (first, second) for line in one.context["lines"].rows]
    assert sorted(seen) == sorted(InvoiceLine.objects.values_list("pk", flat=True))


def test_the_detail_asks_as_much_however_long_it_is(billing, django_assert_max_num_queries):
    invoice = make_issued()
    pay(invoice, "1")
    with django_assert_max_num_queries(23):  # four of them: how its money is being collected
        page(billing, detail(invoice))
    for day in range(13, 19):
        charge(make_conference(invoice.customer, (f"{day} 10:00", f"{day} 10:10", "toll")))
    draft = Invoice.objects.get(state="draft")
    with django_assert_max_num_queries(24):  # what keeps it from being issued is looked up, too
        page(billing, detail(draft))


def test_estimated_times_and_problems_are_flagged(billing):
    draft = make_draft()
    customer = draft.customer
    conference = make_conference(customer, ("14 10:00", "14 10:05", "dial_out"))
    make_leg(conference, "14 10:00", "14 10:05", "toll", ended_how="poll")
    charge(conference)
    text = page(billing, detail(draft))
    assert "Estimated" in text
    assert "One conference of this draft is not wholly priced" in text
    assert f"{reverse('billing:problem_list')}?customer={customer.number}" in text


def test_calls_are_a_file(billing):
    invoice = make_issued()
    answer = billing.get(f"{detail(invoice)}calls.csv")
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert lines[1].split(",")[-2:] == ["0.600000", "EUR"]
    assert sum(Decimal(line.split(",")[-2]) for line in lines[1:]) == Decimal("1.25")
    assert invoice.number in answer.headers["Content-Disposition"]


@pytest.mark.pango
def test_the_pdf_opens(billing):
    invoice = make_issued()
    answer = billing.get(reverse("billing:invoice_pdf", args=[invoice.pk]))
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert "no-store" in answer.headers["Cache-Control"]


# --- issue ----------------------------------------------------------------------------------------
def test_a_draft_is_issued_by_a_button(billing):
    make_issuer_once()
    draft = make_draft()
    issue = reverse("billing:invoice_issue", args=[draft.pk])
    assert f'action="{issue}"' in page(billing, detail(draft))
    seen = billing.post(issue, follow=True)
    assert "Issued as F-2026-00001" in seen.content.decode()
    issued = Invoice.objects.get()
    assert (issued.state, issued.number) == ("issued", "F-2026-00001")
    assert f'action="{issue}"' not in page(billing, detail(draft))
    again = billing.post(issue, follow=True).content.decode()
    assert "is issued: it never changes" in again
    assert Event.objects.filter(type="invoice.issued").count() == 1


def test_what_is_in_the_way_is_said_with_its_cure(as_role):
    draft = make_draft()
    issue = reverse("billing:invoice_issue", args=[draft.pk])
    text = page(as_role("billing"), detail(draft))
    assert "No invoice can be issued before the company" in text
    assert "Ask an administrator" in text
    assert f'action="{issue}"' not in text
    administrator = as_role("administrator")
    assert f'href="{reverse("settings:issuer")}"' in page(administrator, detail(draft))
    refused = administrator.post(issue, follow=True).content.decode()
    assert "Fill in the settings of the issuer" in refused
    assert Invoice.objects.get().number is None


def test_a_missing_vat_rate_is_said(as_role):
    make_issuer_once()
    customer = make_customer()
    make_contract(customer, vat_category="igic")
    conference = make_conference(customer, ("10 10:00", "10 10:10", "toll"))
    draft = charge_conference(conference_id=conference.pk, now=NOW).invoice
    text = page(as_role("administrator"), detail(draft))
    assert "There is no VAT rate for “IGIC (Canary Islands)”" in text
    assert f'href="{reverse("settings:vat")}"' in text


# --- payments -------------------------------------------------------------------------------------
def test_a_payment_is_recorded_and_the_rest_proposed(billing):
    invoice = make_issued()
    url = reverse("billing:payment_create", args=[invoice.pk])
    body = {"amount": "1.54", "paid_on": "2026-11-24", "method": "transfer", "reference": "T-1"}
    assert billing.post(url, body).headers["Location"] == detail(invoice)
    assert Payment.objects.get().amount == Decimal("1.54")
    text = page(billing, detail(invoice))
    assert "T-1" in text
    assert "€3.00" in text
    assert 'value="3.000"' in text or 'value="3.00"' in text


def test_too_much_is_refused_and_what_was_typed_stays(billing):
    invoice = make_issued()
    url = reverse("billing:payment_create", args=[invoice.pk])
    seen = billing.post(url, {"amount": "5", "paid_on": "2026-11-24", "method": "transfer"})
    assert "Only 4.54 EUR of the invoice are still to be paid" in seen.content.decode()
    assert 'value="5"' in seen.content.decode()
    wrong = billing.post(url, {"amount": "x", "paid_on": "", "method": "gold"})
    assert set(wrong.context["form"].errors) == {"amount", "paid_on", "method"}
    assert not Payment.objects.exists()


# --- explanation ----------------------------------------------------------------------------------
def test_an_amount_opens_down_to_its_rate(billing):
    invoice = make_issued()
    url = reverse("billing:invoice_explain", args=[invoice.pk])
    line = invoice.lines.filter(kind="usage:toll").first()
    text = page(billing, url, line=line.pk)
    assert "600 s x 0.06 ÷ 60" in text.translate(PLAIN)
    assert f"{invoice.contract.number} version 1, since 2026-01-01" in text
    assert "Sum of 1 calls" not in text
    assert reverse("conferencing:conference_detail", args=[line.conference_id]) in text
    setup = invoice.lines.filter(kind="setup").first()
    assert "€1.25 = <strong>€1.25</strong>" in page(billing, url, line=setup.pk)
    assert reverse("invoice-explain", args=[invoice.pk]) in text
    other = make_draft(make_customer()).lines.first()
    for nothing in (other.pk, "x", "0"):
        assert billing.get(url, {"line": nothing}).status_code == 404


def test_fees_of_the_month_are_explained(billing):
    invoice = make_draft(monthly_fee=Decimal(30), commitment=Decimal(100))
    url = reverse("billing:invoice_explain", args=[invoice.pk])
    fee, shortfall = (
        invoice.lines.get(kind=kind) for kind in ("monthly_fee", "commitment_shortfall")
    )
    text = page(billing, url, line=fee.pk).translate(PLAIN)
    assert "€30.00 x 30 ÷ 30 days = <strong>€30.00</strong>" in text
    text = page(billing, url, line=shortfall.pk).translate(PLAIN)
    assert "€100.00 x 30 ÷ 30 days - €3.75 of conferences = <strong>€96.25</strong>" in text


# --- who may --------------------------------------------------------------------------------------
READ = ("invoice_list", "invoice_detail", "invoice_pdf", "invoice_explain")


@pytest.mark.parametrize("role", ["sales", "reservations", "mailing"])
def test_other_departments_see_no_invoices(as_role, role):
    invoice = make_issued()
    client = as_role(role)
    for name in READ:
        arguments = [] if name == "invoice_list" else [invoice.pk]
        assert client.get(reverse(f"billing:{name}", args=arguments)).status_code == 403
    for path in (f"{LIST}export.csv", f"{detail(invoice)}calls.csv"):
        assert client.get(path).status_code == 403
    for name in ("invoice_issue", "payment_create"):
        answer = client.post(reverse(f"billing:{name}", args=[invoice.pk]), {"amount": "1"})
        assert answer.status_code == 403
    assert not Payment.objects.exists()


def test_an_auditor_reads_and_changes_nothing(as_role):
    make_issuer_once()
    draft = make_draft()
    auditor = as_role("auditor")
    text = page(auditor, detail(draft))
    assert "Issue it?" not in text
    for name in ("invoice_issue", "payment_create"):
        assert auditor.post(reverse(f"billing:{name}", args=[draft.pk])).status_code == 403
    assert Invoice.objects.get().state == "draft"


def test_strangers_are_sent_to_the_log_in(client):
    assert client.get(LIST).headers["Location"].startswith("/accounts/login/")


def test_reading_changes_nothing_and_issuing_needs_a_post(billing):
    make_issuer_once()
    draft = make_draft()
    assert billing.get(reverse("billing:invoice_issue", args=[draft.pk])).status_code == 405
    assert billing.get(f"{LIST}999999/").status_code == 404
    assert Invoice.objects.get().state == "draft"
