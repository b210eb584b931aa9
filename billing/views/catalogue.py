"""The catalogue's screens: products; a customer's subscriptions and single charges."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import services
from billing.forms import EndSubscriptionForm, OneOffChargeForm, ProductForm, SubscriptionForm
from billing.models import OneOffCharge, Product, Subscription
from billing.selectors import today
from billing.selectors.catalogue import (
    amount_of,
    one_off_charges_of,
    products_visible_to,
    subscriptions_of,
)
from customers.models import Customer
from customers.selectors import customer_for, issuer
from toolkit.access import require
from toolkit.errors import DomainError
from toolkit.periods import Period

SEE: Final = (
    *("customers.view_customer", "billing.view_amounts"),
    *("billing.view_subscription", "billing.view_oneoffcharge"),
)
_CHARGES_SHOWN: Final = 100


@require_safe
@require("billing.view_product", "billing.view_amounts")
def product_list(request: HttpRequest) -> HttpResponse:
    """List what is on sale besides conferences, and what was."""
    products = products_visible_to(request.user).order_by("-is_active", "code")
    return render(request, "billing/product_list.html", {"products": products})


@require_http_methods(["GET", "HEAD", "POST"])
@require("billing.view_product", "billing.view_amounts", "billing.add_product")
def product_create(request: HttpRequest) -> HttpResponse:
    """Put a product into the catalogue."""
    company = issuer()
    form = ProductForm(request.POST or None, initial={"currency": company and company.currency})
    if _done(request, form, lambda fields: services.save_product(**fields)):
        messages.success(request, _("Product saved."))
        return redirect("billing:product_list")
    return render(request, "billing/product_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@require("billing.view_product", "billing.view_amounts", "billing.change_product")
def product_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a product; what was agreed with it stays as it was."""
    product = get_object_or_404(Product, pk=pk)
    initial = {"expected_version": product.version}
    form = ProductForm(request.POST or None, instance=product, initial=initial)
    if _done(request, form, lambda fields: services.save_product(product=product, **fields)):
        messages.success(request, _("Product saved. What was agreed keeps its price."))
        return redirect("billing:product_list")
    return render(request, "billing/product_form.html", {"form": form, "product": product})


@require_safe
@require(*SEE)
def customer_extras(request: HttpRequest, number: str) -> HttpResponse:
    """Show what a customer pays besides conferences: every month, and once."""
    customer = _customer_or_404(request, number)
    charges = one_off_charges_of(customer)[:_CHARGES_SHOWN]
    context = {
        "customer": customer,
        "subscriptions": subscriptions_of(customer),
        "charges": [(charge, amount_of(charge)) for charge in charges],
        "today": today(),
    }
    return render(request, "billing/customer_extras.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*SEE, "billing.view_product", "billing.add_subscription")
def subscription_create(request: HttpRequest, number: str) -> HttpResponse:
    """Agree a product for every month."""
    customer = _customer_or_404(request, number)
    product = _product_asked_for(request)
    month = Period.of_date(today())
    form = SubscriptionForm(
        request.POST or None,
        customer=customer,
        initial={"valid_from": month.first_day} | _of_product(product),
    )
    if _done(request, form, lambda fields: services.subscribe(**fields)):
        messages.success(request, _("Agreed. The drafts show it."))
        return redirect("billing:customer_extras", number=number)
    context = {"form": form, "customer": customer, "heading": _("Subscription")}
    return render(request, "billing/extra_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*SEE, "billing.change_subscription")
def subscription_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a subscription end."""
    subscription = get_object_or_404(
        Subscription.objects.select_related("contract__customer", "product"), pk=pk
    )
    customer = subscription.contract.customer
    form = EndSubscriptionForm(
        request.POST or None, initial={"valid_to": Period.of_date(today()).next.first_day}
    )
    if _done(
        request,
        form,
        lambda fields: services.end_subscription(subscription=subscription, **fields),
    ):
        messages.success(request, _("Its end is agreed. The drafts show it."))
        return redirect("billing:customer_extras", number=customer.number)
    context = {"form": form, "customer": customer, "heading": _("End the subscription")}
    return render(request, "billing/extra_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*SEE, "billing.view_product", "billing.add_oneoffcharge")
def charge_create(request: HttpRequest, number: str) -> HttpResponse:
    """Put a single line on a customer's invoice."""
    customer = _customer_or_404(request, number)
    product = _product_asked_for(request)
    form = OneOffChargeForm(
        request.POST or None,
        customer=customer,
        initial={"period": request.GET.get("period") or str(Period.of_date(today()))}
        | _of_product(product),
    )
    if _done(request, form, lambda fields: services.add_one_off_charge(**fields)):
        messages.success(request, _("Entered. It stands on the draft."))
        return redirect("billing:customer_extras", number=number)
    context = {"form": form, "customer": customer, "heading": _("Single charge")}
    return render(request, "billing/extra_form.html", context)


@require_POST
@require(*SEE, "billing.change_oneoffcharge")
def charge_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a single charge back before it is billed."""
    charge = get_object_or_404(OneOffCharge.objects.select_related("contract__customer"), pk=pk)
    try:
        services.withdraw_one_off_charge(charge=charge, actor=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Withdrawn."))
    return redirect("billing:customer_extras", number=charge.contract.customer.number)


def _done(request: HttpRequest, form: BaseForm, do: Callable[[dict[str, Any]], object]) -> bool:
    """Do what a valid form asks for; what is refused is said in the form."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        do({**form.cleaned_data, "actor": request.user, "now": timezone.now()})
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    except ValidationError as error:
        known = {name for name in getattr(error, "error_dict", {}) if name in form.fields}
        form.add_error(None, error if known else ValidationError(error.messages))
        return False
    return True


def _product_asked_for(request: HttpRequest) -> Product | None:
    code = request.GET.get("product", "")
    return products_visible_to(request.user).filter(code=code).first() if code else None


def _of_product(product: Product | None) -> dict[str, Any]:
    return {"product": product.pk, "unit_price": product.unit_price} if product else {}


def _customer_or_404(request: HttpRequest, number: str) -> Customer:
    try:
        return customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
