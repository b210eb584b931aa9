"""Register a customer, change it, suspend it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from customers.selectors.wishes import PREFERENCES
from integration.services import record_event
from toolkit.errors import DomainError

from .actors import Who
from .checks import check_places, clean_tax_id
from .parts import replace_addresses, replace_contacts
from .wishes import apply_preferences, mend_changed_emails

# What ``register_customer`` and ``change_customer`` take, beside addresses and contacts.
FIELDS = frozenset(
    {
        "legal_name",
        "trade_name",
        "tax_id",
        "country",
        "language",
        "currency",
        "timezone",
        "email",
        "phone",
        "account_manager",
        "tags",
        "reference_policy",
        "references",
        "preferences",
    }
)


class TaxIdTakenError(DomainError):
    """Another customer has this tax id; ``customer`` is that one."""

    code = "tax-id-taken"
    title = gettext_lazy("The tax id is taken")

    def __init__(self, customer: Customer) -> None:
        super().__init__(_("A customer with this tax id already exists."), customer=customer.number)
        self.customer = customer


class CustomerChangedMeanwhileError(DomainError):
    """Somebody else saved the customer first; ``customer`` is what it is now."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412

    def __init__(self, customer: Customer) -> None:
        super().__init__(_("Somebody else changed this customer meanwhile."))
        self.customer = customer


@transaction.atomic
def register_customer(
    *,
    actor: Who,
    now: datetime,
    addresses: Iterable[Mapping[str, Any]] = (),
    contacts: Iterable[Mapping[str, Any]] = (),
    **fields: Any,
) -> Customer:
    """Create a customer with its addresses and contacts, under the next number.

    Raises:
        ValidationError: fields that are wrong, by name.
        TaxIdTakenError: the tax id belongs to another customer.
    """
    known, preferences = _known(fields)
    customer = Customer(created_at=now, **known)
    _check(customer)
    customer.number = _next_number()
    _save(customer)
    _replace(customer, addresses=addresses, contacts=contacts)
    record_event(
        type="customer.registered",
        actor=actor,
        customer_number=customer.number,
        subject=("customer", customer.number),
        now=now,
    )
    apply_preferences(customer=customer, preferences=preferences, actor=actor, now=now)
    return customer


@transaction.atomic
def change_customer(
    *,
    customer: Customer,
    expected_version: int,
    actor: Who,
    now: datetime,
    addresses: Iterable[Mapping[str, Any]] | None = None,
    contacts: Iterable[Mapping[str, Any]] | None = None,
    **fields: Any,
) -> Customer:
    """Change what is given; addresses and contacts, where given, become exactly those.

    Who is there already is changed in place: see ``replace_contacts``.

    Raises:
        CustomerChangedMeanwhileError: it is not at ``expected_version`` any more; nothing changed.
        ValidationError: fields that are wrong, by name.
        TaxIdTakenError: the tax id belongs to another customer.
    """
    locked = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if locked.version != expected_version:
        raise CustomerChangedMeanwhileError(locked)
    known, preferences = _known(fields)
    changed = {name for name, value in known.items() if getattr(locked, name) != value}
    for name in changed:
        setattr(locked, name, known[name])
    _check(locked)
    locked.version += 1
    _save(locked)
    _replace(locked, addresses=addresses, contacts=contacts)
    if apply_preferences(customer=locked, preferences=preferences, actor=actor, now=now):
        changed.add("preferences")
    mend_changed_emails(customer=locked, actor=actor, now=now)
    record_event(
        type="customer.changed",
        actor=actor,
        customer_number=locked.number,
        subject=("customer", locked.number),
        # Names of fields only: the log carries no personal data.
        data={"fields": sorted(changed), "version": locked.version},
        now=now,
    )
    return locked


@transaction.atomic
def suspend_customer(*, customer: Customer, reason: str, actor: Who, now: datetime) -> Customer:
    """Refuse new bookings of the customer from now on, saying why. Safe to repeat.

    Raises:
        ValidationError: no reason was given.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: the desk tells it to the customer.")})
    return _set_status(customer, Customer.Status.SUSPENDED, reason.strip(), actor, now)


@transaction.atomic
def reactivate_customer(*, customer: Customer, actor: Who, now: datetime) -> Customer:
    """Take bookings of the customer again. Safe to repeat."""
    return _set_status(customer, Customer.Status.ACTIVE, "", actor, now)


@transaction.atomic
def set_credit_hold(*, customer: Customer, hold: str, actor: Who, now: datetime) -> Customer:
    """Say what comes of bookings because of what the customer owes; billing alone knows.

    Safe to repeat. No new version: nobody edits it in a form.
    """
    locked = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if locked.credit_hold == hold:
        return locked
    locked.credit_hold = Customer.CreditHold(hold)
    locked.save(update_fields=["credit_hold", "updated_at"])
    record_event(
        type="customer.credit_hold_changed",
        actor=actor,
        customer_number=locked.number,
        subject=("customer", locked.number),
        data={"hold": hold},
        now=now,
    )
    return locked


def _set_status(
    customer: Customer, status: Customer.Status, reason: str, actor: Who, now: datetime
) -> Customer:
    locked = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if (locked.status, locked.status_reason) == (status, reason):
        return locked
    locked.status, locked.status_reason = status, reason
    locked.version += 1
    locked.save(update_fields=["status", "status_reason", "version", "updated_at"])
    record_event(
        type=f"customer.{'suspended' if status == Customer.Status.SUSPENDED else 'reactivated'}",
        actor=actor,
        customer_number=locked.number,
        subject=("customer", locked.number),
        now=now,
    )
    return locked


def _known(fields: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return the fields of the customer, and the preferences that say what he wishes."""
    unknown = fields.keys() - FIELDS
    if unknown:
        msg = f"unknown fields: {', '.join(sorted(unknown))}"
        raise TypeError(msg)
    if "preferences" not in fields:
        return dict(fields), {}
    preferences = fields["preferences"]
    kept = {name: value for name, value in preferences.items() if name not in PREFERENCES}
    return {**fields, "preferences": kept}, preferences


def _check(customer: Customer) -> None:
    errors: dict[str, Any] = {}
    for check in (_check_names, _check_places, _check_tax_id, _check_references):
        try:
            check(customer)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _check_names(customer: Customer) -> None:
    customer.clean_fields(exclude=["number", "tax_id", "version"])


def _check_places(customer: Customer) -> None:
    check_places(country=customer.country, currency=customer.currency, timezone=customer.timezone)


def _check_tax_id(customer: Customer) -> None:
    customer.tax_id = clean_tax_id(tax_id=customer.tax_id, country=customer.country)


def _check_references(customer: Customer) -> None:
    needs_list = customer.reference_policy == Customer.ReferencePolicy.LIST
    if needs_list and not customer.references:
        message = _("Give at least one reference for the list.")
        raise ValidationError({"references": ValidationError(message, code="required")})


def _next_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('customers_customer_number')")
        row = cursor.fetchone()
    return f"C-{row[0]:05}"


def _save(customer: Customer) -> None:
    """Save; the database decides whether the tax id is free, also between two registrations."""
    try:
        with transaction.atomic():
            customer.save()
    except IntegrityError as error:
        if "customer_tax_id_once" not in str(error):
            raise
        twin = Customer.objects.get(country=customer.country, tax_id=customer.tax_id)
        raise TaxIdTakenError(twin) from error


def _replace(
    customer: Customer,
    *,
    addresses: Iterable[Mapping[str, Any]] | None,
    contacts: Iterable[Mapping[str, Any]] | None,
) -> None:
    if addresses is not None:
        replace_addresses(customer, addresses)
    if contacts is not None:
        replace_contacts(customer, contacts)
