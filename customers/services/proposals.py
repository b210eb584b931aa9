"""Take from a customer what he says his address is; somebody at the desk decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Address, AddressProposal, Customer
from integration.services import record_event
from toolkit.countries import is_country
from toolkit.errors import DomainError

from .actors import Who, name_of
from .customers import change_customer

FIELDS = ("recipient", "line1", "line2", "postcode", "city", "region", "country")


class AddressUnchangedError(DomainError):
    """The proposed address is the one that the record holds; there is nothing to decide."""

    code = "address-unchanged"
    title = gettext_lazy("The address is the same")


class ProposalDecidedError(DomainError):
    """Somebody else has decided meanwhile; ``proposal`` says how."""

    code = "proposal-decided"
    title = gettext_lazy("Already decided")

    def __init__(self, proposal: AddressProposal) -> None:
        super().__init__(
            _("%(who)s decided on this address already: %(how)s.")
            % {"who": proposal.decided_by, "how": proposal.get_state_display()}
        )
        self.proposal = proposal


@transaction.atomic
def propose_address(
    *, customer: Customer, kind: str, address: Mapping[str, str], actor: Who, now: datetime
) -> AddressProposal:
    """Keep what the customer says his address of that kind is; it changes nothing by itself.

    A second one takes the place of the first that nobody has decided on. Safe to repeat.

    Raises:
        ValidationError: fields that are wrong, by name.
        AddressUnchangedError: it is the address that the record holds.
    """
    locked = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    given = {name: " ".join(address.get(name, "").split()) for name in FIELDS}
    current = locked.addresses.filter(kind=kind).first()
    if current is not None and _values(current) == given:
        raise AddressUnchangedError(_("This is the address that we have."))
    waiting = AddressProposal.objects.filter(
        customer=locked, kind=kind, state=AddressProposal.State.OPEN
    )
    proposal = waiting.first() or AddressProposal(customer=locked, kind=kind)
    if not proposal._state.adding and _values(proposal) == given:
        return proposal
    for name, value in given.items():
        setattr(proposal, name, value)
    proposal.proposed_at = now
    _check(proposal)
    proposal.save()
    _tell("customer.address_proposed", proposal, actor, now)
    return proposal


@transaction.atomic
def accept_address(*, proposal: AddressProposal, actor: Who, now: datetime) -> Customer:
    """Make the proposed address the customer's of that kind.

    Raises:
        ProposalDecidedError: it was accepted or refused before; nothing changes.
        ValidationError: the record refuses it.
    """
    locked = _decide(proposal, AddressProposal.State.ACCEPTED, actor, now)
    customer = locked.customer
    kept = [
        {"kind": address.kind, **_values(address)}
        for address in customer.addresses.exclude(kind=locked.kind)
    ]
    changed = change_customer(
        customer=customer,
        expected_version=customer.version,
        addresses=[*kept, {"kind": locked.kind, **_values(locked)}],
        actor=actor,
        now=now,
    )
    _tell("customer.address_accepted", locked, actor, now)
    return changed


@transaction.atomic
def refuse_address(*, proposal: AddressProposal, actor: Who, now: datetime) -> AddressProposal:
    """Leave the customer's address as it is.

    Raises:
        ProposalDecidedError: it was accepted or refused before; nothing changes.
    """
    locked = _decide(proposal, AddressProposal.State.REFUSED, actor, now)
    _tell("customer.address_refused", locked, actor, now)
    return locked


def _decide(proposal: AddressProposal, state: str, actor: Who, now: datetime) -> AddressProposal:
    # The customer first, as in every change of one.
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=proposal.customer_id)
    locked = AddressProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if locked.state != AddressProposal.State.OPEN:
        raise ProposalDecidedError(locked)
    locked.customer = customer
    locked.state, locked.decided_at, locked.decided_by = state, now, name_of(actor)
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    return locked


def _check(proposal: AddressProposal) -> None:
    errors: dict[str, Any] = {}
    try:
        proposal.clean_fields(exclude=["customer"])
    except ValidationError as error:
        errors = error.update_error_dict(errors)
    if proposal.country and not is_country(proposal.country):
        errors["country"] = ValidationError(_("Unknown country."), code="unknown_country")
    if errors:
        raise ValidationError(errors)


def _values(address: Address | AddressProposal) -> dict[str, str]:
    return {name: getattr(address, name) for name in FIELDS}


def _tell(event: str, proposal: AddressProposal, actor: Who, now: datetime) -> None:
    record_event(
        type=event,
        actor=actor,
        customer_number=proposal.customer.number,
        subject=("address_proposal", proposal.pk),
        data={"kind": proposal.kind},
        now=now,
    )
