"""What a contract may say: every field of TARIFF.md, refused where it is impossible."""

import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sales.models import Contract, ContractRate
from sales.selectors import contract_object
from sales.services import ContractInvalidError
from tests.factories.sales import a_rate, draft

CASES = sorted((Path(__file__).parents[1] / "data/tariff").glob("*.json"))

pytestmark = pytest.mark.django_db


def faults_of(**fields: Any) -> set[tuple[str, str]]:
    with pytest.raises(ContractInvalidError) as caught:
        draft(**fields)
    assert not Contract.objects.exists()
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_contract_of_every_tariff_case_comes_back_as_it_went_in(case):
    given = json.loads(case.read_text())["input"]["contract"]
    terms = dict(given)
    rates = terms.pop("rates")
    contract = draft(rates=rates, **terms)
    contract.refresh_from_db()
    result = contract_object(contract)

    def key(rate):
        return rate["access"], rate["prefix"], rate["band"], rate["valid_from"]

    expected = {
        "end": None,
        "holidays": [],
        "included_minutes": 0,
        "included_access": [],
        "tiers": [],
        "fees": {},
        **given,
        "rates": sorted(rates, key=key),
    }
    assert numbers_as_decimals(result) == numbers_as_decimals(expected)


def numbers_as_decimals(value):
    """Amounts compare as numbers: "0.10" comes back as "0.1"."""
    match value:
        case dict():
            return {key: numbers_as_decimals(inner) for key, inner in value.items()}
        case list():
            return [numbers_as_decimals(inner) for inner in value]
        case str() if re.fullmatch(r"[0-9]+\.[0-9]+", value):
            return Decimal(value).normalize()
    return value


def test_money_and_dates_of_python_are_taken_too():
    contract = draft(
        start=dt.date(2026, 1, 1),
        commitment=Decimal("100.50"),
        fees={"setup": Decimal("7.500")},
        rates=[a_rate(price_per_minute=Decimal("0.0612"), valid_from=dt.date(2026, 1, 1))],
    )
    answer = contract_object(contract)
    assert answer["commitment"] == "100.5"
    assert answer["fees"] == {"setup": "7.5"}
    assert answer["rates"][0]["price_per_minute"] == "0.0612"


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"currency": "XXX"}, {("/currency", "unknown_currency")}),
        ({"currency": "eur"}, {("/currency", "unknown_currency")}),
        ({"currency": None}, {("/currency", "required")}),
        ({"timezone": "Madrid"}, {("/timezone", "unknown_timezone")}),
        ({"timezone": "../etc/passwd"}, {("/timezone", "unknown_timezone")}),
        ({"start": "01/02/2026"}, {("/start", "invalid_date")}),
        ({"start": "2026-02-30"}, {("/start", "invalid_date")}),
        ({"end": "2026-01-01"}, {("/end", "not_after_start")}),
        ({"holidays": ["2026-12-25", "x"]}, {("/holidays/1", "invalid_date")}),
        ({"included_minutes": -1}, {("/included_minutes", "out_of_range")}),
        ({"included_minutes": True}, {("/included_minutes", "not_whole")}),
        ({"included_access": ["fax"]}, {("/included_access/0", "invalid_choice")}),
        ({"commitment": 20}, {("/commitment", "not_text")}),
        ({"commitment": "-1"}, {("/commitment", "out_of_range")}),
        ({"commitment": "1000000000000"}, {("/commitment", "out_of_range")}),
        ({"monthly_fee": "0.1234567"}, {("/monthly_fee", "too_many_decimals")}),
        ({"monthly_fee": "1e3"}, {("/monthly_fee", "invalid_amount")}),
        ({"monthly_fee": Decimal("NaN")}, {("/monthly_fee", "invalid_amount")}),
        ({"fees": {"set_up": "1"}}, {("/fees/set_up", "unknown_field")}),
        ({"fees": {"setup": 1}}, {("/fees/setup", "not_text")}),
        ({"fees": {"late_cancel_hours": 0}}, {("/fees/late_cancel_hours", "out_of_range")}),
        ({"fees": []}, {("/fees", "not_an_object")}),
        ({"billing": "weekly"}, {("/billing", "invalid_choice")}),
        ({"vat_category": ""}, {("/vat_category", "required")}),
        ({"payment_days": 366}, {("/payment_days", "out_of_range")}),
        ({"discount": "5"}, {("/discount", "unknown_field")}),
    ],
)
def test_impossible_terms_are_refused_at_their_place(fields, faults):
    assert faults_of(**fields) == faults


@pytest.mark.parametrize(
    ("peak", "faults"),
    [
        ({"from": "08:00", "to": "08:00"}, {("/peak/to", "not_after_start")}),
        ({"from": "20:00", "to": "08:00"}, {("/peak/to", "not_after_start")}),
        ({"from": "24:00", "to": "24:00"}, {("/peak/from", "invalid_time")}),
        ({"from": "8:00", "to": "20:00"}, {("/peak/from", "invalid_time")}),
        ({"to": "20:00"}, {("/peak/from", "required")}),
        ({"from": "08:00", "to": "20:00", "until": "x"}, {("/peak/until", "unknown_field")}),
        (
            {"weekdays": [0, 1, 8], "from": "08:00", "to": "20:00"},
            {("/peak/weekdays/0", "invalid_weekday"), ("/peak/weekdays/2", "invalid_weekday")},
        ),
    ],
)
def test_impossible_peak_hours_are_refused(peak, faults):
    assert faults_of(peak={"weekdays": [1], **peak}) >= faults


def test_peak_may_last_until_the_end_of_the_day():
    peak = {"weekdays": [5, 1, 1], "from": "08:00", "to": "24:00"}
    assert contract_object(draft(peak=peak))["peak"] == {**peak, "weekdays": [5, 1]}


def test_tiers_ascend():
    tiers = [
        {"from_minutes": 100, "discount_percent": "5"},
        {"from_minutes": 100, "discount_percent": "101"},
    ]
    assert faults_of(tiers=tiers) == {
        ("/tiers/1/from_minutes", "not_ascending"),
        ("/tiers/1/discount_percent", "out_of_range"),
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"access": "fax"}, ("/rates/1/access", "invalid_choice")),
        ({"prefix": "+34"}, ("/rates/1/prefix", "invalid_prefix")),
        ({"prefix": "1" * 16}, ("/rates/1/prefix", "invalid_prefix")),
        ({"band": "night"}, ("/rates/1/band", "invalid_choice")),
        ({"valid_from": None}, ("/rates/1/valid_from", "required")),
        ({"valid_to": "2026-01-01"}, ("/rates/1/valid_to", "not_after_start")),
        ({"price_per_minute": None}, ("/rates/1/price_per_minute", "required")),
        ({"price_per_minute": "0.0000001"}, ("/rates/1/price_per_minute", "too_many_decimals")),
        ({"price_per_minute": 0.06}, ("/rates/1/price_per_minute", "not_text")),
        ({"first_increment": 0}, ("/rates/1/first_increment", "out_of_range")),
        ({"next_increment": "60"}, ("/rates/1/next_increment", "not_whole")),
        ({"minimum_seconds": 2**31}, ("/rates/1/minimum_seconds", "out_of_range")),
        ({"connection_fee": "-0.01"}, ("/rates/1/connection_fee", "out_of_range")),
        ({"price": "1"}, ("/rates/1/price", "unknown_field")),
    ],
)
def test_impossible_rates_are_refused_at_their_place(fields, fault):
    good = a_rate(valid_to="2026-02-01")
    bad = a_rate(valid_from="2026-02-01") | fields
    assert faults_of(rates=[good, bad]) == {fault}


def test_rates_that_could_tie_are_refused():
    rates = [a_rate(valid_to="2026-07-01"), a_rate(prefix="34"), a_rate(valid_from="2026-06-30")]
    assert faults_of(rates=rates) == {("/rates/2/valid_from", "overlaps")}
    assert not ContractRate.objects.exists()


def test_rates_that_touch_do_not_tie():
    rates = [a_rate(valid_to="2026-07-01"), a_rate(valid_from="2026-07-01")]
    assert draft(rates=rates).rates.count() == 2


def test_all_faults_are_told_at_once():
    assert faults_of(currency="XXX", fees={"x": "1"}, rates=["nonsense"]) >= {
        ("/currency", "unknown_currency"),
        ("/fees/x", "unknown_field"),
        ("/rates/0", "not_an_object"),
    }
