"""A rate that was wrong: the right one takes its place on past days, what was known stays known."""

import datetime as dt
from decimal import Decimal

import pytest

from integration.models import Event
from sales.models import ContractRate
from sales.selectors import rates_known
from sales.services import (
    ContractInvalidError,
    ContractNotActiveError,
    correct_rate,
    preview_correction,
)
from tests.factories.sales import NOW, draft, make_contract
from tests.sales.test_rates import history

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LATER = NOW + dt.timedelta(hours=1)


def correct(rate, price="0.05", **fields):
    terms = {"price_per_minute": price}
    return correct_rate(rate=rate, terms=terms, actor="tests", now=LATER, **fields)


def test_past_days_get_the_right_price_and_the_wrong_one_stays_known():
    contract = make_contract()
    (wrong,) = rates_known(contract)
    first = wrong.valid_from
    before = history(contract)
    right = correct(wrong, valid_from=first + 10 * DAY, valid_to=first + 20 * DAY)
    assert [
        (rate.valid_from, str(rate.price_per_minute.normalize())) for rate in rates_known(contract)
    ] == [
        (first, str(wrong.price_per_minute.normalize())),
        (first + 10 * DAY, "0.05"),
        (first + 20 * DAY, str(wrong.price_per_minute.normalize())),
    ]
    assert history(contract, known_at=NOW) == before
    assert (right.known_from, right.first_increment) == (LATER, wrong.first_increment)
    event = Event.objects.get(type="contract.rate_corrected")
    assert (event.subject_id, event.data["supersedes"]) == (contract.number, [wrong.pk])
    contract.refresh_from_db()
    assert contract.version == right.contract_version


def test_what_is_refused_changes_nothing():
    contract = make_contract()
    (rate,) = rates_known(contract)

    def refused(code, price="0.05", **fields):
        with pytest.raises(ContractInvalidError) as error:
            correct(rate, price, **fields)
        assert [fault.code for fault in error.value.faults] == [code]

    refused("unchanged", str(rate.price_per_minute))
    refused("outside_rate", valid_from=rate.valid_from - DAY)
    refused("invalid_amount", "cheap")
    assert ContractRate.objects.count() == 1
    right = correct(rate)
    refused("superseded")
    assert ContractRate.objects.filter(superseded_at=None).get() == right
    assert preview_correction(rate=right, terms={"price_per_minute": "0.04"}).superseded == [right]
    assert right.price_per_minute == Decimal("0.05")
    in_draft = draft()
    with pytest.raises(ContractNotActiveError):
        correct(rates_known(in_draft)[0])
