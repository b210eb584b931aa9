"""Measure how fast a file of calls becomes drafts, beside the way call by call.

``python -m bench.billing [--legs 1000000] [--customers 5000] [--one-by-one 2000] [--json]``; makes
a scratch database (on the server that DATABASE_URL names, else on one of its own) and leaves
nothing behind. It fails, and prints no table, unless the drafts have the digits of the pure loop
of ``billing.rating`` over the same file, a replay adds no row, the numbers of issued invoices have
no gap, and a replay changes no issued line. PDFs are not made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.figures import scratch_database

LEGS_OF_A_CALL = 5
PERIOD = "2026-11"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
FIRST = datetime(2026, 11, 2, tzinfo=UTC)
ISSUED = 20
_PREFIXES = ("34911", "34611", "4930", "5255", "1787")
_ACCESSES = ("toll", "toll_free", "dial_out", "voip")
_FEES = {"setup": "1.25", "recording_per_minute": "0.015"}
# Kinds of contracts in turn: plain, tiers with a commitment, included minutes with peak hours.
_KINDS: tuple[dict[str, Any], ...] = (
    {"monthly_fee": Decimal(30)},
    {"tiers": [{"from_minutes": 300, "discount_percent": "10"}], "commitment": Decimal(200)},
    {
        "included_minutes": 500,
        "included_access": ["toll", "voip"],
        "peak": {"weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "20:00"},
        "fees": _FEES,
    },
)


def make_customers(count: int) -> list[str]:
    """Make customers with a contract each, of three kinds with eight rates; answer their numbers.

    Rows are made directly: registering is not what is measured.
    """
    from billing.models import VatRate
    from conferencing.models import Bridge
    from customers.models import Customer, Issuer
    from customers.services import register_customer
    from sales.models import Contract, ContractRate

    model = register_customer(legal_name="Bench 0", country="ES", actor="bench", now=NOW)
    fields = {
        field.attname: getattr(model, field.attname)
        for field in Customer._meta.concrete_fields
        if field.attname not in ("id", "number", "legal_name")
    }
    customers = Customer.objects.bulk_create(
        [
            Customer(number=f"B-{serial:06d}", legal_name=f"Bench {serial}", **fields)
            for serial in range(count)
        ],
        batch_size=1000,
    )
    contracts = Contract.objects.bulk_create(
        [
            Contract(
                number=f"CT-{customer.number}",
                customer=customer,
                status=Contract.Status.ACTIVE,
                currency="EUR",
                timezone="Europe/Madrid",
                start=date(2026, 1, 1),
                billing=Contract.Billing.MONTHLY,
                vat_category=Contract.VatCategory.DOMESTIC,
                **_KINDS[serial % len(_KINDS)],
            )
            for serial, customer in enumerate(customers)
        ],
        batch_size=1000,
    )
    ContractRate.objects.bulk_create(
        [
            ContractRate(
                contract=contract,
                access=access,
                prefix=prefix,
                price_per_minute=Decimal("0.0571") + Decimal(len(prefix)) / 100,
                first_increment=60,
                next_increment=6,
                valid_from=contract.start,
                contract_version=1,
                known_from=NOW - timedelta(days=300),
            )
            for contract in contracts
            for access in _ACCESSES
            for prefix in ("", "346")
        ],
        batch_size=2000,
    )
    VatRate.objects.create(category="domestic", percent=Decimal(21), valid_from=date(2012, 9, 1))
    Issuer.objects.create(
        legal_name="Bench S.A.",
        tax_id="A58818501",
        line1="Calle 1",
        postcode="48001",
        city="Bilbao",
        country="ES",
    )
    Bridge.objects.create(slug="bench", name="Bench", make="feed", capacity=10**6)
    return [customer.number for customer in customers]


def write_file(path: Path, legs: int, numbers: list[str]) -> None:
    """Write so many legs in calls of five, customers mixed, the same ones at every run."""
    chance = random.Random(20261201)  # noqa: S311 - no secret
    calls = max(1, legs // LEGS_OF_A_CALL)
    step = timedelta(days=27) / calls
    with path.open("w") as file:
        for serial in range(calls):
            record = _record(chance, serial, numbers[serial % len(numbers)], FIRST + serial * step)
            file.write(json.dumps(record) + "\n")


def _record(chance: random.Random, serial: int, customer: str, began: datetime) -> dict[str, Any]:
    legs = []
    last = began
    for place in range(LEGS_OF_A_CALL):
        answered = began + timedelta(microseconds=chance.randrange(60_000_000))
        ended = answered + timedelta(microseconds=1 + chance.randrange(3_600_000_000))
        last = max(last, ended)
        legs.append(
            {
                "id": f"{serial:08d}-{place}",
                "participant": f"P{place}",
                "access": chance.choice(_ACCESSES),
                "number": f"+{chance.choice(_PREFIXES)}{chance.randrange(10**6):06d}",
                "answered_at": answered.isoformat().replace("+00:00", "Z"),
                "ended_at": ended.isoformat().replace("+00:00", "Z"),
            }
        )
    return {
        "call_id": f"call-{serial:08d}",
        "room": 10_000 + serial,
        "customer": customer,
        "recorded": serial % 7 == 0,
        "started_at": began.isoformat().replace("+00:00", "Z"),
        "ended_at": last.isoformat().replace("+00:00", "Z"),
        "legs": legs,
    }


def pure_totals(path: Path) -> dict[str, tuple[Any, ...]]:
    """Price the file by ``billing.rating`` alone; answer net, VAT, total and lines by customer."""
    from billing.rating import price_period
    from billing.selectors.terms import terms_of
    from conferencing.models import Bridge
    from conferencing.services.bulk_intake import read_imported_call
    from sales.models import Contract
    from toolkit.periods import Period

    bridge = Bridge.objects.get(slug="bench")
    calls: dict[str, list[str]] = {}
    with path.open() as file:
        for line in file:
            calls.setdefault(json.loads(line)["customer"], []).append(line)
    found = {}
    for contract in Contract.objects.select_related("customer").iterator():
        number = contract.customer.number
        read = [read_imported_call(bridge, json.loads(line)) for line in calls.get(number, [])]
        conferences = [_as_rated(call) for call in read]
        month = price_period(
            terms_of(contract).terms, Period.parse(PERIOD), 21_000_000, conferences
        )
        if month.lines:
            lines = sorted((line.kind, line.net, line.quantity or 0) for line in month.lines)
            found[number] = (month.net, month.vat, month.total, _hash(lines))
    return found


def _as_rated(call: Any) -> Any:  # noqa: ANN401 (an ImportedCall: Django may not be set up yet)
    from billing.rating import Conference, Leg
    from toolkit.periods import to_microseconds

    return Conference(
        id=str(call.conference_id),
        scheduled_start=to_microseconds(call.told.started_at),
        recorded=bool(call.booked.get("recorded")),
        legs=tuple(
            Leg(
                id=leg.leg_id,
                participant=leg.participant,
                access=leg.access,
                number=leg.number,
                answered_at=to_microseconds(leg.answered_at),
                ended_at=to_microseconds(leg.ended_at),
            )
            for leg in call.told.legs
        ),
    )


def drafted_totals() -> dict[str, tuple[Any, ...]]:
    """Answer the same as the database has it."""
    from billing.models import Invoice, InvoiceLine
    from toolkit.money import from_decimal

    lines: dict[int, list[tuple[str, int, int]]] = {}
    rows = InvoiceLine.objects.order_by().values_list("invoice", "kind", "net", "quantity")
    for invoice, kind, net, quantity in rows.iterator():
        lines.setdefault(invoice, []).append((kind, from_decimal(net), quantity or 0))
    return {
        number: (*map(from_decimal, sums), _hash(sorted(lines.get(pk, []))))
        for pk, number, *sums in Invoice.objects.order_by().values_list(
            "pk", "customer__number", "net", "vat", "total"
        )
    }


def _hash(rows: object) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def count_rows() -> dict[str, int]:
    """Count the rows of every table."""
    from django.apps import apps

    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def issued_lines() -> str:
    """Answer a fingerprint of issued invoices with their lines and taxes."""
    from billing.models import Invoice, InvoiceLine, InvoiceTax

    said = [
        list(rows.order_by("pk").values_list())
        for rows in (
            Invoice.objects.filter(state="issued"),
            InvoiceLine.objects.filter(invoice__state="issued"),
            InvoiceTax.objects.filter(invoice__state="issued"),
        )
    ]
    return _hash(said)


def one_by_one(path: Path, legs: int) -> float:
    """Take the first calls of the file through the services one after the other; undo it.

    Answers legs a second. They are spread over as many customers as there are calls.
    """
    from django.db import transaction

    from billing.services.bulk_batches import import_one
    from conferencing.models import Bridge
    from conferencing.services.bulk_intake import read_imported_call

    bridge = Bridge.objects.get(slug="bench")
    with path.open() as file:
        lines = [line for _serial, line in zip(range(legs // LEGS_OF_A_CALL), file, strict=False)]
    with transaction.atomic():
        began = time.perf_counter()
        for line in lines:
            import_one(bridge=bridge, call=read_imported_call(bridge, json.loads(line)), now=NOW)
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    return len(lines) * LEGS_OF_A_CALL / seconds


def require(condition: object, what: str) -> None:
    """End the run if a gate does not hold."""
    if not condition:
        message = f"bench.billing: {what}"
        raise SystemExit(message)


def run(legs: int, customers: int, sample: int, processes: int = 2) -> dict[str, Any]:
    """Measure on the database that is there."""
    from django.db import connection

    from billing.services.bulk import import_calls
    from conferencing.models import Bridge

    with tempfile.TemporaryDirectory(prefix="bpi-bench-") as folder:
        path = Path(folder) / "calls.jsonl"
        write_file(path, legs, make_customers(customers))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        rows_a_second = one_by_one(path, sample)
        bridge = Bridge.objects.get(slug="bench")
        began = time.perf_counter()
        report = import_calls(path=path, bridge=bridge, now=NOW, processes=processes)
        seconds = time.perf_counter() - began
        require(report.one_by_one == report.unreadable == 0, "some calls were not plain")
        require(drafted_totals() == pure_totals(path), "other digits than the pure loop")
        _issue(min(ISSUED, customers))
        before = (count_rows(), issued_lines())
        began = time.perf_counter()
        again = import_calls(path=path, bridge=bridge, now=NOW, processes=processes)
        replay = time.perf_counter() - began
        require(again.imported == 0 and count_rows() == before[0], "the replay added rows")
        require(issued_lines() == before[1], "the replay changed issued lines")
    return {
        "legs": report.legs,
        "drafts": report.drafts,
        "seconds": round(seconds, 1),
        "legs_per_second": round(report.legs / seconds),
        "one_by_one_legs_per_second": round(rows_a_second, 1),
        "times_as_fast": round(report.legs / seconds / rows_a_second, 1),
        "peak_mb": round(report.peak_bytes / 2**20),
        "replay_seconds": round(replay, 1),
        "gates": "same digits, 0 gaps, 0 changed issued lines, 0 rows added by the replay",
    }


def _issue(count: int) -> None:
    from billing.models import Invoice
    from billing.services import issue_invoice

    for invoice in Invoice.objects.order_by("pk")[:count]:
        issue_invoice(invoice=invoice, actor="bench", now=NOW)
    numbers = sorted(
        int(number.rsplit("-", 1)[-1])
        for number in Invoice.objects.values_list("number", flat=True)
        if number
    )
    require(numbers == list(range(1, count + 1)), "the numbers have a gap")


def print_results(found: dict[str, Any], *, as_json: bool) -> None:
    """Write the table, and the object on a line of its own."""
    for name, value in found.items():
        shown = f"{value:,}" if isinstance(value, int | float) else value
        sys.stdout.write(f"{name.replace('_', ' '):<28}{shown:>12}\n")
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--one-by-one", type=int, default=2_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with scratch_database():
        found = run(options.legs, options.customers, options.one_by_one, options.processes)
    print_results(found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
