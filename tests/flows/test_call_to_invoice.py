"""From a booking to an invoice on a real Janus, untouched: everything is asked by API.

Bridge link and worker are processes of their own; all tests share them, each with a customer of
its own. Two calls begin before the first test and last: one until its booked time is over, one
into peak hours. That links and workers are killed meanwhile is none of their business.
"""

import datetime as dt
import json
import subprocess
import time

import pytest
from django.db.models import F

from bench.chain import STEPS, measure, print_results
from billing.models import Charge, ChargeLine, RatedLeg
from billing.tasks import charge_conference
from conferencing.models import BridgeEvent, Leg
from integration.models import Event
from tests.bridge.janus import EventSink, wait_until
from tests.conferencing.test_link_on_janus import post_events
from tests.flows.stage import statement_held, waiting_for_locks
from tests.flows.story import (
    MINUTE,
    PATIENCE,
    Account,
    Call,
    next_full_minute,
    terms_with_peak,
)

pytestmark = [pytest.mark.janus, pytest.mark.poppler, pytest.mark.pango]

# Billed at least so long, a call of two seconds also reaches over the next full minute.
OVER_THE_MINUTE = {"toll_increment": 60, "toll_minimum": 62}


@pytest.fixture(scope="module", autouse=True)
def long_call(stage):
    """A call with all a contract can ask for, begun before the others and before peak hours."""
    boundary = next_full_minute()
    terms = terms_with_peak(
        stage,
        peak_from=boundary,
        toll_increment=1,
        included_minutes=1,
        included_access=["voip", "dial_out"],
        tiers=[{"from_minutes": 0, "discount_percent": "2.5"}],
        monthly_fee="49",
        commitment="70",
    )
    call = Call(stage, Account(stage, terms=terms), recorded=True)
    call.boundary = boundary
    call.join_three()
    call.wait_until_live()
    return call


@pytest.fixture(scope="module", autouse=True)
def call_to_the_end(stage):
    """A call that is invoiced unseen. Two stay in until its booked time is over, quite soon."""
    account = an_account(stage, billing="per_conference", issue="automatic", payment_days=15)
    closes_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=25)
    begun_at = closes_at - 15 * MINUTE
    call = Call(stage, account, scheduled_start=begun_at.isoformat(), duration_minutes=15)
    call.closes_at = closes_at
    call.join_three()
    call.wait_until_live()
    call.hang_up("Ana")
    return call


def an_account(stage, **fields):
    """Return a customer whose peak hours begin at the next full minute."""
    terms = terms_with_peak(stage, peak_from=next_full_minute(), **OVER_THE_MINUTE)
    return Account(stage, terms=terms, **fields)


def wait_for_invoice(account, call):
    """Wait until the customer is billed what the call must cost, to the last second and cent."""
    wait_until(lambda: call.is_told() and account.invoices(), seconds=PATIENCE, what="an invoice")
    expected = [account.expected(call.as_case())]
    try:
        wait_until(lambda: account.billed() == expected, seconds=PATIENCE)
    except AssertionError:
        assert account.billed() == expected
    return account.invoices()[0]


def assert_charged_once(call, *, version=1):
    charge = Charge.objects.get(conference=call.conference)
    assert (charge.version, charge.problem) == (version, "")
    assert set(ChargeLine.objects.filter(charge=charge).values_list("version", flat=True)) == set(
        range(1, version + 1)
    )
    told = Event.objects.filter(type="charge.priced", subject_id=call.conference)
    assert told.count() == version
    legs = RatedLeg.objects.filter(charge=charge, version=version)
    assert legs.count() == len(call.as_case()["legs"])


def test_a_call_stands_on_a_draft_within_two_seconds(stage):
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    call.wait_until_live()
    call.hang_up("Ana", "Carmen")
    hung_up_at = time.monotonic()
    call.hang_up()
    wait_until(account.invoices, seconds=PATIENCE, what="the draft")
    assert time.monotonic() - hung_up_at < 2
    assert account.billed() == [account.expected(call.as_case())]
    assert_charged_once(call)
    assert {leg["answered_how"] for leg in call.as_seen()["legs"]} == {"event"}


def test_each_event_delivered_twice_is_billed_once(stage):
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    repeated = set()

    def repeat_events():
        """Post each event that was not repeated yet, as Janus does when an answer is late."""
        rows = BridgeEvent.objects.exclude(pk__in=repeated).order_by("pk")
        for pk, body in rows.values_list("pk", "body"):
            assert post_events(stage.janus, [body]) == 200
            repeated.add(pk)

    wait_until(lambda: repeat_events() or len(call.as_seen()["legs"]) == 3, seconds=PATIENCE)
    call.hang_up("Carmen", "Ana")
    repeat_events()
    call.hang_up("Bruno")
    wait_until(lambda: repeat_events() or account.invoices(), seconds=PATIENCE)
    repeat_events()
    charge_conference.delay(call.conference)  # as is what was handed over
    stage.worker.wait_until_idle()
    assert BridgeEvent.objects.filter(pk__in=repeated, room=call.room).count() >= 6
    wait_for_invoice(account, call)
    assert_charged_once(call)


def test_the_benchmark_measures_and_prints(stage, capsys):
    print_results(measure(stage, calls=2, at_once=2), as_json=True)
    *table, last = capsys.readouterr().out.splitlines()
    measured = json.loads(last)
    assert (measured["calls"], measured["at_once"]) == (2, 2)
    assert len(table) == 1 + len(STEPS) + 1
    medians = [measured["from_hang_up"][step]["median_ms"] for step in STEPS]
    assert medians == sorted(medians)
    assert medians[0] >= 0


def test_two_workers_that_are_given_the_same_call_charge_it_once(stage):
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    call.wait_until_live()
    contract = "SELECT 1 FROM sales_contract WHERE number = %s FOR UPDATE"
    with statement_held(contract, account.contract):
        call.hang_up()
        wait_until(lambda: call.as_seen()["state"] == "ended", seconds=PATIENCE, what="the end")
        for _each in range(3):
            charge_conference.delay(call.conference)
        wait_until(lambda: waiting_for_locks() >= 2, seconds=PATIENCE, what="two busy processes")
        assert account.invoices() == []
    stage.worker.wait_until_idle()
    wait_for_invoice(account, call)
    assert_charged_once(call)


def test_a_worker_killed_while_it_charges_leaves_the_call_to_its_successor(stage):
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    call.wait_until_live()
    # Charge, lines and rated legs are written by then, and nothing is committed.
    with statement_held("LOCK TABLE billing_invoiceline IN SHARE MODE"):
        call.hang_up()
        wait_until(lambda: waiting_for_locks() == 1, seconds=PATIENCE, what="a worker at work")
        stage.worker.kill()
    assert not Charge.objects.filter(conference=call.conference).exists()
    assert account.invoices() == []
    stage.worker.start()
    wait_for_invoice(account, call)
    assert_charged_once(call)


def test_a_link_killed_in_mid_call_costs_nobody_a_second(stage):
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    call.wait_until_live()
    stage.link.kill()
    call.hang_up("Ana")
    call.join("Diego", "dial_out", "+34618000003")
    stage.restart_link()
    call.hang_up()
    wait_for_invoice(account, call)
    assert len(call.as_case()["legs"]) == 4
    told = {
        how for leg in call.as_seen()["legs"] for how in (leg["answered_how"], leg["ended_how"])
    }
    assert told <= {"event", "event-late"}
    charge = Charge.objects.get(conference=call.conference)
    assert_charged_once(call, version=charge.version)


def test_an_invoice_that_nobody_reviews_is_issued_when_the_room_closes(stage, call_to_the_end):
    call, account = call_to_the_end, call_to_the_end.account
    wait_until(call.is_told, seconds=PATIENCE, what="the end of the room")
    assert dt.datetime.now(dt.UTC) > call.closes_at
    wait_for_invoice(account, call)
    (invoice,) = wait_until(
        lambda: [one for one in account.invoices() if one["status"] == "open"], seconds=PATIENCE
    )
    assert invoice["conference"] == call.conference
    assert_charged_once(call)
    ends = {leg["participant"]: leg["ended_how"] for leg in call.as_seen()["legs"]}
    assert ends == {"Ana": "event", "Bruno": "room-destroyed", "Carmen": "room-destroyed"}
    assert_paper_agrees(stage, invoice, account.expected(call.as_case()))


def assert_paper_agrees(stage, invoice, expected):
    paper = stage.accountant.download(f"invoices/{invoice['id']}/pdf/")
    read = subprocess.run(
        ["pdftotext", "-layout", "-", "-"],  # noqa: S607 (the marked part)
        input=paper,
        capture_output=True,
        check=True,
    )
    lines = [" ".join(line.split()) for line in read.stdout.decode().splitlines()]
    for line in invoice["lines"]:
        amount = in_spanish(line["net"])
        assert any(line["description"] in said and amount in said for said in lines), line
    text = "\n".join(lines)
    assert invoice["number"] in text
    net, vat, total = expected["totals"]
    assert f"Total {in_spanish(total)} €" in text
    assert any(said.endswith(in_spanish(net)) for said in lines)
    assert any("21 %" in said and said.endswith(in_spanish(vat)) for said in lines)
    for leg in expected["legs"]:
        assert in_spanish(leg[4]).rstrip("0") in text


def in_spanish(amount):
    return amount.replace(".", ",")


def test_a_call_across_the_beginning_of_peak_hours(stage, long_call):
    account, boundary = long_call.account, long_call.boundary
    long_call.hang_up("Ana", "Carmen")
    wait_until(lambda: dt.datetime.now(dt.UTC) > boundary, seconds=61, what="the full minute")
    long_call.hang_up()
    invoice = wait_for_invoice(account, long_call)
    assert invoice["status"] == "draft"
    assert_charged_once(long_call)
    (bruno,) = [leg for leg in long_call.as_case()["legs"] if leg["access"] == "toll"]
    began, ended = (dt.datetime.fromisoformat(bruno[name]) for name in ("answered_at", "ended_at"))
    assert began < boundary < ended
    kinds = {line["kind"] for line in invoice["lines"]}
    assert {"usage:toll", "usage:voip", "usage:dial_out"} < kinds
    assert {"setup", "recording", "unused_ports", "monthly_fee", "commitment_shortfall"} < kinds


def test_polling_alone_bills_what_the_unheard_events_say(stage):
    stage.link.kill()
    unheard = EventSink(stage.janus)
    stage.restart_link(events=False)
    account = an_account(stage)
    call = Call(stage, account)
    call.join_three()
    call.wait_until_live()
    seen_again = Leg.objects.filter(last_seen_at__gt=F("answered_at") + dt.timedelta(seconds=1))
    in_call = seen_again.filter(conference=call.conference)
    wait_until(lambda: in_call.count() == 3, seconds=PATIENCE, what="a second poll")
    call.hang_up()
    wait_for_invoice(account, call)
    assert_charged_once(call)
    assert {event.get("poll") for event in call.events()} == {"seen", "gone"}
    assert all(leg["estimated"] for leg in call.as_seen()["legs"])
    wait_until(lambda: call.is_told(unheard.events), seconds=PATIENCE, what="what nobody heard")
    unheard.close()
    own_times = call.as_case(unheard.events)
    assert own_times != call.as_case()
    assert amounts_without_durations(account.billed()) == amounts_without_durations(
        [account.expected(own_times)]
    )


def amounts_without_durations(invoices):
    """Leave out the second that a poll may be wrong by: no amount hangs on it here."""
    return [
        invoice | {"legs": [(leg, *more) for leg, _duration, *more in invoice["legs"]]}
        for invoice in invoices
    ]
