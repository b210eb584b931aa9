"""Find contracts, and write them as the ``contract`` of TARIFF.md."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

from customers.models import Customer
from sales.models import Contract, ContractRate


def contracts_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Contract]:
    """Return the contracts that ``user`` may read, with their customers: all, or none."""
    if user.has_perm("sales.view_contract"):  # type: ignore[union-attr]
        return Contract.objects.select_related("customer")
    return Contract.objects.none()


def contract_for(user: AbstractBaseUser | AnonymousUser, number: str) -> Contract:
    """Return one contract that ``user`` may read, with its customer.

    Raises:
        PermissionDenied: ``user`` may read no contracts.
        Contract.DoesNotExist: there is none of that number.
    """
    if not user.has_perm("sales.view_contract"):  # type: ignore[union-attr]
        raise PermissionDenied
    return Contract.objects.select_related("customer").get(number=number)


def contracts_of(customer: Customer) -> QuerySet[Contract]:
    """Return the customer's contracts, latest start first."""
    return Contract.objects.filter(customer=customer).order_by("-start", "-pk")


def contract_on(*, customer_id: int, day: dt.date) -> Contract | None:
    """Return the contract that binds the customer on a day of the contract's own time zone.

    Drafts bind nobody. The exclusion constraint allows one contract at most.
    """
    return (
        Contract.objects.exclude(status=Contract.Status.DRAFT)
        .filter(Q(end=None) | Q(end__gt=day), customer_id=customer_id, start__lte=day)
        .first()
    )


def rates_known(contract: Contract, *, known_at: dt.datetime | None = None) -> list[ContractRate]:
    """Return the rates of a contract, past and future, as known at a moment (None: now).

    Ordered by access, prefix, band, first day and id, compared by code point: the index of a rate
    in this list is its name in the results of rating.
    """
    rates = contract.rates.all()
    if known_at is None:
        rates = rates.filter(superseded_at=None)
    else:
        rates = rates.filter(
            Q(superseded_at=None) | Q(superseded_at__gt=known_at), known_from__lte=known_at
        )
    # Sorted here: the database's collation may differ from the order of code points.
    return sorted(rates.order_by(), key=_rate_order)


def rates_by_contract(contracts: Collection[Contract]) -> dict[int, list[ContractRate]]:
    """Return what ``rates_known`` says of each contract now, by its id; one query for all."""
    rates: dict[int, list[ContractRate]] = {contract.pk: [] for contract in contracts}
    for rate in ContractRate.objects.filter(contract__in=rates, superseded_at=None).order_by():
        rates[rate.contract_id].append(rate)
    for known in rates.values():
        known.sort(key=_rate_order)
    return rates


def contract_rate_ids(contract: Contract, *, known_at: dt.datetime | None = None) -> list[int]:
    """Return the ids of the rates, in the order of ``contract_object(contract)["rates"]``."""
    return [rate.pk for rate in rates_known(contract, known_at=known_at)]


def contract_object(contract: Contract, *, known_at: dt.datetime | None = None) -> dict[str, Any]:
    """Return the contract as the ``contract`` of TARIFF.md: money as text, local dates as text.

    What was not agreed (peak hours, commitment, monthly fee) is absent.
    """
    rates = [rate_object(rate) for rate in rates_known(contract, known_at=known_at)]
    return {**contract_terms(contract), "rates": rates}


def contract_terms(contract: Contract) -> dict[str, Any]:
    """Return ``contract_object`` without the rates, which cost a query."""
    optional: dict[str, Any] = {
        "peak": contract.peak,
        "commitment": _amount_or_none(contract.commitment),
        "monthly_fee": _amount_or_none(contract.monthly_fee),
    }
    return {
        "currency": contract.currency,
        "timezone": contract.timezone,
        "start": contract.start.isoformat(),
        "end": _day_or_none(contract.end),
        "holidays": [day.isoformat() for day in contract.holidays],
        "included_minutes": contract.included_minutes,
        "included_access": list(contract.included_access),
        "tiers": contract.tiers,
        "fees": contract.fees,
    } | {key: value for key, value in optional.items() if value is not None}


def rate_object(rate: ContractRate) -> dict[str, Any]:
    """Return a rate as TARIFF.md writes it."""
    return {
        "access": rate.access,
        "prefix": rate.prefix,
        "band": rate.band,
        "valid_from": rate.valid_from.isoformat(),
        "valid_to": _day_or_none(rate.valid_to),
        "price_per_minute": plain_amount(rate.price_per_minute),
        "first_increment": rate.first_increment,
        "next_increment": rate.next_increment,
        "minimum_seconds": rate.minimum_seconds,
        "connection_fee": plain_amount(rate.connection_fee),
    }


def plain_amount(amount: Decimal | int) -> str:
    """Write an amount or percentage exactly, without trailing zeros: ``"0.12"``, ``"0"``."""
    text = f"{Decimal(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rate_order(rate: ContractRate) -> tuple[str, str, str, dt.date, int]:
    return rate.access, rate.prefix, rate.band, rate.valid_from, rate.pk


def _amount_or_none(amount: Decimal | None) -> str | None:
    return None if amount is None else plain_amount(amount)


def _day_or_none(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
