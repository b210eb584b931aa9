"""What cannot be priced is refused, all of it at once and with the place of each error."""

import copy
import json
from contextlib import suppress
from pathlib import Path

import pytest

from billing.rating import InvalidTariffInput, read_input, read_terms, simulate

CASE = json.loads((Path(__file__).parents[2] / "data" / "tariff" / "random-06.json").read_text())[
    "input"
]
ABSENT = object()


def changed(path: str, value: object) -> dict:
    case = copy.deepcopy(CASE)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
    place = case
    for part in parents:
        place = place[part]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return case


def errors_of(case: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidTariffInput) as refused:
        simulate(case)
    return [(error.pointer, error.code) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/contract", ABSENT, "required"),
        ("/contract", [], "type"),
        ("/contract/currency", "XXX", "unknown_currency"),
        ("/contract/currency", "eur", "unknown_currency"),
        ("/contract/currency", ABSENT, "required"),
        ("/contract/timezone", "Europe/Atlantis", "unknown_timezone"),
        ("/contract/timezone", "Europe", "unknown_timezone"),
        ("/contract/timezone", "../etc/passwd", "unknown_timezone"),
        ("/contract/timezone", "", "blank"),
        ("/contract/start", "2026-02-30", "date"),
        ("/contract/start", 20260101, "date"),
        ("/contract/end", "2026-10-17", "order"),
        ("/contract/rates", ABSENT, "required"),
        ("/contract/rates", {}, "type"),
        ("/contract/rates/0", "a rate", "type"),
        ("/contract/rates/0/access", "telegraph", "choice"),
        ("/contract/rates/0/access", ["toll"], "type"),
        ("/contract/rates/0/band", "night", "choice"),
        ("/contract/rates/0/prefix", "+34", "prefix"),
        ("/contract/rates/0/prefix", ABSENT, "required"),
        ("/contract/rates/0/valid_to", "2025-12-31", "order"),
        ("/contract/rates/0/price_per_minute", 0.06, "type"),
        ("/contract/rates/0/price_per_minute", "0.0000000", "too_many_decimals"),
        ("/contract/rates/0/price_per_minute", "1e3", "number"),
        ("/contract/rates/0/price_per_minute", "NaN", "number"),
        ("/contract/rates/0/price_per_minute", "", "number"),
        ("/contract/rates/0/first_increment", 0, "out_of_range"),
        ("/contract/rates/0/next_increment", 0, "out_of_range"),
        ("/contract/rates/0/next_increment", 6.0, "type"),
        ("/contract/rates/0/next_increment", True, "type"),
        ("/contract/rates/0/minimum_seconds", -1, "out_of_range"),
        ("/contract/rates/0/minimum_seconds", 2**31, "out_of_range"),
        ("/contract/rates/0/connection_fee", None, "required"),
        ("/contract/peak", [], "type"),
        ("/contract/peak/weekdays", ABSENT, "required"),
        ("/contract/peak/weekdays/2", 8, "out_of_range"),
        ("/contract/peak/weekdays/2", "1", "out_of_range"),
        ("/contract/peak/from", "7:30", "clock"),
        ("/contract/peak/from", ABSENT, "required"),
        ("/contract/peak/to", "24:01", "clock"),
        ("/contract/peak/to", "07:30", "order"),
        ("/contract/holidays", "2026-12-25", "type"),
        ("/contract/included_minutes", -1, "out_of_range"),
        ("/contract/included_access/1", "telegraph", "choice"),
        ("/contract/tiers/1/from_minutes", 8, "repeated"),
        ("/contract/tiers/1/discount_percent", "100.1", "out_of_range"),
        ("/contract/tiers/1/discount_percent", "-1", "out_of_range"),
        ("/contract/fees/setup", 5, "type"),
        ("/contract/fees/late_cancel_hours", 0, "out_of_range"),
        ("/contract/fees/minimum_participants", "3", "type"),
        ("/contract/commitment", "1,000", "number"),
        ("/period", "2026-13", "period"),
        ("/period", "November", "period"),
        ("/period", 202611, "type"),
        ("/period", ABSENT, "required"),
        ("/vat_percent", "-21", "out_of_range"),
        ("/vat_percent", 21, "type"),
        ("/conferences", ABSENT, "required"),
        ("/conferences/0/id", "", "blank"),
        ("/conferences/0/id", 7, "type"),
        ("/conferences/1/id", "C0", "repeated"),
        ("/conferences/0/scheduled_start", None, "required"),
        ("/conferences/0/scheduled_start", "2026-11-17T03:41:54", "moment"),
        ("/conferences/0/cancelled_at", "yesterday", "moment"),
        ("/conferences/1/operator_assisted", "yes", "type"),
        ("/conferences/1/reserved_ports", -1, "out_of_range"),
        ("/conferences/1/legs", None, "required"),
        ("/conferences/1/legs/1/id", "C1-0", "repeated"),
        ("/conferences/1/legs/1/participant", ABSENT, "required"),
        ("/conferences/1/legs/1/number", "anonymous", "number"),
        ("/conferences/1/legs/1/answered_at", "2026-11-14T18:34:38.0000001Z", "moment"),
        ("/conferences/1/legs/1/answered_at", "1969-11-14T18:34:38Z", "moment"),
        ("/conferences/1/legs/1/ended_at", "2026-11-14T25:00:00Z", "moment"),
        ("/conferences/1/legs/1/ended_at", ABSENT, "required"),
    ],
)
def test_an_error_is_named_with_its_place(pointer, value, code):
    assert errors_of(changed(pointer, value)) == [(pointer, code)]


def test_an_error_in_a_list_is_named_with_its_index():
    case = changed("/contract/holidays", ["2026-12-25", "Christmas"])
    assert errors_of(case) == [("/contract/holidays/1", "date")]


def test_the_later_of_two_rates_that_could_tie_is_refused():
    case = changed("/contract/rates/1/valid_from", "2026-10-31")
    assert errors_of(case) == [("/contract/rates/1", "tie")]


def test_wrong_rates_are_not_said_to_tie_as_well():
    case = changed("/contract/rates/0/access", None)
    del case["contract"]["rates"][1]["access"]
    assert errors_of(case) == [
        ("/contract/rates/0/access", "required"),
        ("/contract/rates/1/access", "required"),
    ]


def places_in(content: object, path: str = "") -> list[str]:
    items = {}
    if isinstance(content, dict):
        items = content
    elif isinstance(content, list):
        items = dict(enumerate(content[:2]))
    found = [path] if path else []
    return found + [place for key in items for place in places_in(items[key], f"{path}/{key}")]


@pytest.mark.parametrize(
    "value", [None, ABSENT, True, -1, 1.5, 10**30, "", "\ud800", "x" * 5000, [], [[]], {}, {"": 1}]
)
def test_nonsense_anywhere_is_priced_or_refused(value):
    for place in places_in(CASE):
        with suppress(InvalidTariffInput):
            simulate(changed(place, value))


@pytest.mark.parametrize("content", [None, [], "case", 5])
def test_what_is_no_object_is_refused(content):
    assert errors_of(content)[0] == ("", "type")


def test_all_errors_come_at_once():
    case = changed("/contract/rates/0/band", "night")
    case["period"] = "2026-00"
    case["conferences"][1]["legs"][0]["access"] = "telegraph"
    assert errors_of(case) == [
        ("/contract/rates/0/band", "choice"),
        ("/period", "period"),
        ("/conferences/1/legs/0/access", "choice"),
    ]


def test_rates_of_two_bands_or_one_after_the_other_do_not_tie():
    rate = CASE["contract"]["rates"][0] | {"band": "any", "valid_to": "2026-11-01"}
    rates = [rate, rate | {"band": "peak"}, rate | {"valid_from": "2026-11-01", "valid_to": None}]
    terms = read_terms(CASE["contract"] | {"rates": rates})
    assert [one.band for one in terms.rates] == ["any", "peak", "any"]


def test_defaults_are_those_of_the_text():
    case = {
        "contract": {"currency": "CLP", "timezone": "UTC", "start": "2026-01-01", "rates": []},
        "period": "2026-11",
        "conferences": [{"id": "A", "scheduled_start": "2026-11-02T10:00:00+00:00", "legs": []}],
    }
    read = read_input(case)
    assert (read.vat_percent, read.terms.end, read.terms.peak) == (0, None, None)
    assert read.conferences[0].cancelled_at is None
    assert simulate(case) == {
        "legs": [],
        "lines": [],
        "problems": [],
        "net": "0",
        "vat": "0",
        "total": "0",
    }


def test_nulls_are_the_same_as_nothing():
    case = changed("/contract/fees", None)
    for name in ("peak", "tiers", "holidays", "included_minutes", "commitment", "monthly_fee"):
        case["contract"][name] = None
    lean = copy.deepcopy(case)
    lean["contract"] = {key: value for key, value in case["contract"].items() if value is not None}
    assert read_input(case) == read_input(lean)


def test_a_call_without_reservation_needs_no_scheduled_start():
    case = changed("/conferences/1/scheduled_start", None)
    assert simulate(case) == simulate(CASE)


def test_a_date_that_stands_for_ever_is_a_date():
    case = changed("/contract/rates/1/valid_to", "9999-12-31")
    case["contract"]["end"] = "9999-12-31"
    assert simulate(case) == simulate(CASE)
