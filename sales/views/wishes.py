"""What a customer wishes, what does not reach him, which links he holds, which address he says."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.models import (
    Address,
    AddressProposal,
    Channel,
    Customer,
    OptOut,
    SignedLink,
    UndeliverableEmail,
)
from customers.selectors import (
    customer_for,
    customers_visible_to,
    links_of,
    open_proposals,
    wishes_of,
)
from customers.services import (
    ProposalDecidedError,
    accept_address,
    mend_email,
    opt_in,
    opt_out,
    refuse_address,
    revoke_link,
)
from toolkit.access import require
from toolkit.htmx import render_page_or_fragment

PROPOSALS_AT_ONCE = 100


@require_safe
@require("customers.view_customer")
def customer_wishes(request: HttpRequest, number: str) -> HttpResponse:
    """Show opt-outs, addresses that bounced, proposed addresses and links of a customer."""
    customer = customer_or_404(request, number)
    sees_links = request.user.has_perm("customers.view_signedlink")
    context = {
        "customer": customer,
        "wishes": wishes_of(customer),
        "links": links_of(customer, now=timezone.now()) if sees_links else [],
    }
    return render_page_or_fragment(
        request, "sales/customer_wishes.html", "sales/_customer_wishes.html", context
    )


@require_POST
@require("customers.view_customer", "customers.change_optout")
def customer_opt_out(request: HttpRequest, number: str, channel: str) -> HttpResponse:
    """Note that the customer wants no mass mail by a channel."""
    customer = customer_or_404(request, number)
    opt_out(
        customer=customer,
        channel=_channel_or_404(channel),
        source=OptOut.Source.DESK,
        actor=request.user,
        now=timezone.now(),
    )
    messages.success(request, _("Noted: no more mass mail by this channel."))
    return redirect("sales:customer_profile", number=number)


@require_POST
@require("customers.view_customer", "customers.change_optout")
def customer_opt_in(request: HttpRequest, number: str, channel: str) -> HttpResponse:
    """Note that the customer, or one address (``email``), wants mass mail again."""
    customer = customer_or_404(request, number)
    opt_in(
        customer=customer,
        channel=_channel_or_404(channel),
        email=request.POST.get("email", ""),
        actor=request.user,
        now=timezone.now(),
    )
    messages.success(request, _("Noted: mass mail by this channel is wanted again."))
    return redirect("sales:customer_profile", number=number)


def _channel_or_404(channel: str) -> str:
    if channel not in Channel.values:
        raise Http404
    return channel


@require_POST
@require("customers.view_customer", "customers.change_optout")
def undeliverable_mended(request: HttpRequest, pk: int) -> HttpResponse:
    """Write again to an address that bounced."""
    rows = UndeliverableEmail.objects.select_related("customer")
    noted = get_object_or_404(rows, pk=pk, customer__in=customers_visible_to(request.user))
    mend_email(noted=noted, actor=request.user, now=timezone.now())
    messages.success(request, _("This address is written to again."))
    return redirect("sales:customer_profile", number=noted.customer.number)


@require_POST
@require("customers.view_customer", "customers.view_signedlink", "customers.change_signedlink")
def link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link open nothing from now on."""
    rows = SignedLink.objects.select_related("customer")
    link = get_object_or_404(rows, pk=pk, customer__in=customers_visible_to(request.user))
    revoke_link(link=link, actor=request.user, now=timezone.now())
    messages.success(request, _("The link is withdrawn."))
    return redirect("sales:customer_profile", number=link.customer.number)


@require_safe
@require("customers.view_customer", "customers.decide_addressproposal")
def proposal_list(request: HttpRequest) -> HttpResponse:
    """List the addresses that customers have proposed, beside those that the record holds."""
    proposals = list(open_proposals()[: PROPOSALS_AT_ONCE + 1])
    kept = {
        (address.customer_id, address.kind): address
        for address in Address.objects.filter(customer__in=[row.customer_id for row in proposals])
    }
    context = {
        "proposals": [
            (row, kept.get((row.customer_id, row.kind))) for row in proposals[:PROPOSALS_AT_ONCE]
        ],
        "there_are_more": len(proposals) > PROPOSALS_AT_ONCE,
    }
    return render(request, "sales/proposal_list.html", context)


@require_POST
@require("customers.view_customer", "customers.decide_addressproposal")
def proposal_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a proposed address the customer's."""
    proposal = _proposal_or_404(request, pk)
    try:
        accept_address(proposal=proposal, actor=request.user, now=timezone.now())
    except ProposalDecidedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The address is changed."))
    return redirect("sales:proposal_list")


@require_POST
@require("customers.view_customer", "customers.decide_addressproposal")
def proposal_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the customer's address as it is."""
    proposal = _proposal_or_404(request, pk)
    try:
        refuse_address(proposal=proposal, actor=request.user, now=timezone.now())
    except ProposalDecidedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The address stays as it is."))
    return redirect("sales:proposal_list")


def _proposal_or_404(request: HttpRequest, pk: int) -> AddressProposal:
    rows = AddressProposal.objects.select_related("customer")
    return get_object_or_404(rows, pk=pk, customer__in=customers_visible_to(request.user))


def customer_or_404(request: HttpRequest, number: str) -> Customer:
    """Return the customer, if this user may see him.

    Raises:
        Http404: there is none.
    """
    try:
        return customer_for(request.user, number)
    except Customer.DoesNotExist as error:
        raise Http404 from error
