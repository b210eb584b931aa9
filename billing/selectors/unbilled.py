"""Months that ended and that nobody billed wholly: what no run came by, and drafts left behind."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from customers.models import Customer

# A contract's month is not billed when it ended, its invoice is not issued, and something is to
# stand there. What a commitment leaves is worked out without the rounding to the minor unit, which
# is less than half a unit of any currency with decimals.
_UNBILLED = """
WITH month AS (
    SELECT day::date AS first_day, (day + interval '1 month')::date AS next_day,
           to_char(day, 'YYYY-MM') AS period
    FROM generate_series(
        (SELECT date_trunc('month', min(start)) FROM sales_contract WHERE status <> 'draft'),
        date_trunc('month', %(now)s AT TIME ZONE 'UTC'),
        interval '1 month'
    ) AS day
),
candidate AS (
    SELECT contract.id, contract.customer_id, contract.billing, month.period,
           contract.monthly_fee, contract.commitment,
           (least(month.next_day, coalesce(contract."end", month.next_day))
            - greatest(month.first_day, contract.start))::numeric
           / (month.next_day - month.first_day) AS share
    FROM month
    JOIN sales_contract contract
        ON contract.status <> 'draft' AND contract.start < month.next_day
        AND (contract."end" IS NULL OR contract."end" > month.first_day)
        AND month.period < to_char(%(now)s AT TIME ZONE contract.timezone, 'YYYY-MM')
    WHERE NOT EXISTS (
        SELECT FROM billing_invoice done
        WHERE done.contract_id = contract.id AND done.period = month.period
            AND done.conference_id IS NULL AND done.kind = 'invoice' AND done.state = 'issued'
    )
),
left_over AS (
    SELECT id, customer_id, period, EXISTS (
        SELECT FROM billing_invoice draft
        JOIN billing_invoiceline line ON line.invoice_id = draft.id
        WHERE draft.contract_id = candidate.id AND draft.period = candidate.period
            AND draft.kind = 'invoice' AND draft.state = 'draft'
    ) AS has_draft
    FROM candidate
    WHERE coalesce(monthly_fee, 0) * share >= 0.005
        OR coalesce(commitment, 0) * share - (
            SELECT coalesce(sum(charge.net), 0) FROM billing_charge charge
            WHERE charge.contract_id = candidate.id AND charge.period = candidate.period
        ) >= 0.005
        OR EXISTS (
            SELECT FROM billing_charge charge
            LEFT JOIN billing_invoice invoice ON invoice.id = charge.invoice_id
            WHERE charge.contract_id = candidate.id AND charge.period = candidate.period
                AND charge.net <> 0 AND invoice.state IS DISTINCT FROM 'issued'
        )
        OR EXISTS (
            SELECT FROM billing_subscription agreed
            WHERE agreed.contract_id = candidate.id
                AND agreed.valid_from < (candidate.period || '-01')::date + interval '1 month'
                AND (agreed.valid_to IS NULL OR agreed.valid_to > (candidate.period || '-01')::date)
                AND NOT EXISTS (
                    SELECT FROM billing_invoiceline line
                    JOIN billing_invoice invoice ON invoice.id = line.invoice_id
                    WHERE line.subscription_id = agreed.id AND line.period = candidate.period
                        AND invoice.state = 'issued'
                )
        )
        OR EXISTS (
            SELECT FROM billing_oneoffcharge single
            WHERE single.contract_id = candidate.id AND single.period = candidate.period
                AND single.withdrawn_at IS NULL
                AND NOT EXISTS (
                    SELECT FROM billing_invoiceline line
                    JOIN billing_invoice invoice ON invoice.id = line.invoice_id
                    WHERE line.one_off_id = single.id AND invoice.state = 'issued'
                )
        )
)
SELECT period, array_agg(DISTINCT customer_id),
       count(DISTINCT customer_id) FILTER (WHERE NOT has_draft)
FROM left_over WHERE %(period)s = '' OR period = %(period)s GROUP BY period ORDER BY period
"""
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbilledMonth:
    """A month that ended: how many customers are not billed, and how many have no draft either.

    ``examples`` are the first of them, by their numbers in the database.
    """

    period: str
    customers: int
    untouched: int
    examples: tuple[Customer, ...]

    @property
    def more(self) -> int:
        """Count the customers that are not named."""
        return self.customers - len(self.examples)


def unbilled_months(*, now: dt.datetime) -> list[UnbilledMonth]:
    """Answer the months with something to bill that is on no issued invoice, the oldest first.

    The month must have ended in the contract's zone. Conferences without a charge or a contract
    are no part of it: they stand among the problems.
    """
    rows = _unbilled(now=now)
    named = Customer.objects.in_bulk({pk for _, customers, _ in rows for pk in customers[:_NAMED]})
    return [
        UnbilledMonth(
            period=period,
            customers=len(customers),
            untouched=untouched,
            examples=tuple(named[pk] for pk in customers[:_NAMED]),
        )
        for period, customers, untouched in rows
    ]


def customers_not_billed(*, period: str, now: dt.datetime) -> QuerySet[Customer]:
    """Return the customers of one such month."""
    found = [pk for _, customers, _ in _unbilled(now=now, period=period) for pk in customers]
    return Customer.objects.filter(pk__in=found)


def _unbilled(*, now: dt.datetime, period: str = "") -> list[tuple[str, list[int], int]]:
    with connection.cursor() as cursor:
        cursor.execute(_UNBILLED, {"now": now, "period": period})
        return list(cursor.fetchall())
