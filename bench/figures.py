"""Measure how fast a customer's figures are answered when the month holds very many legs.

``python -m bench.figures [--legs 200000] [--requests 50] [--json]``; makes a scratch database
(on the server that DATABASE_URL names, else on one of its own) and leaves nothing behind. The
figures are asked for as the salesperson's screen does it, who asked being recorded each time.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEGS_OF_A_CONFERENCE = 5
OTHER_CUSTOMERS = 20

# Conferences of five legs of ten minutes, spread over the month, charged and on the draft.
FILL = """
CREATE TEMPORARY TABLE held ON COMMIT DROP AS
    SELECT gen_random_uuid() AS id, customer.id AS customer_id,
        timestamptz '2026-11-01 00:00Z' + serial * interval '28 days' / %(conferences)s AS moment
    FROM generate_series(1, %(conferences)s) AS serial
    CROSS JOIN customers_customer AS customer
    WHERE customer.id = %(customer)s OR serial %% %(others)s = 0;

INSERT INTO conferencing_conference (id, customer_id, bridge_id, room, title, state,
        scheduled_start, operator_assisted, recorded, billing_reference, record_version)
    SELECT id, customer_id, %(bridge)s, 1000 + row_number() OVER (), '', 'ended',
        moment, false, false, '', 1 FROM held;

INSERT INTO conferencing_leg (bridge_id, conference_id, leg_id, participant, participant_id,
        handle, access, number, answered_at, answered_how, ended_at, ended_how, without_ticket,
        withdrawn)
    SELECT %(bridge)s, id, id || '-' || leg, 'P' || leg, '', '', 'toll', '', moment, 'event',
        moment + interval '10 minutes', 'event', false, false
    FROM held CROSS JOIN generate_series(1, %(legs)s) AS leg;

INSERT INTO billing_charge (conference_id, customer_id, contract_id, invoice_id, period, currency,
        problem, version, record_version, digest, sort_at, free_before, free_after,
        charged_before, charged_after, net, participants, duration_seconds, unpriced_legs,
        estimated_legs, created_at, priced_at)
    SELECT id, customer_id, %(contract)s, CASE WHEN customer_id = %(customer)s THEN %(invoice)s END,
        '2026-11', 'EUR', '', 1, 1, '', moment, 0, 0, 0, 0, 3, %(legs)s, %(legs)s * 600, 0, 0,
        moment, moment
    FROM held;

INSERT INTO billing_ratedleg (charge_id, leg_id, version, reference, participant, access, number,
        estimated, problem, answered_at, ended_at, duration_seconds, billed_seconds, free_seconds,
        connection_fee, amount, segments)
    SELECT charge.id, leg.id, 1, leg.leg_id, leg.participant, leg.access, '', false, '',
        leg.answered_at, leg.ended_at, 600, 600, 0, 0, 0.6, '[]'
    FROM held JOIN billing_charge AS charge ON charge.conference_id = held.id
    JOIN conferencing_leg AS leg ON leg.conference_id = held.id;

INSERT INTO billing_chargeline (charge_id, version, kind, quantity, net)
    SELECT charge.id, 1, 'usage:toll', %(legs)s * 600, 3
    FROM held JOIN billing_charge AS charge ON charge.conference_id = held.id;
"""


@contextmanager
def scratch_database() -> Iterator[None]:
    """Make an empty database of our own, with all tables, and drop it afterwards."""
    from bpi_portal.supervisor.commands import servers
    from bpi_portal.supervisor.state import State

    with tempfile.TemporaryDirectory(prefix="bpi-bench-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may run as another user
        (Path(folder) / "static").mkdir()
        os.environ.update(
            BPI_TEST="1",
            BPI_STATE_DIR=folder,
            SECRET_KEY=secrets.token_urlsafe(50),
            DJANGO_SETTINGS_MODULE="bpi_portal.settings",
        )
        with servers(State(Path(folder))) as started:
            import django
            from django.db import connection

            django.setup()
            connection.settings_dict["TEST"]["NAME"] = f"bpi_bench_{os.getpid()}"
            name = connection.settings_dict["NAME"]
            connection.creation.create_test_db(verbosity=0)
            try:
                yield
            finally:
                connection.creation.destroy_test_db(name, verbosity=0)
        for server in started:
            server.remove()


def fill(legs: int) -> Any:  # noqa: ANN401 (a Customer: Django may not be set up yet)
    """Make a customer with so many legs in November 2026, beside others with fewer."""
    from datetime import UTC, date, datetime

    from django.db import connection, transaction

    from billing.models import BillingPeriod, Invoice
    from billing.services import refresh_draft
    from conferencing.models import Bridge
    from customers.services import register_customer
    from sales.models import Contract

    now = datetime(2026, 11, 1, tzinfo=UTC)
    customers = [
        register_customer(legal_name=f"Customer {serial}", country="ES", actor="bench", now=now)
        for serial in range(OTHER_CUSTOMERS + 1)
    ]
    contract = Contract.objects.create(
        number="CT-BENCH",
        customer=customers[0],
        status=Contract.Status.ACTIVE,
        currency="EUR",
        timezone="Europe/Madrid",
        start=date(2026, 1, 1),
        billing=Contract.Billing.MONTHLY,
        vat_category=Contract.VatCategory.DOMESTIC,
        commitment=1_000_000,
        monthly_fee=100,
    )
    bridge = Bridge.objects.create(slug="bench", name="Bench", make="feed", capacity=10**6)
    BillingPeriod.objects.create(contract=contract, period="2026-11")
    invoice = Invoice.objects.create(
        customer=customers[0],
        contract=contract,
        period="2026-11",
        currency="EUR",
        language="es",
        created_at=now,
        updated_at=now,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        parameters = {
            "conferences": max(1, legs // LEGS_OF_A_CONFERENCE),
            "legs": LEGS_OF_A_CONFERENCE,
            "others": OTHER_CUSTOMERS,
            "customer": customers[0].pk,
            "contract": contract.pk,
            "invoice": invoice.pk,
            "bridge": bridge.pk,
        }
        for statement in FILL.split(";\n"):
            cursor.execute(statement, parameters)
        refresh_draft(invoice=invoice, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if not connection.in_atomic_block else "ANALYZE")
    return customers[0]


def ways_to_ask(customer: Any) -> dict[str, Callable[[], object]]:  # noqa: ANN401 (see fill)
    """Answer the ways in which figures are asked for, each recording who asked."""
    from datetime import UTC, datetime

    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from billing.services import request_figures

    now = datetime(2026, 11, 24, tzinfo=UTC)
    user = User.objects.create(username="bench", is_superuser=True)
    client = Client()
    client.force_login(user)
    page = reverse("billing:customer_figures", args=[customer.number])

    def ask_page() -> object:
        response = client.get(page, {"period": "2026-11"}, headers={"HX-Request": "true"})
        if response.status_code != 200:
            msg = f"{page} answered {response.status_code}"
            raise RuntimeError(msg)
        return response

    return {
        "service": lambda: request_figures(
            customer=customer, period="2026-11", actor=user, now=now
        ),
        "fragment": ask_page,
    }


def measure(ask: Callable[[], object], requests: int) -> dict[str, float]:
    """Answer median, 95th percentile and maximum of so many requests, in milliseconds."""
    ask()  # the first one of a process imports and connects
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[max(0, -(-95 * requests // 100) - 1)], 1),
        "max_ms": round(times[-1], 1),
    }


def run(legs: int, requests: int) -> dict[str, Any]:
    """Fill the database that is there, and measure."""
    began = time.perf_counter()
    customer = fill(legs)
    filled = time.perf_counter() - began
    results = {name: measure(ask, requests) for name, ask in ways_to_ask(customer).items()}
    return {"legs": legs, "requests": requests, "fill_seconds": round(filled, 1), "ways": results}


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with scratch_database():
        found = run(options.legs, options.requests)
    print_results(found, as_json=options.json)
    return 0


def print_results(found: dict[str, Any], *, as_json: bool) -> None:
    """Write the table, and the object on a line of its own."""
    write = sys.stdout.write
    for name, times in found["ways"].items():
        cells = "".join(f"{key.removesuffix('_ms'):>9} {times[key]:>8,} ms" for key in times)
        write(f"figures by {name:<10}{cells}\n")
    if as_json:
        write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.exit(main())
