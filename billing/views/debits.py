"""Direct debits: files for the bank, by the day of collection."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms import CollectionForm
from billing.models import Collection
from billing.selectors.mandates import collectable
from billing.services.mandates import cancel_collection, prepare_collection
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.exports import download
from toolkit.tables import Column, keyset_page

from .invoices import SEE

LOOK: Final = (*SEE, "billing.view_collection")
COLLECT: Final = (*LOOK, "billing.collect")
_SHOWN: Final = 200


@require_safe
@require(*LOOK)
def debit_list(request: HttpRequest) -> HttpResponse:
    """List the files, the last day first."""
    page = keyset_page(
        Collection.objects.defer("content"),
        request.GET,
        columns={"day": Column("collect_on")},
        default="-day",
    )
    return render(request, "billing/receivables_debits.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@require(*COLLECT)
def debit_create(request: HttpRequest) -> HttpResponse:
    """Choose a day, look at what can be debited, write the file."""
    form = CollectionForm(request.POST or (request.GET if "collect_on" in request.GET else None))
    found = []
    if form.is_bound and form.is_valid():
        found = list(collectable(**form.cleaned_data)[:_SHOWN])
        if request.method == "POST":
            try:
                prepare_collection(
                    **form.cleaned_data,
                    chosen=[int(pk) for pk in request.POST.getlist("invoice") if pk.isdecimal()],
                    actor=request.user,
                    now=timezone.now(),
                )
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("The file is ready for the bank."))
                return redirect("billing:debit_list")
    return render(request, "billing/receivables_debit_form.html", {"form": form, "found": found})


@require_safe
@require(*COLLECT)
def debit_file(_request: HttpRequest, pk: int) -> HttpResponse:
    """Download the file for the bank."""
    collection = _collection_or_404(pk)
    return download(
        bytes(collection.content),
        filename=f"{collection.reference}.xml",
        content_type="application/xml",
    )


@require_POST
@require(*COLLECT)
def debit_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a file was not given to the bank."""
    try:
        cancel_collection(collection=_collection_or_404(pk), actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Cancelled: its invoices are free again."))
    return redirect("billing:debit_list")


def _collection_or_404(pk: int) -> Collection:
    try:
        return Collection.objects.get(pk=pk)
    except Collection.DoesNotExist as error:
        raise Http404 from error
