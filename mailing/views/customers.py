"""A customer as mailing knows it: the letters and e-mails of mailings, each to be opened again."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from customers.models import Customer
from customers.selectors import customer_for
from mailing import selectors
from toolkit.access import require
from toolkit.htmx import is_fragment, render_page_or_fragment

RECENT: Final = 8
MOST: Final = 500


@require_safe
@require("customers.view_customer", "mailing.view_mailing")
def customer_letters(request: HttpRequest, number: str) -> HttpResponse:
    """Show the newest on the customer's page, all of them on a page of its own."""
    try:
        customer = customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    rows = selectors.letters_of(customer)
    count = RECENT if is_fragment(request) else MOST
    context = {"customer": customer, "rows": rows[:count], "count": rows.count()}
    return render_page_or_fragment(
        request, "mailing/customer_letters.html", "mailing/_customer_letters.html", context
    )
