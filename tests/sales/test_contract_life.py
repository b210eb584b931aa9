"""A contract is drafted, put in force, ended; one at most per customer and day."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from integration.models import Event
from sales.models import Contract
from sales.selectors import contract_on
from sales.services import (
    ContractChangedMeanwhileError,
    ContractInvalidError,
    ContractNotActiveError,
    ContractNotDraftError,
    ContractOverlapsError,
    activate_contract,
    change_draft,
    discard_draft,
    end_contracts,
    terminate_contract,
)
from tests.factories.customers import make_customer
from tests.factories.sales import NOW, a_rate, draft, make_contract

pytestmark = pytest.mark.django_db


def constraint_of(error: IntegrityError) -> str | None:
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def events(contract):
    found = Event.objects.filter(subject_type="contract", subject_id=contract.number)
    return list(found.order_by("pk").values_list("type", flat=True))


def test_a_draft_binds_nobody_and_an_active_contract_does():
    contract = draft(start="2026-03-01", end="2026-12-01")
    day = dt.date(2026, 5, 1)
    assert contract_on(customer_id=contract.customer_id, day=day) is None
    contract = activate_contract(contract=contract, actor="tests", now=NOW)
    assert contract.status == Contract.Status.ACTIVE
    assert contract.activated_at == NOW
    assert contract.version == 2
    found = {
        day: contract_on(customer_id=contract.customer_id, day=dt.date.fromisoformat(day))
        for day in ("2026-02-28", "2026-03-01", "2026-11-30", "2026-12-01")
    }
    assert found == {
        "2026-02-28": None,
        "2026-03-01": contract,
        "2026-11-30": contract,
        "2026-12-01": None,
    }
    assert events(contract) == ["contract.drafted", "contract.activated"]


def test_events_name_the_customer_and_carry_no_money():
    contract = make_contract(commitment="123.45")
    event = Event.objects.get(type="contract.drafted")
    assert event.customer_number == contract.customer.number
    assert event.data == {"version": 1, "rates": 1}
    assert event.occurred_at == NOW


def test_numbers_count_up():
    first, second = draft(), draft()
    assert first.number.startswith("CT-")
    assert int(second.number[3:]) == int(first.number[3:]) + 1


def test_a_second_contract_on_the_same_days_is_refused():
    customer = make_customer()
    first = make_contract(customer, end="2026-12-01")
    second = draft(customer, start="2026-11-30")
    with pytest.raises(ContractOverlapsError) as refused:
        activate_contract(contract=second, actor="tests", now=NOW)
    assert refused.value.members == {"contract": first.number}
    second.refresh_from_db()
    assert second.status == Contract.Status.DRAFT
    assert events(second) == ["contract.drafted"]


def test_contracts_may_follow_each_other():
    customer = make_customer()
    first = make_contract(customer, end="2026-12-01")
    second = make_contract(customer, start="2026-12-01")
    assert contract_on(customer_id=customer.pk, day=dt.date(2026, 11, 30)) == first
    assert contract_on(customer_id=customer.pk, day=dt.date(2026, 12, 1)) == second


def test_activating_twice_is_refused():
    contract = make_contract()
    with pytest.raises(ContractNotDraftError):
        activate_contract(contract=contract, actor="tests", now=NOW)
    assert events(contract) == ["contract.drafted", "contract.activated"]


def test_terms_of_an_active_contract_do_not_change():
    contract = make_contract()
    with pytest.raises(ContractNotDraftError):
        change_draft(
            contract=contract, expected_version=2, actor="tests", now=NOW, changes={"peak": None}
        )
    with pytest.raises(ContractNotDraftError):
        discard_draft(contract=contract, actor="tests", now=NOW)
    for column, value in {
        "currency": "USD",
        "start": dt.date(2025, 1, 1),
        "status": "draft",
    }.items():
        with pytest.raises(DatabaseError, match="the terms of contract"), transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(**{column: value})
    with pytest.raises(DatabaseError, match="the terms of contract"), transaction.atomic():
        connection.cursor().execute("DELETE FROM sales_contract WHERE id = %s", [contract.pk])
    assert Contract.objects.filter(pk=contract.pk, currency="EUR").exists()


def test_a_draft_is_changed_field_by_field():
    contract = draft(commitment="10", fees={"setup": "5"})
    rate_ids = set(contract.rates.values_list("pk", flat=True))
    changed = change_draft(
        contract=contract,
        expected_version=1,
        actor="tests",
        now=NOW,
        changes={"commitment": None, "billing": "per_conference"},
    )
    assert (changed.commitment, changed.billing, changed.version) == (None, "per_conference", 2)
    assert changed.fees == {"setup": "5"}
    assert set(changed.rates.values_list("pk", flat=True)) == rate_ids
    changed = change_draft(
        contract=changed,
        expected_version=2,
        actor="tests",
        now=NOW,
        changes={"rates": [a_rate(access="voip")]},
    )
    assert list(changed.rates.values_list("access", "contract_version")) == [("voip", 3)]
    assert events(contract) == ["contract.drafted", "contract.changed", "contract.changed"]


def test_two_editors_of_a_draft_do_not_overwrite_each_other():
    contract = draft()
    change = partial(change_draft, contract=contract, expected_version=1, actor="tests", now=NOW)
    change(changes={"notes": "one"})
    with pytest.raises(ContractChangedMeanwhileError):
        change(changes={"notes": "two"})
    contract.refresh_from_db()
    assert contract.notes == "one"


def test_an_impossible_change_changes_nothing():
    contract = draft()
    with pytest.raises(ContractInvalidError):
        change_draft(
            contract=contract,
            expected_version=1,
            actor="tests",
            now=NOW,
            changes={"rates": [a_rate(), a_rate()], "notes": "new"},
        )
    contract.refresh_from_db()
    assert (contract.notes, contract.version, contract.rates.count()) == ("", 1, 1)


def test_a_draft_can_be_discarded():
    contract = draft()
    discard_draft(contract=contract, actor="tests", now=NOW)
    assert not Contract.objects.exists()
    assert Event.objects.filter(type="contract.discarded").exists()


def test_terminating_sets_the_first_day_without_it():
    contract = make_contract()
    end = dt.date(2026, 12, 1)
    for _again in range(2):
        contract = terminate_contract(contract=contract, end=end, actor="tests", now=NOW)
    assert (contract.end, contract.status, contract.version) == (end, "active", 3)
    assert contract_on(customer_id=contract.customer_id, day=dt.date(2026, 11, 30)) == contract
    assert contract_on(customer_id=contract.customer_id, day=end) is None
    assert events(contract)[2:] == ["contract.terminated"]


def test_terminating_today_ends_it_at_once():
    contract = make_contract()
    contract = terminate_contract(
        contract=contract, end=dt.date(2026, 11, 24), actor="tests", now=NOW
    )
    assert contract.status == Contract.Status.ENDED
    with pytest.raises(ContractNotActiveError):
        terminate_contract(contract=contract, end=dt.date(2026, 12, 1), actor="tests", now=NOW)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("2026-11-23", "in_the_past"),
        ("2026-01-01", "not_after_start"),
        ("2027-02-01", "later_than_agreed"),
    ],
)
def test_days_that_cannot_end_a_contract(end, code):
    contract = make_contract(end="2027-01-01")
    with pytest.raises(ContractInvalidError) as refused:
        terminate_contract(
            contract=contract, end=dt.date.fromisoformat(end), actor="tests", now=NOW
        )
    assert [fault[:2] for fault in refused.value.faults] == [(("end",), code)]
    contract.refresh_from_db()
    assert contract.end == dt.date(2027, 1, 1)


def test_a_draft_cannot_be_terminated():
    with pytest.raises(ContractNotActiveError):
        terminate_contract(contract=draft(), end=dt.date(2027, 1, 1), actor="tests", now=NOW)


def test_contracts_end_at_midnight_of_their_own_zone():
    madrid = make_contract(end="2026-12-01")
    bogota = make_contract(end="2026-12-01", timezone="America/Bogota")
    lasting = make_contract()
    before = dt.datetime(2026, 11, 30, 22, 59, tzinfo=dt.UTC)
    assert end_contracts(now=before) == 0
    assert end_contracts(now=before + dt.timedelta(minutes=1)) == 1
    assert end_contracts(now=before + dt.timedelta(minutes=1)) == 0
    for contract in (madrid, bogota, lasting):
        contract.refresh_from_db()
    assert [c.status for c in (madrid, bogota, lasting)] == ["ended", "active", "active"]
    assert end_contracts(now=before + dt.timedelta(hours=7)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_activations_one_wins():
    customer = make_customer()
    drafts = [draft(customer), draft(customer)]
    together = Barrier(2)

    def activate(contract):
        try:
            together.wait(timeout=10)
            return activate_contract(contract=contract, actor="tests", now=NOW).status
        except ContractOverlapsError:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(activate, drafts)) == ["active", "refused"]
    assert Contract.objects.filter(status="active").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_second_contract_of_a_raw_concurrent_transaction():
    customer = make_customer()
    first, second = draft(customer), draft(customer)
    raw = "UPDATE sales_contract SET status = 'active' WHERE id = %s"

    def from_elsewhere():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '10s'")
                cursor.execute(raw, [second.pk])  # waits for the other transaction, then fails
        except IntegrityError as error:
            return constraint_of(error)
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(raw, [first.pk])
            other = pool.submit(from_elsewhere)
        assert other.result(timeout=20) == "contract_one_per_customer_and_day"
    assert Contract.objects.filter(status="active").get() == first
