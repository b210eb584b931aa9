"""Which rates are wrong in the same way, which months used one, and what came of corrections."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Q, QuerySet, Sum

from billing.models import Charge, ReRating
from sales.models import Contract, ContractRate
from toolkit.periods import Period

# A call may go on past midnight, and so past the end of its month, at the rates of the days after.
_LONGEST_CALL = dt.timedelta(days=2)
_ALIKE = (
    *("access", "prefix", "band", "price_per_minute", "connection_fee"),
    *("first_increment", "next_increment", "minimum_seconds"),
)


def re_ratings_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[ReRating]:
    """Return the re-ratings that ``user`` may see, the newest first: all, or none."""
    if not user.has_perm("billing.re_rate"):  # type: ignore[union-attr]
        return ReRating.objects.none()
    return ReRating.objects.select_related("job").annotate(
        contracts=Count("months__contract", distinct=True),
        waiting=Count("months", filter=Q(months__done_at=None)),
    )


def sums_of(re_rating: ReRating) -> list[tuple[str, int, object]]:
    """Answer what a re-rating made: by currency the conferences and the sum without VAT."""
    done = re_rating.months.exclude(done_at=None).order_by()
    return list(
        done.values_list("contract__currency")
        .annotate(touched=Sum("conferences"), sum=Sum("difference"))
        .order_by("contract__currency")
    )


def rates_alike(rate: ContractRate) -> QuerySet[ContractRate]:
    """Return the rates of other contracts that say the same, known now, on any of its days.

    Wrong in one contract, they may be wrong in all.
    """
    others = ContractRate.objects.filter(
        superseded_at=None,
        contract__currency=rate.contract.currency,
        **{name: getattr(rate, name) for name in _ALIKE},
    )
    others = others.exclude(contract=rate.contract).exclude(contract__status=Contract.Status.DRAFT)
    if rate.valid_to is not None:
        others = others.filter(valid_from__lt=rate.valid_to)
    return (
        others.filter(Q(valid_to=None) | Q(valid_to__gt=rate.valid_from))
        .select_related("contract__customer")
        .order_by("contract__customer__sort_key", "contract", "valid_from")
    )


def months_of(contract: Contract, first: dt.date, last: dt.date | None) -> list[str]:
    """Answer the months with charges in which a rate of those days may have been used, in order.

    The days are local, ``last`` is exclusive (None: open).
    """
    charges = Charge.objects.filter(
        contract=contract, period__gte=str(Period.of_date(first - _LONGEST_CALL))
    )
    if last is not None:
        charges = charges.filter(period__lte=str(Period.of_date(last - dt.timedelta(days=1))))
    return sorted(set(charges.order_by().values_list("period", flat=True).distinct()))
