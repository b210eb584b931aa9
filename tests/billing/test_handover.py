"""How a finished conference reaches billing: signal, worker, sweeps, and what failure costs."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest
from celery.exceptions import OperationalError
from django.db import connection, transaction

from billing import tasks
from billing.models import Charge, ChargeLine, Invoice, InvoiceLine, RatedLeg
from billing.selectors import charges_to_retry, uncharged_conferences
from billing.services import charge_conference, issue_due_conference_invoices
from bpi_portal.timetable import TIMETABLE
from conferencing.models import Conference
from conferencing.selectors import closes_at
from conferencing.services import accept_call_record
from conferencing.signals import conference_ended
from integration.models import Event
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_rate,
    make_vat_rate,
)
from tests.factories.conferencing import make_leg, make_record, make_reservation
from tests.factories.customers import make_customer, make_issuer

# Longer than any of these takes, even beside the rest of the suite on a slow machine.
PATIENCE = 60


def rows():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (ChargeLine, RatedLeg, Invoice, InvoiceLine)
    ] + [list(Charge.objects.order_by("pk").values_list("pk", "version", "digest", "net"))]


def announce(conference):
    with transaction.atomic():
        conference_ended.send(sender=Conference, conference_id=str(conference.pk))


@pytest.mark.django_db
def test_the_end_is_handed_over_once_it_is_committed(
    monkeypatch, django_capture_on_commit_callbacks
):
    handed_over: list[str] = []
    monkeypatch.setattr(tasks.charge_conference, "delay", handed_over.append)
    conference = make_conference(make_customer(), ("24 10:00", "24 10:05"))
    with django_capture_on_commit_callbacks() as callbacks:
        announce(conference)
        assert handed_over == []
    assert len(callbacks) == 1
    callbacks[0]()
    assert handed_over == [str(conference.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_fails_nobody_and_the_sweep_charges(monkeypatch):
    def unreachable(*_args):
        raise OperationalError

    monkeypatch.setattr(tasks.charge_conference, "delay", unreachable)
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("24 10:00", "24 10:05"), start="24 10:00")
    announce(conference)
    assert not Charge.objects.exists()
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOW)
    tasks.charge_uncharged()
    assert Charge.objects.get().net == Decimal("0.30")


NO_BROKER = """
import django, time
django.setup()
from bpi_portal.celery import app  # as every process of the portal has it
from billing import tasks
started = time.monotonic()
try:
    tasks.charge_conference.delay("x")
except Exception as error:
    print(type(error).__name__, time.monotonic() - started < 3)
"""


def test_nobody_waits_for_a_broker_that_is_not_there():
    told = subprocess.run(  # noqa: S603 (our own interpreter, our own code)
        [sys.executable, "-c", NO_BROKER],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (told.stdout, told.stderr) == ("OperationalError True\n", "")


@pytest.mark.django_db
def test_the_task_run_twice_changes_nothing():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer)
    conference = make_conference(customer, ("24 10:00", "24 10:05"))
    tasks.charge_conference(str(conference.pk))
    before = rows()
    tasks.charge_conference(str(conference.pk))
    tasks.charge_uncharged()
    tasks.charge_everything()
    assert rows() == before
    assert Event.objects.filter(type="charge.priced").count() == 1


@pytest.mark.django_db
def test_a_task_for_what_is_live_or_gone_does_nothing():
    live = make_conference(make_customer(), ("24 10:00", "24 10:05"), state="live")
    tasks.charge_conference(str(live.pk))
    tasks.charge_conference("00000000-0000-0000-0000-000000000000")
    assert not Charge.objects.exists()


@pytest.mark.django_db
def test_the_missing_row_is_the_queue():
    customer = make_customer()
    make_contract(customer)
    done = make_conference(customer, ("24 10:00", "24 10:05"))
    charge_conference(conference_id=done.pk, now=NOW)
    corrected = make_conference(customer, ("24 11:00", "24 11:05"))
    charge_conference(conference_id=corrected.pk, now=NOW)
    correct(corrected, ("24 11:00", "24 11:06"))
    make_conference(customer, ("24 12:00", "24 12:05"), state="live")
    missed = make_conference(customer, start="10 10:00")
    assert list(uncharged_conferences()) == [missed, corrected]
    assert list(uncharged_conferences(since=NOW - dt.timedelta(days=3))) == [corrected]
    tasks.charge_everything()
    assert list(uncharged_conferences()) == []
    assert Charge.objects.count() == 3


@pytest.mark.django_db
def test_one_that_fails_does_not_keep_up_the_others(monkeypatch):
    customer = make_customer()
    make_contract(customer)
    bad = make_conference(customer, ("24 10:00", "24 10:05"))
    good = make_conference(customer, ("24 11:00", "24 11:05"))
    charge = tasks.services.charge_conference

    def fail_for_one(*, conference_id, now):
        if conference_id == bad.pk:
            raise RuntimeError
        return charge(conference_id=conference_id, now=now)

    monkeypatch.setattr(tasks.services, "charge_conference", fail_for_one)
    tasks.charge_everything()
    assert Charge.objects.get().conference == good


@pytest.mark.django_db
def test_what_waits_is_retried_when_its_cause_may_be_gone():
    later = NOW + dt.timedelta(hours=2)
    customer = make_customer()
    no_contract = make_conference(customer, ("24 10:00", "24 10:05"))
    priced = make_customer()
    contract = make_contract(priced)
    no_rate = make_conference(priced, ("24 10:00", "24 10:05", "voip"))
    orphan = make_conference(None, ("24 10:00", "24 10:05"))
    for conference in (no_contract, no_rate, orphan):
        charge_conference(conference_id=conference.pk, now=NOW)
    assert list(charges_to_retry()) == []
    make_contract(customer, activated_at=later)
    assert [charge.conference for charge in charges_to_retry()] == [no_contract]
    make_rate(contract, "voip", "0.01", known_from=later)
    Conference.objects.filter(pk=orphan.pk).update(customer=customer)
    assert {charge.conference for charge in charges_to_retry()} == {no_contract, no_rate, orphan}
    tasks.charge_uncharged()
    assert set(Charge.objects.values_list("problem", "net")) == {
        ("", Decimal("0.30")),
        ("", Decimal("0.05")),
    }


@pytest.mark.django_db
def test_the_sweep_issues_automatic_invoices_that_had_to_wait():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, billing="per_conference", issue="automatic")
    conference = make_conference(customer, ("24 10:00", "24 10:05"))
    charge_conference(conference_id=conference.pk, now=NOW)
    assert Invoice.objects.get().state == "draft"
    make_issuer()
    tasks.charge_uncharged()
    assert Invoice.objects.get().number is not None


@pytest.mark.django_db
def test_an_invoice_of_its_own_waits_until_nobody_can_come_back():
    make_issuer()
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, billing="per_conference", issue="automatic")
    reservation = make_reservation(customer=customer, access=["toll"])
    leg = make_leg("a", reservation.scheduled_start, access="toll")
    told = accept_call_record(
        bridge=reservation.bridge,
        record=make_record(reservation, legs=[leg]),
        now=reservation.scheduled_start + dt.timedelta(minutes=12),
    )
    closed_at = closes_at(reservation)
    before = closed_at - dt.timedelta(seconds=1)
    charge = charge_conference(conference_id=told.conference.pk, now=before)
    assert (charge.problem, charge.invoice.state) == ("", "draft")
    assert issue_due_conference_invoices(actor="billing", now=before) == []
    assert issue_due_conference_invoices(actor="billing", now=closed_at) == [charge.invoice_id]


def test_everything_that_recurs_is_in_the_timetable():
    scheduled = {entry["task"] for entry in TIMETABLE.values()}
    assert {
        "billing.tasks.charge_uncharged",
        "billing.tasks.charge_everything",
        "billing.tasks.prepare_due_periods",
    } <= scheduled


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_charge_once_each_and_in_order():
    """Six conferences, each given to three workers, on connections of their own."""
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, included_minutes=10, included_access=["toll"])
    conferences = [
        make_conference(customer, (f"24 {hour:02d}:00", f"24 {hour:02d}:04")) for hour in range(6)
    ]
    ready = threading.Barrier(18)
    errors = []

    def work(conference):
        try:
            ready.wait(PATIENCE)
            charge_conference(conference_id=conference.pk, now=NOW)
        except Exception as error:  # noqa: BLE001 (told by the main thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(conference,)) for conference in conferences * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert errors == []
    assert list(Charge.objects.order_by("sort_at").values_list("conference", "net")) == [
        (conference.pk, Decimal(net))
        for conference, net in zip(
            conferences, ("0", "0", "0.12", "0.24", "0.24", "0.24"), strict=True
        )
    ]
    current = [line.charge.version == line.version for line in ChargeLine.objects.all()]
    assert sum(current) == 6
    assert Invoice.objects.get().net == Decimal("0.84")
    assert InvoiceLine.objects.count() == 6
    assert Event.objects.filter(type="charge.priced").count() == 6


DIES_BEFORE_COMMIT = """
import django, os, signal, sys
django.setup()
from django.utils import timezone
from billing.services import charges
# Everything is written, nothing committed: say so, and wait to be killed.
def last_step(*args, **kwargs):
    print("written", flush=True)
    signal.pause()
charges._record = last_step
charges.charge_conference(conference_id=sys.argv[1], now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_half_way_leaves_nothing_and_holds_nobody_up():
    make_vat_rate()
    customer = make_customer()
    make_contract(customer, included_minutes=4, included_access=["toll"])
    later = make_conference(customer, ("24 11:00", "24 11:04"))
    charge_conference(conference_id=later.pk, now=NOW)
    conference = make_conference(customer, ("24 10:00", "24 10:04"))
    before = rows()
    settings = connection.settings_dict
    url = (
        f"postgresql://{settings['USER']}:{settings['PASSWORD']}@/{settings['NAME']}"
        f"?host={settings['HOST']}&port={settings['PORT']}"
    )
    worker = subprocess.Popen(  # noqa: S603 (our own interpreter, our own code)
        [sys.executable, "-c", DIES_BEFORE_COMMIT, str(conference.pk)],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    try:
        assert worker.stdout.readline() == "written\n"
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(PATIENCE) == -signal.SIGKILL
    finally:
        worker.kill()
        worker.stdout.close()
    assert rows() == before
    started = time.monotonic()
    charge_conference(conference_id=conference.pk, now=NOW)
    assert time.monotonic() - started < PATIENCE
    assert Charge.objects.get(conference=conference).net == Decimal(0)
    assert Charge.objects.get(conference=later).net == Decimal("0.24")
    assert Invoice.objects.get().lines.count() == 2
