"""A file of calls comes to the same rows as the signed feed, once, whenever it is killed."""

import datetime as dt
import json
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from billing.models import BillingPeriod, Charge, ChargeLine, Invoice, InvoiceLine, RatedLeg
from billing.services import bulk, bulk_batches, issue_invoice
from conferencing.models import CallRecord, Conference, Leg
from conferencing.services.bulk_intake import read_imported_call
from integration.models import Event
from tests.billing.world import make_issuer_once, make_vat_rate_once
from tests.factories.billing import NOW, make_bridge, make_contract, make_rate
from tests.factories.customers import make_customer

TABLES = (Conference, CallRecord, Leg, Charge, ChargeLine, RatedLeg, Invoice, InvoiceLine)
FEES = {
    "setup": "1.25",
    "recording_per_minute": "0.015",
    "unused_port": "0.75",
    "overage_port": "1.5",
    "minimum_participants": 3,
    "minimum_participant_per_minute": "0.06",
}


def make_customers() -> list[str]:
    """Tiers with a commitment; a pool with fees and peak hours; English, with a monthly fee."""
    make_vat_rate_once()
    tiers = make_customer()
    make_contract(
        tiers,
        (("toll", "0.06"), ("voip", "0.013")),
        tiers=[{"from_minutes": 10, "discount_percent": "10"}],
        commitment="500",
    )
    pool = make_customer()
    contract = make_contract(
        pool,
        (("toll", "0.07"), ("dial_out", "0.11")),
        included_minutes=15,
        included_access=["toll"],
        fees=FEES,
        peak={"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"},
    )
    make_rate(contract, "toll", "0.09", band="peak", connection_fee="0.05")
    plain = make_customer(language="en")
    make_contract(plain, (("voip", "0.01"),), monthly_fee="30")
    return [tiers.number, pool.number, plain.number]


def call(customer: str, serial: int, start: str, **fields: object) -> dict[str, object]:
    """A call of three legs of 5, 10 and 15 minutes less some seconds."""
    began = dt.datetime.fromisoformat(f"2026-11-{start}+00:00") + dt.timedelta(seconds=serial)
    ends = [began + dt.timedelta(minutes=5 * leg, seconds=-7 * leg) for leg in (1, 2, 3)]
    accesses = ("toll", "voip", "dial_out")
    return {
        "call_id": f"call-{serial}",
        "room": 5000 + serial,
        "customer": customer,
        "started_at": began.isoformat(),
        "ended_at": ends[-1].isoformat(),
        "legs": [
            {
                "id": f"leg-{serial}-{place}",
                "participant": f"P\t{place}\\n",
                "access": access,
                "number": "+34911234567" if access == "dial_out" else "",
                "answered_at": began.isoformat(),
                "ended_at": ended.isoformat(),
            }
            for place, (access, ended) in enumerate(zip(accesses, ends, strict=True))
        ],
        **fields,
    }


_KINDS: list[dict[str, object]] = [
    {"title": "Junta\n"},
    {"recorded": True, "reserved_ports": 2},
    {},
    {},
]


def make_calls(numbers: list[str]) -> list[dict[str, object]]:
    return [
        call(number, 10 * turn + place, f"{2 + turn:02d}T19:50:00", **fields)
        for place, number in enumerate(numbers)
        for turn, fields in enumerate(_KINDS)
    ]


@pytest.fixture
def bridge(db):
    return make_bridge()


def write(path, calls):
    path.write_text("".join(json.dumps(one) + "\n" for one in calls))
    return path


def run(path, bridge, processes=1):
    return bulk.import_calls(path=path, bridge=bridge, now=NOW, processes=processes)


def counts() -> list[int]:
    return [model.objects.count() for model in (*TABLES, BillingPeriod, Event)]


_NAMES: dict[Any, str] = {
    Conference: "customer room title state scheduled_start started_at ended_at recorded "
    "operator_assisted reserved_ports billing_reference record_version recorded_at reservation",
    CallRecord: "call_id version source message_id digest body received_at",
    Leg: "leg_id participant participant_id handle access number answered_at answered_how "
    "ended_at ended_how withdrawn without_ticket last_seen_at conference__room",
    Charge: "conference__room customer contract period currency problem version record_version "
    "sort_at free_before free_after charged_before charged_after net participants "
    "duration_seconds unpriced_legs estimated_legs created_at priced_at invoice__period",
    ChargeLine: "charge__conference__room version record_version kind quantity unit_price net",
    RatedLeg: "charge__conference__room leg__leg_id version reference participant access number "
    "estimated problem answered_at ended_at late_at duration_seconds billed_seconds free_seconds "
    "connection_fee amount segments",
    Invoice: "customer contract conference period kind state currency language net vat total "
    "number snapshot created_at updated_at",
    InvoiceLine: "invoice__contract conference__room charge_line__kind kind description held_at "
    "title reference period quantity net vat_category vat_percent basis",
    Invoice.taxes.rel.related_model: "invoice__contract category percent base amount reason",
    BillingPeriod: "contract period closed_at",
}


def rows() -> dict[str, list[str]]:
    """Every row without its id, and without the digest of a charge, which names conferences."""
    connection.check_constraints()
    return {
        model.__name__: sorted(map(repr, model.objects.order_by().values_list(*names.split())))
        for model, names in _NAMES.items()
    }


def undone(work) -> dict[str, list[str]]:
    with transaction.atomic():
        work()
        found = rows()
        transaction.set_rollback(True)
    return found


def test_a_file_comes_to_the_rows_of_the_ordinary_path(tmp_path, bridge):
    calls = make_calls(make_customers())
    path = write(tmp_path / "calls.jsonl", reversed(calls))

    def one_by_one():
        read = [read_imported_call(bridge, one) for one in calls]
        for one in read:
            bulk_batches.import_one(bridge=bridge, call=one, now=NOW)

    expected = undone(one_by_one)
    report = run(path, bridge)
    assert (report.imported, report.legs, report.drafts, report.one_by_one) == (12, 36, 3, 0)
    found = rows()
    assert len(found["RatedLeg"]) == 36
    for table, those in expected.items():
        assert found[table] == those, table


def test_a_large_customer_is_written_in_pieces(tmp_path, bridge, monkeypatch):
    calls = make_calls(make_customers())
    path = write(tmp_path / "calls.jsonl", reversed(calls))
    whole = undone(lambda: run(path, bridge))
    monkeypatch.setattr(bulk, "_BATCH_BYTES", 1_500)
    assert run(path, bridge).imported == 12
    assert rows() == whole


def test_a_replay_adds_nothing_and_changes_no_issued_line(tmp_path, bridge):
    make_issuer_once()
    path = write(tmp_path / "calls.jsonl", make_calls(make_customers()))
    run(path, bridge)
    invoice = Invoice.objects.order_by("pk").first()
    issue_invoice(invoice=invoice, actor="tests", now=NOW)
    before = (counts(), rows())
    report = run(path, bridge)
    assert (report.imported, report.known) == (0, 12)
    assert (counts(), rows()) == before


def test_what_is_not_plain_takes_the_ordinary_path(tmp_path, bridge):
    tiers, pool, plain = make_customers()
    run(
        write(tmp_path / "first", [call(tiers, 1, "10T10:00:00"), call(plain, 2, "10T10:00:00")]),
        bridge,
    )
    make_issuer_once()
    issue_invoice(invoice=Invoice.objects.get(customer__number=plain), actor="tests", now=NOW)
    corrected = call(tiers, 1, "10T10:01:00")
    earlier = call(tiers, 3, "09T10:00:00")
    late = call(plain, 4, "11T10:00:00")
    nobody = call("", 5, "11T10:00:00")
    named = call(pool, 6, "11T10:00:00", legs=call(pool, 1, "10T10:00:00")["legs"])
    calls = [corrected, earlier, late, nobody, named, call(pool, 7, "12T10:00:00")]
    report = run(write(tmp_path / "more", calls), bridge)
    assert (report.imported, report.one_by_one, report.unreadable) == (1, 4, 1)
    assert [fault.split(":")[0] for fault in report.faults] == ["call call-6"]
    versions = Charge.objects.filter(customer__number=tiers).order_by("sort_at")
    assert list(versions.values_list("conference__room", "version")) == [(5003, 1), (5001, 3)]
    late_lines = InvoiceLine.objects.filter(conference__room=5004)
    assert set(late_lines.values_list("invoice__period", "period")) == {("2026-12", "2026-11")}
    orphan = Charge.objects.get(conference__room=5005)
    assert orphan.problem == Charge.Problem.NO_CUSTOMER


def test_lines_that_cannot_be_read_are_named(tmp_path, bridge, capsys):
    good = call(make_customers()[0], 1, "10T10:00:00")
    path = write(tmp_path / "calls.jsonl", [good, {"call_id": "x"}, good | {"reserved_ports": -1}])
    with pytest.raises(CommandError, match="2 lines could not be taken"):
        call_command("importcalls", str(path), "--processes", "1")
    out, err = capsys.readouterr()
    assert out.startswith("1 calls of 3 legs imported, 1 drafts made\n")
    assert sorted(line.split(":")[0] for line in err.splitlines()) == ["line 2", "line 3"]


@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_killed_is_completed_by_the_next(tmp_path, monkeypatch):
    numbers = make_customers()
    bridge = make_bridge()
    path = write(tmp_path / "calls.jsonl", make_calls(numbers))
    monkeypatch.setattr(bulk, "_BATCH_BYTES", 1_500)
    written = bulk_batches.write_lines
    turns = iter(range(10))

    def killed(drafts):
        written(drafts)
        if next(turns) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_batches, "write_lines", killed)
        with pytest.raises(BrokenProcessPool):
            run(path, bridge, processes=2)
    there = Charge.objects.count()
    assert 0 < there < 12
    assert CallRecord.objects.count() == there
    report = run(path, bridge, processes=2)
    assert report.imported + report.known == 12
    assert (Charge.objects.count(), RatedLeg.objects.count(), Leg.objects.count()) == (12, 36, 36)
    assert Invoice.objects.count() == 3
    assert run(path, bridge, processes=2).known == 12
