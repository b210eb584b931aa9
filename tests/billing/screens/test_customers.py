"""A customer as billing shows it to others: the figures of a month, the latest invoices."""

import pytest
from django.urls import reverse

from integration.models import Event
from tests.billing.world import make_draft, make_issued, pay
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def figures_of(customer):
    return reverse("billing:customer_figures", args=[customer.number])


def test_a_salesperson_asks_and_it_is_recorded(as_role, django_assert_max_num_queries):
    invoice = make_issued()
    pay(invoice, "1.54")
    sales = as_role("sales")
    with django_assert_max_num_queries(18):
        answer = sales.get(figures_of(invoice.customer), {"period": "2026-11"}, headers=HTMX)
    text = " ".join(answer.content.decode().split())
    assert "<html" not in text
    for shown in ("€4.54", "€1.54", "€3.00", "November 2026"):
        assert shown in text
    assert "/billing/invoices/" not in text  # sales sees no invoices
    event = Event.objects.get(type="figures.requested")
    assert (event.actor, event.customer_number) == (
        answer.wsgi_request.user.get_username(),
        invoice.customer.number,
    )
    assert event.data == {"period": "2026-11"}


def test_without_htmx_it_is_a_page(billing):
    customer = make_draft().customer
    text = billing.get(figures_of(customer)).content.decode()
    assert "<html" in text
    assert 'id="figures"' in text


def test_other_months_are_one_step_away(billing):
    customer = make_issued().customer
    seen = billing.get(figures_of(customer), {"period": "2026-10"})
    assert (str(seen.context["before"]), str(seen.context["after"])) == ("2026-09", "2026-11")
    assert seen.context["figures"].conferences == 0
    for wrong in ("2026-13", "soon"):
        assert billing.get(figures_of(customer), {"period": wrong}).status_code == 404


@pytest.mark.parametrize("role", ["reservations", "mailing"])
def test_others_get_no_figures_and_leave_no_trace(as_role, role):
    customer = make_draft().customer
    assert as_role(role).get(figures_of(customer)).status_code == 403
    assert not Event.objects.filter(type="figures.requested").exists()


def test_the_latest_invoices_of_a_customer(billing):
    invoice = make_issued()
    make_draft(make_customer(legal_name="Zinc, S.L."))
    url = reverse("billing:customer_invoices", args=[invoice.customer.number])
    text = billing.get(url, headers=HTMX).content.decode()
    assert "<html" not in text
    assert invoice.number in text
    assert "€4.54" in text
    assert f"?customer={invoice.customer.number}" in text
    assert "<html" in billing.get(url).content.decode()
    nobody = reverse("billing:customer_invoices", args=[make_customer().number])
    assert "No invoices yet" in billing.get(nobody).content.decode()
    assert billing.get("/billing/customers/C-99999/invoices/").status_code == 404


def test_sales_sees_no_invoices_of_a_customer(as_role):
    invoice = make_issued()
    url = reverse("billing:customer_invoices", args=[invoice.customer.number])
    assert as_role("sales").get(url).status_code == 403
