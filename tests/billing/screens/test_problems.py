"""The queue of problems: each with its reason in plain words and the cure at hand."""

import pytest
from django.urls import reverse

from billing.models import Charge
from billing.services import credit_invoice
from tests.billing.world import charge, make_issued, make_vat_rate_once
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_leg,
    make_rate,
)
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

LIST = "/billing/problems/"


def page(client, **parameters):
    answer = client.get(LIST, parameters)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def orphan():
    return charge(make_conference(None, ("10 10:00", "10 10:10", "toll"), title=""))


def without_contract():
    return charge(make_conference(make_customer(), ("10 10:00", "10 10:10", "toll")))


def without_rate():
    customer = make_customer()
    contract = make_contract(customer)
    charged = charge(make_conference(customer, ("10 10:00", "10 10:10", "dial_out")))
    return charged, contract


def test_reasons_in_plain_words_with_their_cures(as_role):
    nobody, homeless = orphan(), without_contract()
    unpriced, contract = without_rate()
    text = page(as_role("administrator"))
    assert "A call of one participant in room" in text
    assert reverse("billing:problem_assign", args=[nobody.pk]) in text
    assert "The customer had no contract in force on that day" in text
    create = reverse("sales:contract_create")
    assert f"{create}?customer={homeless.customer.number}" in text
    assert f"Contract {contract.number} has no rate for one call" in text
    assert reverse("sales:rate_extend", args=[contract.number]) in text
    assert reverse("billing:problem_retry", args=[unpriced.pk]) in text
    assert "Dial-out" in text


def test_billing_is_told_what_only_sales_can_do(billing):
    without_contract()
    without_rate()
    text = page(billing)
    assert "Sales must put a contract in force." in text
    assert "Sales must agree a rate." in text
    assert reverse("sales:contract_create") not in text


def test_tabs_count_reasons(billing):
    orphan(), without_contract(), without_rate()
    tabs = {name: count for name, _label, count in billing.get(LIST).context["tabs"]}
    assert tabs == {
        "": 3,
        "no_customer": 1,
        "no_contract": 1,
        "unpriced_legs": 1,
        "bad_times": 0,
        "correction": 0,
        "estimated": 0,
    }
    seen = billing.get(LIST, {"problem": "no_contract"})
    assert [row.problem for row in seen.context["page"].rows] == ["no_contract"]


def test_bad_times_and_corrections_say_what_they_need(billing):
    customer = make_customer()
    make_contract(customer)
    charge(make_conference(customer, ("10 10:05", "10 10:00", "toll"), ("10 10:00", "10 10:09")))
    issued = make_issued(make_customer())
    credit_invoice(invoice=issued, reason="Otro cliente", actor="tests", now=NOW)
    conference = issued.lines.first().conference
    correct(conference, ("10 10:00", "10 10:59", "toll"))
    charge(conference)
    text = page(billing)
    assert "A call ended before it was answered" in text
    assert "after all that was billed of the conference was credited" in text
    assert reverse("billing:invoice_detail", args=[issued.pk]) in text


def test_estimated_times_are_a_tab_of_their_own(billing):
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("10 10:00", "10 10:05", "toll"))
    make_leg(conference, "10 10:00", "10 10:05", "toll", ended_how="poll")
    charge(conference)
    assert "Nothing waits here" in page(billing)
    text = page(billing, problem="estimated")
    assert "The bridge did not tell a time of one call" in text
    assert "/retry/" not in text


def test_trying_again_charges_what_has_a_rate_now(billing):
    unpriced, contract = without_rate()
    make_rate(contract, "dial_out", "0.20")
    retry = reverse("billing:problem_retry", args=[unpriced.pk])
    seen = billing.post(retry, follow=True).content.decode()
    assert "Charged. It stands on its invoice now." in seen
    assert Charge.objects.get().problem == ""


def test_trying_again_too_early_says_so(billing):
    homeless = without_contract()
    retry = reverse("billing:problem_retry", args=[homeless.pk])
    assert "It still waits" in billing.post(retry, follow=True).content.decode()
    assert Charge.objects.get().problem == "no_contract"


def test_an_orphan_is_given_to_its_customer_and_charged(billing):
    make_vat_rate_once()
    nobody = orphan()
    customer = make_customer()
    make_contract(customer)
    url = reverse("billing:problem_assign", args=[nobody.pk])
    assert customer.number in billing.get(url).content.decode()
    wrong = billing.post(url, {"customer": "C-99999"})
    assert "There is no customer of that number." in wrong.content.decode()
    assert Charge.objects.get().customer is None
    seen = billing.post(url, {"customer": f"{customer.number} {customer.name}"}, follow=True)
    assert "Charged." in seen.content.decode()
    charged = Charge.objects.get()
    assert (charged.customer, charged.problem) == (customer, "")
    assert charged.invoice.customer == customer
    twice = billing.post(url, {"customer": customer.number})
    assert twice.context["form"].non_field_errors()


def test_the_list_asks_as_much_however_long_it_is(billing, django_assert_max_num_queries):
    for _ in range(3):
        orphan(), without_contract(), without_rate()
    with django_assert_max_num_queries(12):
        page(billing)


def test_an_auditor_looks_and_cures_nothing(as_role):
    homeless, nobody = without_contract(), orphan()
    auditor = as_role("auditor")
    text = page(auditor)
    assert "/retry/" not in text
    assert reverse("billing:problem_assign", args=[nobody.pk]) not in text
    for url in (
        reverse("billing:problem_retry", args=[homeless.pk]),
        reverse("billing:problem_assign", args=[nobody.pk]),
    ):
        assert auditor.post(url, {"customer": homeless.customer.number}).status_code == 403
    assert Charge.objects.get(pk=nobody.pk).customer is None


@pytest.mark.parametrize("role", ["sales", "reservations", "mailing"])
def test_others_see_no_problems(as_role, role):
    assert as_role(role).get(LIST).status_code == 403
