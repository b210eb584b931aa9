"""The rates' screens: extend a rate from a day, the rate sheet of any day."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers.models import Customer
from customers.selectors import customer_for
from sales import selectors, services
from sales.forms.rates import RateExtensionForm, rate_initial
from sales.models import Contract
from toolkit.access import require
from toolkit.exports import download

from .contracts import SEE, contract_or_404

_SAID = ("access", "prefix", "valid_from")


@require(*SEE, "sales.extend_rate")
def rate_extend(request: HttpRequest, number: str) -> HttpResponse:
    """Agree a rate from a day on: first shown what changes, then done."""
    contract = contract_or_404(request, number)
    now = timezone.now()
    form = RateExtensionForm(request.POST or None, initial=_initial(request, contract, now))
    preview = None
    if request.method == "POST" and form.is_valid():
        rate = form.values()
        valid_from = rate.pop("valid_from")
        try:
            if "extend" in request.POST:
                services.extend_rate(
                    contract=contract,
                    rate=rate,
                    valid_from=valid_from,
                    actor=request.user,
                    now=now,
                )
                messages.success(request, _("The rate is agreed."))
                return redirect("sales:contract_detail", number=number)
            preview = services.preview_extension(
                contract=contract, rate=rate, valid_from=valid_from, now=now
            )
        except services.ContractInvalidError as error:
            form.refuse(error.faults)
        except services.ContractNotActiveError as error:
            messages.error(request, str(error))
            return redirect("sales:contract_detail", number=number)
    context = {"contract": contract, "form": form, "preview": preview}
    return render(request, "sales/rate_extend.html", context)


def _initial(request: HttpRequest, contract: Contract, now: dt.datetime) -> dict[str, object]:
    """Start with the rate that ``?rate=`` names, from tomorrow on.

    Or with what the address says of calls that wait for a rate: ``?access=`` ``prefix=``
    ``valid_from=``.
    """
    tomorrow = services.local_day(contract, now) + dt.timedelta(days=1)
    start: dict[str, object] = {"valid_from": max(tomorrow, contract.start)}
    asked = request.GET.get("rate", "")
    known = {str(rate.pk): rate for rate in selectors.rates_known(contract)}
    if asked in known:
        return {**rate_initial(known[asked]), "valid_to": None, **start}
    said = {name: request.GET[name] for name in _SAID if name in request.GET}
    return start | said


@require_safe
@require(*SEE, "customers.view_customer")
def rate_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Show the rates in force on ``?on=`` (today), or download them with ``&export=``."""
    customer = _customer_or_404(request, number)
    now = timezone.now()
    today = selectors.customer_today(customer, now)
    on = _day(request.GET.get("on", ""), today)
    kind = request.GET.get("export", "")
    if kind in services.CONTENT_TYPES:
        if not request.user.has_perm("sales.download_rates"):
            raise PermissionDenied
        file = services.download_rates(
            customer=customer, on=on, kind=kind, actor=request.user, now=now
        )
        return download(file.content, filename=file.filename, content_type=file.content_type)
    sheet = selectors.rate_sheet(customer=customer, on=on)
    context = {
        "customer": customer,
        "sheet": sheet,
        "today": today,
        "terms": selectors.terms_in_words(sheet.contract) if sheet.contract else {},
        "kinds": [(kind, kind.upper()) for kind in services.CONTENT_TYPES],
        "days": selectors.days_of_change(customer=customer),
    }
    return render(request, "sales/rate_sheet.html", context)


def _day(text: str, today: dt.date) -> dt.date:
    """Read a day; what is none means today: the page shows which day it is about."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return today


def _customer_or_404(request: HttpRequest, number: str) -> Customer:
    try:
        return customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
