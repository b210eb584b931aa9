"""The bank's transactions: upload a file, confirm what is suggested, or say otherwise."""

from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services
from billing.filters import BankTransactionFilter
from billing.forms import AssignPartsForm, BankFileForm
from billing.models import BankFile, BankTransaction, Collection, Payment
from billing.selectors.matching import Suggestion, open_invoices, suggestions
from billing.services.mandates import assign_collection
from customers.models import Customer
from customers.selectors import search_customers
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

from .invoices import SEE

LOOK: Final = (*SEE, "billing.view_banktransaction")
RECEIVE: Final = (*LOOK, "billing.receive_money")
_COLUMNS: Final = {"booked": Column("booked_on"), "amount": Column("amount")}
_ON_A_PAGE: Final = 40
_CHOICES_SHOWN: Final = 100
_FILES_SHOWN: Final = 5
# Why a suggestion is made, by the codes of ``selectors.matching``.
REASONS: Final = {
    "invoice_number": gettext_lazy("number of the invoice"),
    "customer_number": gettext_lazy("number of the customer"),
    "account": gettext_lazy("account that paid before"),
    "name": gettext_lazy("name"),
    "amount": gettext_lazy("amount"),
    "debit_reference": gettext_lazy("reference of the debit"),
    "collection": gettext_lazy("file of direct debits"),
}


@require_safe
@require(*LOOK)
def transaction_list(request: HttpRequest) -> HttpResponse:
    """List the bank's transactions, each open one with what it is probably for."""
    everything = BankTransaction.objects.select_related("customer")
    parameters = request.GET.copy()
    parameters.setdefault("status", BankTransaction.State.OPEN)
    filters = BankTransactionFilter(parameters, queryset=everything, request=request)
    page = keyset_page(
        filters.qs, request.GET, columns=_COLUMNS, default="-booked", size=_ON_A_PAGE
    )
    counts = dict(everything.order_by().values_list("state").annotate(Count("pk")))
    found = suggestions(page.rows)
    context = {
        "filter": filters,
        "page": page,
        "rows": [(row, _shown(found.get(row.pk))) for row in page.rows],
        "tabs": [
            ("" if state == BankTransaction.State.OPEN else state, label, counts.get(state, 0))
            for state, label in BankTransaction.State.choices
        ],
        "files": BankFile.objects.defer("content")[:_FILES_SHOWN],
    }
    return render_page_or_fragment(
        request, "billing/receivables_bank.html", "billing/_receivables_bank_rows.html", context
    )


def _shown(suggestion: Suggestion | None) -> dict[str, Any] | None:
    if suggestion is None:
        return None
    return {"it": suggestion, "reasons": [REASONS[code] for code in suggestion.reasons]}


@require_http_methods(["GET", "HEAD", "POST"])
@require(*RECEIVE)
def bank_upload(request: HttpRequest) -> HttpResponse:
    """Take in a file of the bank."""
    form = BankFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            file = services.import_bank_file(
                name=upload.name, content=upload.read(), actor=request.user, now=timezone.now()
            )
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            text = ngettext(
                "One transaction of %(read)d is new.",
                "%(new)d transactions of %(read)d are new.",
                file.transactions_new,
            )
            known = {"new": file.transactions_new, "read": file.transactions_read}
            messages.success(request, text % known)
            return redirect("billing:transaction_list")
    return render(request, "billing/receivables_upload.html", {"form": form})


@require_safe
@require(*LOOK)
def transaction_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a transaction and what it was for; where it is open, the suggestion is filled in."""
    return _detail(request, _transaction_or_404(pk))


@require_POST
@require(*RECEIVE)
def transaction_match(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which invoices a transaction is for, as chosen on its page."""
    return _detail(request, _transaction_or_404(pk))


def _detail(request: HttpRequest, transaction: BankTransaction) -> HttpResponse:
    suggestion = suggestions([transaction]).get(transaction.pk)
    words = request.GET.get("q", "").strip()
    form = AssignPartsForm(
        request.POST if request.method == "POST" else None,
        transaction=transaction,
        invoices=list(_choices(transaction, suggestion, words)),
        suggestion=suggestion,
    )
    if form.is_bound and form.is_valid():
        try:
            _assign(request, transaction, form)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Matched."))
            return redirect("billing:transaction_list")
    may_assign = request.user.has_perm("billing.receive_money")
    is_open = transaction.state == BankTransaction.State.OPEN
    context = {
        "transaction": transaction,
        "suggestion": _shown(suggestion),
        "form": form,
        "q": words,
        "payments": transaction.payments.select_related("invoice__customer"),
        "credit_entries": transaction.credit_entries.select_related("customer"),
        "may_assign": may_assign and is_open,
        "may_reopen": may_assign and not is_open,
    }
    return render(request, "billing/receivables_transaction.html", context)


def _assign(request: HttpRequest, transaction: BankTransaction, form: AssignPartsForm) -> None:
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    if transaction.amount < 0:
        customer = form.cleaned_data["customer"]
        services.assign_refund(transaction=transaction, customer=customer, **who)
        return
    services.assign_transaction(
        transaction=transaction,
        parts=form.parts,
        credit_to=form.cleaned_data["customer"],
        **who,
    )


def _choices(
    transaction: BankTransaction, suggestion: Suggestion | None, words: str
) -> QuerySet[Any]:
    """Return the open invoices to choose from: of whom is searched for, else of who is likely."""
    found: QuerySet[Any] = open_invoices(currencies=[transaction.currency])
    if words:
        named = found.filter(number__icontains=words)
        people = search_customers(Customer.objects.all(), words)
        return (named | found.filter(customer__in=people))[:_CHOICES_SHOWN]
    if suggestion and suggestion.customer:
        return found.filter(customer=suggestion.customer)[:_CHOICES_SHOWN]
    return found.filter(balance=transaction.amount)[:_CHOICES_SHOWN]


@require_POST
@require(*RECEIVE)
def transaction_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what was suggested, exactly as it stood on the screen."""
    transaction = _transaction_or_404(pk)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    try:
        _confirm(request, transaction, who)
    except (DomainError, ArithmeticError, ValueError, LookupError) as error:
        text = str(error) if isinstance(error, DomainError) else _("This is no suggestion of ours.")
        messages.error(request, text)
    except (Payment.DoesNotExist, Collection.DoesNotExist, Customer.DoesNotExist):
        messages.error(request, _("This is no suggestion of ours."))
    else:
        messages.success(request, _("Matched."))
    return redirect("billing:transaction_list")


def _confirm(request: HttpRequest, transaction: BankTransaction, who: dict[str, Any]) -> None:
    given = request.POST
    if given.get("returned"):
        payment = Payment.objects.get(pk=int(given["returned"]))
        services.assign_return(transaction=transaction, payment=payment, **who)
    elif given.get("collection"):
        collection = Collection.objects.get(pk=int(given["collection"]))
        assign_collection(transaction=transaction, collection=collection, **who)
    elif given.get("refund"):
        customer = Customer.objects.get(number=given["refund"])
        services.assign_refund(transaction=transaction, customer=customer, **who)
    else:
        pairs = (part.split(":") for part in given.getlist("part"))
        parts = {int(invoice): Decimal(amount) for invoice, amount in pairs}
        number = given.get("credit", "")
        services.assign_transaction(
            transaction=transaction,
            parts=parts,
            credit_to=Customer.objects.get(number=number) if number else None,
            **who,
        )


@require_POST
@require(*RECEIVE)
def transaction_set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a transaction has nothing to do with customers."""
    transaction = _transaction_or_404(pk)
    try:
        services.set_transaction_aside(
            transaction=transaction,
            reason=request.POST.get("reason", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("billing:transaction_detail", pk=pk)
    messages.success(request, _("Set aside."))
    return redirect("billing:transaction_list")


@require_POST
@require(*RECEIVE)
def transaction_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was said of a transaction."""
    try:
        services.reopen_transaction(
            transaction=_transaction_or_404(pk), actor=request.user, now=timezone.now()
        )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back. Say now what it is for."))
    return redirect("billing:transaction_detail", pk=pk)


def _transaction_or_404(pk: int) -> BankTransaction:
    try:
        return (
            BankTransaction.objects.select_related("file", "customer")
            .defer("file__content")
            .get(pk=pk)
        )
    except BankTransaction.DoesNotExist as error:
        raise Http404 from error
