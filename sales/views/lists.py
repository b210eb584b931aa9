"""Lists of customers: saved from a filter, from ticked rows or from a file; looked at, renamed."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.filters import CustomerFilter
from customers.models import Customer, CustomerList, SavedView
from customers.selectors import (
    NumbersRead,
    customers_of_list,
    customers_visible_to,
    list_for,
    lists_visible_to,
    read_customer_numbers,
    views_for,
)
from customers.services import (
    EmptyListError,
    NotYourViewError,
    UnknownCustomersError,
    delete_list,
    delete_view,
    rename_list,
    save_list,
    save_view,
)
from sales.forms.lists import ImportForm, ListForm, ViewForm
from toolkit.access import require
from toolkit.htmx import render_page_or_fragment
from toolkit.tables import Column, keyset_page

if TYPE_CHECKING:
    from django.contrib.auth.models import User

COLUMNS = {"name": Column("name"), "created": Column("created_at")}
MEMBERS = {"name": Column("sort_key"), "number": Column("number")}
SHOWN = 12
TOLD = 100
WRITE = ("mailing.view_mailing", "mailing.add_mailing")
CUSTOMERS = "customers"
"""The key of saved views of the customers' list."""


@require_safe
@require("customers.view_customer", "customers.view_customerlist")
def list_list(request: HttpRequest) -> HttpResponse:
    """List the saved lists, newest first."""
    page = keyset_page(
        lists_visible_to(request.user), request.GET, columns=COLUMNS, default="-created"
    )
    return render_page_or_fragment(
        request, "sales/list_list.html", "sales/_list_rows.html", {"page": page}
    )


@require("customers.view_customer", "customers.add_customerlist")
def list_create(request: HttpRequest) -> HttpResponse:
    """Freeze the customers named in the address (``number=``), or all of the filter in it.

    With ``then=write`` a mailing to them begins.
    """
    to_write = request.GET.get("then") == "write" and request.user.has_perms(WRITE)
    day = date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT")
    initial = {"name": _("Selection of %(day)s") % {"day": day}}
    form = ListForm(request.POST or None, initial=initial)
    chosen = _chosen(request)
    if request.method == "POST" and form.is_valid():
        asked = request.GET.getlist("number")
        numbers = asked or list(chosen.values_list("number", flat=True))
        if saved := _saved(request, form, CustomerList.Origin.HAND, numbers):
            if to_write:
                return redirect(f"{reverse('mailing:mailing_new')}?list={saved.pk}")
            return redirect("sales:list_detail", pk=saved.pk)
    context = {
        "form": form,
        "count": chosen.count(),
        "chosen": chosen[:SHOWN],
        "to_write": to_write,
    }
    return render(request, "sales/list_form.html", context)


def _chosen(request: HttpRequest) -> QuerySet[Customer]:
    visible = customers_visible_to(request.user).order_by("sort_key", "pk")
    if numbers := request.GET.getlist("number"):
        return visible.filter(number__in=numbers)
    filters = CustomerFilter(request.GET, queryset=visible)
    # A filter that can't be read would let everybody pass.
    return filters.qs if filters.is_valid() else visible.none()


def _saved(
    request: HttpRequest, form: ListForm, origin: str, numbers: list[str]
) -> CustomerList | None:
    try:
        saved = save_list(
            name=form.cleaned_data["name"],
            origin=origin,
            numbers=numbers,
            actor=request.user,
            now=timezone.now(),
        )
    except (EmptyListError, UnknownCustomersError) as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, _("The list “%(name)s” is saved.") % {"name": saved.name})
    return saved


@require("customers.view_customer", "customers.add_customerlist")
def list_import(request: HttpRequest) -> HttpResponse:
    """Freeze the customers of a file; rows that name none are shown before anything is saved."""
    form = ImportForm(request.POST or None, request.FILES or None)
    read = NumbersRead()
    if request.method == "POST" and form.is_valid():
        read = read_customer_numbers(form.cleaned_data["file"] or form.cleaned_data["text"])
        if read.bad:
            # What is right is put into the text: sending it again saves just that.
            kept = {"name": form.cleaned_data["name"], "text": "\n".join(read.numbers)}
            form = ImportForm(initial=kept)
        elif saved := _saved(request, form, CustomerList.Origin.IMPORT, read.numbers):
            return redirect("sales:list_detail", pk=saved.pk)
    context = {"form": form, "read": read, "told": read.bad[:TOLD]}
    return render(request, "sales/list_import.html", context)


@require_safe
@require("customers.view_customer", "customers.view_customerlist")
def list_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the customers of a list as they are today."""
    saved = _list_or_404(request, pk)
    members = customers_of_list(saved) & customers_visible_to(request.user)
    page = keyset_page(
        members.select_related("account_manager"), request.GET, columns=MEMBERS, default="name"
    )
    context = {
        "saved": saved,
        "page": page,
        "form": ListForm(initial={"name": saved.name}),
    }
    return render_page_or_fragment(
        request, "sales/list_detail.html", "sales/_list_members.html", context
    )


@require_POST
@require("customers.view_customer", "customers.view_customerlist", "customers.change_customerlist")
def list_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a list another name."""
    saved = _list_or_404(request, pk)
    form = ListForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        rename_list(saved=saved, name=name, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A list needs a name of at most 120 characters."))
    return redirect("sales:list_detail", pk=pk)


@require_POST
@require("customers.view_customer", "customers.view_customerlist", "customers.delete_customerlist")
def list_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a list; its customers stay."""
    saved = _list_or_404(request, pk)
    delete_list(saved=saved, actor=request.user, now=timezone.now())
    messages.success(request, _("The list “%(name)s” is gone.") % {"name": saved.name})
    return redirect("sales:list_list")


def _list_or_404(request: HttpRequest, pk: int) -> CustomerList:
    try:
        return list_for(request.user, pk)
    except CustomerList.DoesNotExist as error:
        raise Http404 from error


@require("customers.view_customer")
def view_list(request: HttpRequest) -> HttpResponse:
    """Keep the filter of the customers' list in the address under a name; show the kept ones."""
    form = ViewForm(request.POST or None)
    query = _query(request)
    if request.method == "POST" and form.is_valid():
        view = save_view(
            user=cast("User", request.user),
            list_key=CUSTOMERS,
            query=query,
            now=timezone.now(),
            **form.cleaned_data,
        )
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
        return redirect(f"{reverse('sales:customer_list')}?{view.query}")
    filters = CustomerFilter(request.GET, queryset=Customer.objects.none())
    context = {
        "form": form,
        "query": query,
        "chips": [field for field in filters.form if field.value()],
        "views": views_for(request.user, CUSTOMERS),
    }
    return render(request, "sales/view_list.html", context)


def _query(request: HttpRequest) -> str:
    """Return the filter and the order in the address, without the page and what is unknown."""
    known = {*CustomerFilter.base_filters, "sort"}
    query = request.GET.copy()
    for name in set(query) - known:
        del query[name]
    return query.urlencode()


@require_POST
@require("customers.view_customer")
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a view of one's own."""
    view = get_object_or_404(SavedView, pk=pk, list_key=CUSTOMERS)
    try:
        delete_view(view=view, user=cast("User", request.user), now=timezone.now())
    except NotYourViewError as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("The view “%(name)s” is gone.") % {"name": view.name})
    return redirect("sales:view_list")
