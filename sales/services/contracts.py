"""Draft a contract, change the draft, put it in force, end it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer
from integration.services import Actor, record_event
from sales.models import Contract, ContractRate
from sales.selectors import contract_object
from toolkit.errors import DomainError

from .reading import ContractInvalidError, Fault
from .terms import Rates, Terms, checked_contract

Who = Actor | AbstractBaseUser | AnonymousUser | str | None

_BILLING_FIELDS = ("billing", "issue", "payment_days", "vat_category", "notes")


class ContractNotDraftError(DomainError):
    """The contract is in force or was: its terms do not change any more."""

    code = "contract-not-draft"
    title = gettext_lazy("The contract is no draft")


class ContractNotActiveError(DomainError):
    """The contract is a draft or has ended."""

    code = "contract-not-active"
    title = gettext_lazy("The contract is not in force")


class ContractOverlapsError(DomainError):
    """The customer has a contract on some of those days; ``other`` is that one."""

    code = "contract-overlaps"
    title = gettext_lazy("The customer already has a contract")

    def __init__(self, other: Contract) -> None:
        self.other = other
        message = _("Contract %(number)s of this customer covers some of the same days.")
        super().__init__(message % {"number": other.number}, contract=other.number)


class ContractChangedMeanwhileError(DomainError):
    """Somebody else changed the contract first; ``contract`` is what it is now."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        super().__init__(_("Somebody else changed this contract in the meantime."))


@transaction.atomic
def draft_contract(
    *,
    customer: Customer,
    actor: Who,
    now: dt.datetime,
    terms: Terms,
    rates: Rates | None = None,
    billing: str,
    vat_category: str,
    issue: str = Contract.Issue.REVIEW,
    payment_days: int = 30,
    notes: str = "",
) -> Contract:
    """Write a contract that binds nobody yet.

    Args:
        customer: with whom.
        actor: who does it.
        now: the moment from which its rates are known (aware).
        terms: ``contract`` of TARIFF.md without ``rates``; money as text or Decimal.
        rates: ``contract.rates`` of TARIFF.md.
        billing: a value of ``Contract.Billing``.
        vat_category: a value of ``Contract.VatCategory``.
        issue: a value of ``Contract.Issue``.
        payment_days: from the issue of an invoice to its due date, 0 to 365.
        notes: for colleagues; no document shows them.

    Raises:
        ContractInvalidError: with every fault found; nothing was written.
    """
    settings = {
        "billing": billing,
        "issue": issue,
        "payment_days": payment_days,
        "vat_category": vat_category,
        "notes": notes,
    }
    values, checked = checked_contract({**terms, **settings}, rates)
    contract = Contract.objects.create(customer=customer, number=_next_number(), **values)
    _insert_rates(contract, checked, actor=actor, now=now)
    _record("drafted", contract, actor=actor, now=now, data={"rates": len(checked)})
    return contract


@transaction.atomic
def change_draft(
    *,
    contract: Contract,
    expected_version: int,
    actor: Who,
    now: dt.datetime,
    changes: Mapping[str, Any],
) -> Contract:
    """Change some fields of a draft: those of ``draft_contract``, ``rates`` as a whole.

    A field given as None is taken away.

    Raises:
        ContractNotDraftError: it is in force or was.
        ContractChangedMeanwhileError: its version is no longer ``expected_version``.
        ContractInvalidError: with every fault found; nothing was changed.
    """
    contract = locked(contract)
    if contract.version != expected_version:
        raise ContractChangedMeanwhileError(contract)
    _require_draft(contract)
    before = contract_object(contract)
    before |= {field: getattr(contract, field) for field in _BILLING_FIELDS}
    after = before | dict(changes)
    rates = after.pop("rates")
    values, checked = checked_contract(after, rates)
    for field, value in values.items():
        setattr(contract, field, value)
    contract.version += 1
    contract.save()
    if "rates" in changes:
        # Nobody was ever charged by a draft: its rates have no history to keep.
        contract.rates.all().delete()
        _insert_rates(contract, checked, actor=actor, now=now)
    _record("changed", contract, actor=actor, now=now, data={"fields": sorted(changes)})
    return contract


@transaction.atomic
def discard_draft(*, contract: Contract, actor: Who, now: dt.datetime) -> None:
    """Delete a draft.

    Raises:
        ContractNotDraftError: it is in force or was.
    """
    contract = locked(contract)
    _require_draft(contract)
    _record("discarded", contract, actor=actor, now=now)
    contract.delete()


@transaction.atomic
def activate_contract(*, contract: Contract, actor: Who, now: dt.datetime) -> Contract:
    """Put a draft in force on its days, past ones included.

    Raises:
        ContractNotDraftError: it is in force already, or was.
        ContractOverlapsError: the customer has another contract on some of its days.
    """
    # Everyone who puts a contract of this customer in force waits here; the exclusion constraint
    # stands behind it for those who come another way.
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=contract.customer_id)
    contract = locked(contract)
    _require_draft(contract)
    if other := _overlapping(contract):
        raise ContractOverlapsError(other)
    contract.status = _status_on(contract, local_day(contract, now))
    contract.activated_at = now
    contract.version += 1
    contract.save()
    _record("activated", contract, actor=actor, now=now)
    return contract


@transaction.atomic
def terminate_contract(
    *, contract: Contract, end: dt.date, actor: Who, now: dt.datetime
) -> Contract:
    """Set the first local day without the contract: today of its time zone or later.

    The contract counts as ended once that day has come. A contract that ends already can be
    made to end earlier, never later: that would be a new agreement. Saying the same end again
    changes nothing.

    Raises:
        ContractNotActiveError: it is a draft or has ended.
        ContractInvalidError: the day is not possible.
    """
    contract = locked(contract)
    if contract.status == Contract.Status.ACTIVE and contract.end == end:
        return contract
    require_active(contract)
    today = local_day(contract, now)
    if fault := _fault_of_end(contract, end, today):
        raise ContractInvalidError([fault])
    contract.end = end
    contract.status = _status_on(contract, today)
    contract.version += 1
    contract.save()
    _record("terminated", contract, actor=actor, now=now, data={"end": end.isoformat()})
    return contract


def end_contracts(*, now: dt.datetime) -> int:
    """Mark as ended the contracts whose last local day is over; return how many.

    Idempotent. Nothing depends on the mark but lists: days decide what a contract covers.
    """
    # No local date is more than a day ahead of UTC's.
    latest = now.astimezone(dt.UTC).date() + dt.timedelta(days=1)
    candidates = Contract.objects.filter(status=Contract.Status.ACTIVE, end__lte=latest)
    ended = 0
    for candidate in candidates.order_by("pk"):
        with transaction.atomic():
            contract = locked(candidate)
            status = _status_on(contract, local_day(contract, now))
            if contract.status == Contract.Status.ACTIVE and status != contract.status:
                contract.status = status
                contract.version += 1
                contract.save()
                _record("ended", contract, actor="calendar", now=now)
                ended += 1
    return ended


def locked(contract: Contract) -> Contract:
    """Return the contract as it is now, locked until the end of the transaction.

    Not against rows that only refer to it: invoices and charges go on being written meanwhile.
    """
    return (
        Contract.objects.select_for_update(of=("self",), no_key=True)
        .select_related("customer")
        .get(pk=contract.pk)
    )


def require_active(contract: Contract) -> None:
    """Refuse what only a contract in force allows.

    Raises:
        ContractNotActiveError: it is a draft or has ended.
    """
    if contract.status != Contract.Status.ACTIVE:
        raise ContractNotActiveError(_("This contract is not in force."))


def local_day(contract: Contract, now: dt.datetime) -> dt.date:
    """Return the date of ``now`` on the clocks of the contract's time zone."""
    return now.astimezone(ZoneInfo(contract.timezone)).date()


def _require_draft(contract: Contract) -> None:
    if contract.status != Contract.Status.DRAFT:
        raise ContractNotDraftError(_("Only a draft can be changed or put in force."))


def _status_on(contract: Contract, today: dt.date) -> str:
    over = contract.end is not None and contract.end <= today
    return Contract.Status.ENDED if over else Contract.Status.ACTIVE


def _fault_of_end(contract: Contract, end: dt.date, today: dt.date) -> Fault | None:
    if end <= contract.start:
        return Fault(("end",), "not_after_start", _("This must be later than the first day."))
    if end < today:
        message = _("Days that are past stay under the contract: choose today or later.")
        return Fault(("end",), "in_the_past", message)
    if contract.end is not None and end > contract.end:
        message = _("The contract ends earlier already; draft a new one for the days after.")
        return Fault(("end",), "later_than_agreed", message)
    return None


def _overlapping(contract: Contract) -> Contract | None:
    others = Contract.objects.filter(customer_id=contract.customer_id).exclude(
        Q(status=Contract.Status.DRAFT) | Q(pk=contract.pk) | Q(end__lte=contract.start)
    )
    if contract.end is not None:
        others = others.filter(start__lt=contract.end)
    return others.order_by("start").first()


def _insert_rates(
    contract: Contract, rates: list[dict[str, Any]], *, actor: Who, now: dt.datetime
) -> None:
    ContractRate.objects.bulk_create(
        ContractRate(
            contract=contract,
            contract_version=contract.version,
            known_from=now,
            created_by=user_or_none(actor),
            **values,
        )
        for values in rates
    )


def user_or_none(actor: Who) -> Any:  # noqa: ANN401 (the user model is a setting)
    """Return the actor where it is a user with an account."""
    return actor if isinstance(actor, AbstractBaseUser) and actor.pk else None


def _record(
    what: str,
    contract: Contract,
    *,
    actor: Who,
    now: dt.datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    record_event(
        type=f"contract.{what}",
        actor=actor,
        customer_number=contract.customer.number,
        subject=("contract", contract.number),
        data={"version": contract.version} | dict(data or {}),
        now=now,
    )


def _next_number() -> str:
    """Take the next number: unique for ever, with gaps where a transaction was undone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('sales_contract_number')")
        return f"CT-{cursor.fetchone()[0]:05d}"
