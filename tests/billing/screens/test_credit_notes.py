"""Crediting on screens: seen before it is issued, once however often it is sent."""

import pytest
from django.urls import reverse

from billing.models import Charge, Invoice
from billing.services import charge_conference, credit_invoice
from integration.models import Event
from tests.billing.world import LATER, make_issued
from tests.factories.billing import NOW, correct, make_conference
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


def url(name, invoice):
    return reverse(f"billing:{name}", args=[invoice.pk])


def page(client, address, **parameters):
    answer = client.get(address, parameters)
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_nothing_is_issued_before_it_was_seen(billing):
    invoice = make_issued()
    credit = url("credit_note_create", invoice)
    assert credit in page(billing, url("invoice_detail", invoice))
    assert "All that is left" in page(billing, credit)
    given = {"reason": "Precio equivocado", "scope": "all", "seen": 0, "step": "preview"}
    answer = billing.post(credit, given)
    text = " ".join(answer.content.decode().split())
    assert (answer.status_code, answer.context["plan"].total) == (200, -invoice.total)
    assert "nothing is issued yet" in text
    assert not Invoice.objects.filter(kind="credit_note").exists()
    answer = billing.post(credit, given | {"step": "issue"})
    note = Invoice.objects.get(kind="credit_note")
    assert answer.headers["Location"] == url("invoice_detail", note)
    again = billing.post(credit, given | {"step": "issue"})
    assert again.context["form"].errors
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    seen = page(billing, url("invoice_detail", invoice))
    assert (note.number in seen, credit in seen) == (True, False)
    seen = page(billing, url("invoice_detail", note))
    assert "Rectifies" in seen
    assert "Record payment" not in seen
    listed = page(billing, reverse("billing:invoice_list"), status="credited")
    assert (invoice.number in listed, note.number in listed) == (True, False)


def test_lines_and_amounts_in_the_reader_s_numbers(billing):
    invoice = make_issued()
    first, second, *_others = invoice.lines.all()
    credit = url("credit_note_create", invoice)
    given = {"reason": "Rebaja", "scope": "lines", "seen": 0, "step": "preview"}
    part = {f"net_{first.pk}": "0.25", f"all_{second.pk}": "on"}
    plan = billing.post(credit, given | part).context["plan"]
    assert {line.credits_id: str(line.net) for line in plan.lines} == {
        first.pk: "-0.25",
        second.pk: f"-{second.net}",
    }
    amount = {"scope": "amount", "tax_0": "1.50"}
    assert str(billing.post(credit, given | amount).context["plan"].net) == "-1.50"
    for wrong in ({}, {f"net_{first.pk}": "9"}, {f"net_{first.pk}": "much"}):
        answer = billing.post(credit, given | wrong)
        assert answer.context["form"].errors
        assert answer.context["plan"] is None
    assert billing.post(credit, given | {"reason": ""}).context["form"].errors.keys() == {"reason"}
    assert not invoice.credit_notes.exists()


def test_an_invoice_is_drafted_anew_and_the_chain_is_shown_both_ways(billing):
    invoice = make_issued()
    credit_invoice(invoice=invoice, reason="Datos", actor="tests", now=LATER)
    reissue = url("invoice_reissue", invoice)
    assert reissue in page(billing, url("invoice_detail", invoice))
    draft_page = billing.post(reissue).headers["Location"]
    draft = Invoice.objects.get(replaces=invoice)
    assert draft_page == url("invoice_detail", draft)
    assert f'Replaces <a href="{url("invoice_detail", invoice)}"' in page(billing, draft_page)
    seen = page(billing, url("invoice_detail", invoice))
    assert (draft_page in seen, reissue in seen) == (True, False)
    billing.post(reissue)
    assert Invoice.objects.filter(replaces=invoice).count() == 1


def test_a_draft_below_zero_offers_credit_notes(billing):
    invoice = make_issued()
    charged = Charge.objects.first()
    correct(charged.conference, ("12 09:00", "12 09:02", "toll"))
    charge_conference(conference_id=charged.conference_id, now=LATER)
    draft = Invoice.objects.get(state="draft")
    credit = url("invoice_credit_adjustments", draft)
    text = page(billing, url("invoice_detail", draft))
    assert (credit in text, url("invoice_issue", draft) in text) == (True, False)
    assert "corrected" in text
    line = draft.lines.get()
    explained = page(billing, url("invoice_explain", draft), line=line.pk)
    assert "0.12" in explained
    assert "billed before" in explained
    billing.post(credit)
    note = invoice.credit_notes.get()
    assert note.net == line.net
    explained = page(billing, url("invoice_explain", note), line=note.lines.get().pk)
    assert "billed before" in explained
    assert billing.post(credit).status_code == 302
    assert invoice.credit_notes.count() == 1


def test_every_line_of_a_chain_is_explained(billing):
    invoice = make_issued()
    note = credit_invoice(invoice=invoice, reason="Datos", anew=True, actor="tests", now=LATER)
    draft = Invoice.objects.get(replaces=invoice)
    for one in (note, draft):
        for line in one.lines.all():
            assert invoice.number in page(billing, url("invoice_explain", one), line=line.pk)


def test_what_changed_after_all_was_credited_is_left(billing):
    invoice = make_issued()
    credit_invoice(invoice=invoice, reason="Datos", actor="tests", now=LATER)
    charged = Charge.objects.first()
    correct(charged.conference, ("12 09:00", "12 09:30", "toll"))
    charge_conference(conference_id=charged.conference_id, now=LATER)
    leave = reverse("billing:problem_leave", args=[charged.pk])
    assert leave in page(billing, reverse("billing:problem_list"))
    billing.post(leave)
    charged.refresh_from_db()
    assert charged.problem == ""
    assert Event.objects.filter(type="charge.left").count() == 1
    billing.post(leave)
    assert Event.objects.filter(type="charge.left").count() == 1


def test_who_may_not_credit_does_not_see_how(as_role):
    invoice = make_issued()
    auditor = as_role("auditor")
    credit = url("credit_note_create", invoice)
    assert credit not in page(auditor, url("invoice_detail", invoice))
    assert auditor.get(credit).status_code == 403
    for name in ("invoice_reissue", "invoice_credit_adjustments"):
        assert auditor.post(url(name, invoice)).status_code == 403
    assert not invoice.credit_notes.exists()


def test_the_form_asks_as_much_however_many_lines(billing, django_assert_max_num_queries):
    invoice = make_issued()
    with django_assert_max_num_queries(22):
        page(billing, url("credit_note_create", invoice))
    customer = make_customer()
    for day in range(1, 20):
        conference = make_conference(customer, (f"{day} 10:00", f"{day} 10:10", "toll"))
        charge_conference(conference_id=conference.pk, now=NOW)
    longer = make_issued(customer)
    with django_assert_max_num_queries(22):
        page(billing, url("credit_note_create", longer))
