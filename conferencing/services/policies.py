"""Who may book, and with which billing reference: the rules that a customer's record carries."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from customers.models import Customer
from integration.services import Actor
from toolkit.errors import DomainError

Who = Actor | AbstractBaseUser | AnonymousUser | str
"""Whoever does it: a user, a machine, or the name of a part of the system."""


class CustomerSuspendedError(DomainError):
    """New bookings are refused while the customer is suspended.

    Attributes:
        reason: Why, as whoever suspended it wrote.
        may_override: Whether this actor may book all the same, saying why.
    """

    code = "customer-suspended"
    title = _("The customer is suspended")

    def __init__(self, reason: str, *, may_override: bool) -> None:
        super().__init__(
            _("The customer is suspended: %(reason)s") % {"reason": reason or "—"}, reason=reason
        )
        self.reason = reason
        self.may_override = may_override


class CreditLimitReachedError(DomainError):
    """New bookings are refused while the customer owes more than is allowed; no amount is said.

    Attributes:
        may_override: Whether this actor may book all the same, saying why.
    """

    code = "credit-limit-reached"
    title = _("The credit limit is reached")

    def __init__(self, *, may_override: bool) -> None:
        super().__init__(_("The customer owes more than agreed: billing has stopped new bookings."))
        self.may_override = may_override


class CustomerClosedError(DomainError):
    """A closed customer books nothing, whoever asks."""

    code = "customer-closed"
    title = _("The customer is closed")

    def __init__(self) -> None:
        super().__init__(_("The customer is closed: no new bookings."))


class ReferenceRefusedError(DomainError):
    """The billing reference does not follow the customer's policy."""

    status = 422

    def __init__(self, detail: StrOrPromise, **members: Any) -> None:
        fault = {"pointer": "/billing_reference", "code": self.code, "detail": str(detail)}
        super().__init__(detail, errors=[fault], **members)


class ReferenceRequiredError(ReferenceRefusedError):
    """The customer wants a billing reference with every booking."""

    code = "reference-required"
    title = _("A billing reference is required")

    def __init__(self) -> None:
        super().__init__(_("This customer requires a billing reference with every booking."))


class ReferenceNotListedError(ReferenceRefusedError):
    """The customer takes references of its own list only."""

    code = "reference-not-listed"
    title = _("The billing reference is not on the customer's list")

    def __init__(self, references: list[str]) -> None:
        super().__init__(
            _("This billing reference is not on the customer's list."), references=references
        )
        self.references = references


class ReferenceNotUsedError(ReferenceRefusedError):
    """The customer works without billing references."""

    code = "reference-not-used"
    title = _("The customer uses no billing references")

    def __init__(self) -> None:
        super().__init__(_("This customer uses no billing references: leave it empty."))


def check_may_book(*, customer: Customer, actor: Who, override_reason: str) -> None:
    """Refuse customers that may not book; a suspended one passes with permission and a reason.

    Raises:
        CustomerClosedError: always for closed customers.
        CustomerSuspendedError: no permission ``conferencing.book_for_suspended``, or no reason.
        CreditLimitReachedError: the same, of a customer who owes more than is allowed.
    """
    if customer.status == Customer.Status.CLOSED:
        raise CustomerClosedError
    may_override = has_permission(actor, "conferencing.book_for_suspended")
    if may_override and override_reason and wants_reason(customer):
        return
    if customer.status == Customer.Status.SUSPENDED:
        raise CustomerSuspendedError(customer.status_reason, may_override=may_override)
    if customer.credit_hold == Customer.CreditHold.BLOCK:
        raise CreditLimitReachedError(may_override=may_override)


def wants_reason(customer: Customer) -> bool:
    """Tell whether a booking of the customer needs permission and a reason."""
    is_blocked = customer.credit_hold == Customer.CreditHold.BLOCK
    return customer.status == Customer.Status.SUSPENDED or is_blocked


def check_reference(*, customer: Customer, reference: str) -> None:
    """Refuse a billing reference against the customer's policy.

    Raises:
        ReferenceRequiredError: none given, where the policy wants one.
        ReferenceNotListedError: not one of the customer's list.
        ReferenceNotUsedError: one given, where the policy is to have none.
    """
    policies = Customer.ReferencePolicy
    policy = customer.reference_policy
    if not reference:
        if policy in {policies.REQUIRED, policies.LIST}:
            raise ReferenceRequiredError
    elif policy == policies.NONE:
        raise ReferenceNotUsedError
    elif policy == policies.LIST and reference not in customer.references:
        raise ReferenceNotListedError(customer.references)


def has_permission(actor: Who, permission: str) -> bool:
    """Tell whether a person (never a part of the system) holds a permission."""
    has_perm: Any = getattr(actor, "has_perm", None)
    return bool(has_perm and has_perm(permission))


def is_machine(actor: Who) -> bool:
    """Tell whether a program acts with a key of its own."""
    if isinstance(actor, Actor):
        return actor.kind == "machine"
    return bool(getattr(actor, "is_machine", False))


def name_of(actor: Who) -> str:
    """Answer the name that stays readable when the account is gone."""
    if isinstance(actor, Actor):
        return actor.name
    return actor if isinstance(actor, str) else actor.get_username()
