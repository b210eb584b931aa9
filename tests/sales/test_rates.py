"""Extending a rate closes the one before; what was known of a day stays known."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from integration.models import Event
from sales.models import Contract, ContractRate
from sales.selectors import (
    contract_object,
    contract_rate_ids,
    rates_in_force,
    rates_known,
)
from sales.services import (
    ContractInvalidError,
    ContractNotActiveError,
    extend_rate,
    preview_extension,
    terminate_contract,
)
from tests.factories.sales import NOW, a_rate, draft, make_contract
from tests.sales.test_contract_life import constraint_of

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def new_rate(**fields):
    rate = a_rate(**{"price_per_minute": "0.05", **fields})
    del rate["valid_from"]
    return rate


def extend(contract, valid_from, *, now=NOW, **fields):
    return extend_rate(
        contract=contract, rate=new_rate(**fields), valid_from=valid_from, actor="tests", now=now
    )


def history(contract, known_at=None):
    return [
        (
            f"{rate.valid_from:%m-%d}",
            rate.valid_to and f"{rate.valid_to:%m-%d}",
            str(rate.price_per_minute.normalize()),
        )
        for rate in rates_known(contract, known_at=known_at)
    ]


def refused(contract, valid_from, **fields):
    before = ContractRate.objects.count()
    with pytest.raises(ContractInvalidError) as error:
        extend(contract, valid_from, **fields)
    contract.refresh_from_db()
    assert ContractRate.objects.count() == before
    assert not ContractRate.objects.exclude(superseded_at=None).exists()
    assert not Event.objects.filter(type="contract.rate_extended").exists()
    return [(fault.pointer, fault.code) for fault in error.value.faults]


def test_the_rate_before_is_closed_and_superseded():
    contract = make_contract()
    original = contract.rates.get()
    later = NOW + HOUR
    new = extend(contract, "2026-12-01", now=later)
    assert history(contract) == [("01-01", "12-01", "0.06"), ("12-01", None, "0.05")]
    original.refresh_from_db()
    assert (original.valid_to, original.superseded_at) == (None, later)
    assert {rate.known_from for rate in rates_known(contract)} == {later}
    assert {rate.contract_version for rate in rates_known(contract)} == {3}
    contract.refresh_from_db()
    assert contract.version == 3
    event = Event.objects.get(type="contract.rate_extended")
    assert event.subject_id == contract.number
    assert event.data == {
        "version": 3,
        "rate": new.pk,
        "access": "toll",
        "prefix": "",
        "band": "any",
        "valid_from": "2026-12-01",
        "valid_to": None,
        "supersedes": [original.pk],
    }


def test_in_force_on_a_day_as_known_at_a_moment():
    contract = make_contract()
    extend(contract, "2026-12-01", now=NOW + HOUR)
    extend(contract, "2026-12-01", now=NOW + 2 * HOUR, first_increment=30)

    def known(moment):
        rates = rates_in_force(
            customer=contract.customer, on=dt.date(2026, 12, 24), known_at=moment
        )
        return [(rate.price_per_minute, rate.first_increment) for rate in rates]

    assert known(NOW - HOUR) == []
    assert known(NOW) == [(Decimal("0.06"), 60)]
    assert known(NOW + HOUR) == [(Decimal("0.05"), 60)]
    assert known(None) == known(NOW + 2 * HOUR) == [(Decimal("0.05"), 30)]
    assert history(contract, NOW) == [("01-01", None, "0.06")]


def test_object_and_ids_name_the_same_rates_in_the_same_order():
    rates = [
        a_rate(access="voip"),
        a_rate(prefix="34"),
        a_rate(band="peak"),
        a_rate(),
        a_rate(access="toll_free"),
    ]
    contract = make_contract(rates=rates)
    extend(contract, "2026-12-01", now=NOW + HOUR)
    for moment in (None, NOW):
        ids = contract_rate_ids(contract, known_at=moment)
        by_id = ContractRate.objects.in_bulk(ids)
        written = contract_object(contract, known_at=moment)["rates"]
        assert [
            (r.access, r.prefix, r.band, r.valid_from.isoformat())
            for r in map(by_id.__getitem__, ids)
        ] == [(r["access"], r["prefix"], r["band"], r["valid_from"]) for r in written]
    assert [(r["access"], r["prefix"], r["band"]) for r in written] == [
        ("toll", "", "any"),
        ("toll", "", "peak"),
        ("toll", "34", "any"),
        ("toll_free", "", "any"),
        ("voip", "", "any"),
    ]


def test_a_rate_for_some_weeks_gives_way_to_the_one_before():
    contract = make_contract()
    extend(contract, "2026-12-01", valid_to="2027-01-01")
    assert history(contract) == [
        ("01-01", "12-01", "0.06"),
        ("12-01", "01-01", "0.05"),
        ("01-01", None, "0.06"),
    ]


def test_a_rate_agreed_for_later_stays():
    contract = make_contract()
    extend(contract, "2027-07-01", now=NOW + HOUR)
    new = extend(contract, "2027-03-01", now=NOW + 2 * HOUR, connection_fee="1")
    assert new.valid_to == dt.date(2027, 7, 1)
    assert [day for day, _, _ in history(contract)] == ["01-01", "03-01", "07-01"]


def test_a_rate_may_not_reach_into_one_agreed_for_later():
    contract = make_contract(rates=[a_rate(valid_to="2027-07-01"), a_rate(valid_from="2027-07-01")])
    assert refused(contract, "2027-03-01", valid_to="2027-07-02") == [
        ("/valid_to", "reaches_later_rate")
    ]


def test_the_first_rate_for_other_calls_closes_nothing():
    contract = make_contract()
    extend(contract, "2026-12-01", prefix="34")
    extend(contract, "2026-12-01", access="voip")
    assert not ContractRate.objects.exclude(superseded_at=None).exists()
    assert len(rates_known(contract)) == 3


def test_the_same_rate_again_is_refused():
    contract = make_contract()
    assert refused(contract, "2026-12-01", price_per_minute="0.060") == [
        ("/price_per_minute", "unchanged")
    ]


def test_prices_of_past_days_stay():
    contract = make_contract(peak={"weekdays": [1], "from": "08:00", "to": "20:00"})
    past = [("/valid_from", "in_the_past")]
    assert refused(contract, "2026-11-23") == past
    assert refused(contract, "2026-11-23", prefix="34") == past
    assert refused(contract, "2026-11-23", band="peak") == past


def test_today_is_not_past():
    contract = make_contract()
    extend(contract, "2026-11-24")
    assert history(contract) == [("01-01", "11-24", "0.06"), ("11-24", None, "0.05")]


def test_a_gap_of_the_past_may_be_filled():
    rates = [a_rate(access="voip"), a_rate(prefix="34"), a_rate(valid_from="2026-11-01")]
    contract = make_contract(rates=rates)
    extend(contract, "2026-01-01", access="dial_out")
    new = extend(contract, "2026-01-01")
    assert new.valid_to == dt.date(2026, 11, 1)


def test_nothing_of_a_draft_is_past():
    contract = draft()
    extend(contract, "2026-02-01")
    assert history(contract) == [("01-01", "02-01", "0.06"), ("02-01", None, "0.05")]


def test_days_outside_the_contract_are_refused():
    contract = make_contract(end="2027-01-01")
    assert refused(contract, "2027-01-01") == [("/valid_from", "outside_contract")]


def test_an_ended_contract_gets_no_rates():
    contract = make_contract()
    contract = terminate_contract(
        contract=contract, end=dt.date(2026, 11, 24), actor="tests", now=NOW
    )
    with pytest.raises(ContractNotActiveError):
        extend(contract, "2026-12-01")
    assert ContractRate.objects.count() == 1


def test_an_impossible_rate_is_refused_at_its_field():
    contract = make_contract()
    assert refused(contract, "soon", prefix="+34") == [
        ("/valid_from", "invalid_date"),
        ("/prefix", "invalid_prefix"),
    ]


def test_a_preview_writes_nothing():
    contract = make_contract()
    extension = preview_extension(
        contract=contract, rate=new_rate(), valid_from="2026-12-01", now=NOW
    )
    assert [row.valid_to for row in extension.kept] == [dt.date(2026, 12, 1)]
    assert [row.pk for row in extension.superseded] == contract_rate_ids(contract)
    assert ContractRate.objects.count() == 1
    assert history(contract) == [("01-01", None, "0.06")]


def test_rates_in_force_name_contract_version_and_validity():
    contract = make_contract(
        start="2026-06-01", end="2027-01-01", rates=[a_rate(), a_rate(band="peak")]
    )
    extend(contract, "2026-12-01")
    (rate,) = rates_in_force(customer=contract.customer, on=dt.date(2026, 12, 24))
    assert (rate.contract, rate.contract_version, rate.currency) == (contract.number, 3, "EUR")
    assert (rate.valid_from, rate.valid_to) == (dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    (before,) = rates_in_force(customer=contract.customer, on=dt.date(2026, 11, 30))
    assert (before.valid_from, before.valid_to) == (dt.date(2026, 6, 1), dt.date(2026, 12, 1))
    assert rates_in_force(customer=contract.customer, on=dt.date(2026, 5, 31)) == []
    assert rates_in_force(customer=contract.customer, on=dt.date(2027, 1, 1)) == []


def test_the_database_refuses_to_edit_a_rate():
    contract = make_contract()
    extend(contract, "2026-12-01")
    rows = ContractRate.objects.all()
    superseded = rows.exclude(superseded_at=None)
    for attempt in (
        lambda: rows.update(price_per_minute=0),
        lambda: rows.update(valid_to=dt.date(2030, 1, 1)),
        lambda: superseded.update(superseded_at=None),
        rows.delete,
    ):
        with pytest.raises(DatabaseError, match="superseded, never edited"), transaction.atomic():
            attempt()
    assert history(contract) == [("01-01", "12-01", "0.06"), ("12-01", None, "0.05")]


def insert_raw(contract_id, valid_from):
    ContractRate.objects.create(
        contract_id=contract_id,
        access="toll",
        valid_from=valid_from,
        price_per_minute=1,
        contract_version=1,
        known_from=NOW,
    )


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_overlapping_rates_of_raw_concurrent_transactions():
    contract = make_contract(rates=[])

    def from_elsewhere():
        try:
            with transaction.atomic():
                insert_raw(contract.pk, "2026-06-01")
        except IntegrityError as error:
            return constraint_of(error)
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            insert_raw(contract.pk, "2026-01-01")
            other = pool.submit(from_elsewhere)
        assert other.result(timeout=20) == "rate_never_overlaps"
    assert contract.rates.count() == 1


@pytest.mark.django_db(transaction=True)
def test_simultaneous_extensions_queue_up():
    contract = make_contract()
    together = Barrier(4)

    def run(number):
        try:
            together.wait(timeout=10)
            extend(contract, f"2026-12-0{number}", now=NOW + number * HOUR, minimum_seconds=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(1, 5)))
    days = [day for day, _, _ in history(contract)]
    assert days == ["01-01", "12-01", "12-02", "12-03", "12-04"]
    assert Contract.objects.get().version == 6
