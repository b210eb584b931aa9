"""Measure how long it takes from the last hang-up of a call to its lines on the draft invoice.

``python -m bench.chain [--calls 50] [--at-once 1] [--json]``; needs Janus. Starts what `manage.py
up` runs (Janus, bridge link, worker) on a scratch database (on the server that DATABASE_URL names,
else on one of its own), books each call by API, lets three participants in over RTP, each over
another access, and takes the time when the last one leaves. Leaves nothing behind.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench.figures import scratch_database

if TYPE_CHECKING:
    from tests.flows.stage import Stage
    from tests.flows.story import Account

# Counted from the hang-up; what the portal notes by itself, and last what anybody can see.
STEPS = {
    "bridge": "the bridge tells it",
    "record": "call record",
    "charge": "worker takes it",
    "draft": "draft invoice",
}
LIMIT_MS = 2_000
PORTS_OF_A_CALL = 5
LOOK_AGAIN_SECONDS = 0.005
PATIENCE_SECONDS = 60


def run(calls: int, at_once: int) -> dict[str, Any]:
    """Start everything on the database that is there, and measure."""
    from django.conf import settings

    from tests.flows.stage import Stage

    folder = Path(settings.STATE_DIR) / "portal"
    folder.mkdir()
    with ExitStack() as exits:
        return measure(Stage(folder, exits), calls, at_once)


def measure(stage: Stage, calls: int, at_once: int) -> dict[str, Any]:
    """Let so many calls take place, some at once, and answer how long each step took.

    Their rooms stand for the booked hour, as they do in real life: the link polls all of them.
    """
    from django.db.models import F

    from conferencing.models import Bridge
    from tests.flows.story import Account, next_full_minute, terms_with_peak

    Bridge.objects.update(capacity=F("capacity") + PORTS_OF_A_CALL * (calls + at_once))
    terms = terms_with_peak(
        stage, peak_from=next_full_minute(), toll_increment=6, included_minutes=60, tiers=[]
    )
    account = Account(stage, terms=terms)
    times: list[dict[str, float]] = []
    hold(stage, account, at_once)  # the first one of a process imports and connects
    while len(times) < calls:
        times += hold(stage, account, min(at_once, calls - len(times)))
    drafts = [one["draft"] for one in times]
    return {
        "calls": calls,
        "at_once": at_once,
        "within_2_s": sum(draft <= LIMIT_MS for draft in drafts),
        "from_hang_up": {step: spread([one[step] for one in times]) for step in STEPS},
    }


def hold(stage: Stage, account: Account, count: int) -> list[dict[str, float]]:
    """Hold so many calls at once, end them together, and answer what each took in milliseconds."""
    from tests.flows.story import Call

    calls = [Call(stage, account, reserved_ports=PORTS_OF_A_CALL) for _each in range(count)]
    for call in calls:
        call.join_three()
    for call in calls:
        call.wait_until_live()
        call.hang_up("Ana", "Carmen")
    conferences = [call.conference for call in calls]
    waiting: dict[UUID, datetime] = {}
    for call, conference in zip(calls, conferences, strict=True):
        waiting[UUID(conference)] = datetime.now(UTC)
        call.hang_up()
    return wait_for_drafts(waiting)


def wait_for_drafts(waiting: dict[UUID, datetime]) -> list[dict[str, float]]:
    """Answer how long each of these conferences took to stand on a draft, and the steps before."""
    from billing.models import Charge, InvoiceLine

    times = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        lines = InvoiceLine.objects.filter(conference__in=list(waiting))
        seen = set(lines.values_list("conference", flat=True))
        at = datetime.now(UTC)
        for charge in Charge.objects.filter(conference__in=seen).select_related("conference"):
            began = waiting.pop(charge.conference_id)
            conference = charge.conference
            moments = (conference.ended_at, conference.recorded_at, charge.created_at, at)
            times.append(
                {
                    step: (moment - began).total_seconds() * 1000
                    for step, moment in zip(STEPS, moments, strict=True)
                    if moment is not None
                }
            )
        if time.monotonic() > deadline:
            msg = f"{len(waiting)} calls are on no draft after {PATIENCE_SECONDS} s"
            raise TimeoutError(msg)
        time.sleep(LOOK_AGAIN_SECONDS)
    return times


def spread(times: list[float]) -> dict[str, int]:
    """Answer median, 95th percentile and maximum, in whole milliseconds."""
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered)),
        "p95_ms": round(ordered[max(0, -(-95 * len(ordered) // 100) - 1)]),
        "max_ms": round(ordered[-1]),
    }


def print_results(found: dict[str, Any], *, as_json: bool) -> None:
    """Write the table, and the object on a line of its own."""
    write = sys.stdout.write
    write(f"{'from hang-up to':<24}{'median':>12}{'p95':>12}{'max':>12}\n")
    for step, words in STEPS.items():
        times = found["from_hang_up"][step]
        write(f"{words:<24}" + "".join(f"{value:>9,} ms" for value in times.values()) + "\n")
    write(f"{found['within_2_s']} of {found['calls']} calls within 2 s\n")
    if as_json:
        write(json.dumps(found) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=1, help="calls that end together")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with scratch_database():
        found = run(options.calls, options.at_once)
    print_results(found, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
