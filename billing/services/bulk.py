"""Import whole files of call records, and charge them: by customer, many rows at a time."""

import datetime as dt
import json
import multiprocessing
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError, connections, transaction

from conferencing.models import Bridge
from conferencing.services.bulk_intake import ImportedCall, read_imported_call
from conferencing.services.call_records import InvalidCallRecordError

from .bulk_batches import BatchDone, import_batch, import_one, order_of
from .bulk_files import Spot, customers_in, lines_at

_BATCH_BYTES = 2_000_000  # of the file: some 10,000 legs, and 60 MB while they are worked on
_FAULTS_KEPT = 100
_TRIES = 3


@dataclass
class ImportReport:
    """What became of the calls of a file.

    ``faults`` say why lines could not be read (the first hundred); ``peak_bytes`` is the memory
    of the largest process.
    """

    imported: int = 0
    legs: int = 0
    known: int = 0
    one_by_one: int = 0
    unreadable: int = 0
    drafts: int = 0
    peak_bytes: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: "ImportReport") -> None:
        """Count what another process did."""
        for name in ("imported", "legs", "known", "one_by_one", "unreadable", "drafts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.faults = [*self.faults, *other.faults][:_FAULTS_KEPT]

    def fault(self, number: int, error: Exception) -> None:
        """Note a line that could not be read."""
        self.unreadable += 1
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(f"line {number}: {error}")


def import_calls(
    *, path: Path, bridge: Bridge, now: dt.datetime, processes: int = 1
) -> ImportReport:
    """Import a file of call records (a JSON object a line), charge the calls, draft the invoices.

    The result is that of the signed feed, call by call: the same rows and digits. Calls of a
    customer are priced in their order; some customers are one transaction. Whatever is not plain
    (a correction, a reservation, a month that is closed or goes on behind the call, no customer,
    no contract) takes the ordinary path after the others of its batch.
    Repeating it, also after it was killed, adds what is missing and nothing else.

    Args:
        path: of the file; read twice, never held.
        bridge: that the calls were on.
        now: the present moment (aware).
        processes: among which the customers are shared out.
    """
    if processes == 1:
        return _import_shard(path, bridge.pk, now, 0, 1)
    report = ImportReport()
    connections.close_all()  # a connection can't be shared with a child
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        shards = [
            pool.submit(_import_shard, path, bridge.pk, now, shard, processes)
            for shard in range(processes)
        ]
        for done in shards:
            report.add(done.result())
    return report


def _import_shard(
    path: Path, bridge_id: int, now: dt.datetime, shard: int, shards: int
) -> ImportReport:
    bridge = Bridge.objects.get(pk=bridge_id)
    report = ImportReport()
    customers = customers_in(path, shard=shard, shards=shards)
    with path.open("rb") as file:
        for spots in _batches(file, bridge, customers):
            calls = list(_read(file, bridge, spots, report))
            _import(bridge, calls, now, report)
    report.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if shards > 1:
        connections.close_all()
    return report


def _batches(
    file: BinaryIO, bridge: Bridge, customers: dict[bytes, list[Spot]]
) -> Iterator[list[Spot]]:
    """Answer whole customers together; a large one alone, in pieces in the order of pricing."""
    batch: list[Spot] = []
    for spots in customers.values():
        if sum(spot.size for spot in batch) + sum(spot.size for spot in spots) > _BATCH_BYTES:
            if batch:
                yield batch
            batch = []
        if sum(spot.size for spot in spots) <= _BATCH_BYTES:
            batch += spots
            continue
        yield from _pieces(_in_order(file, bridge, spots))
    if batch:
        yield batch


def _pieces(spots: Sequence[Spot]) -> Iterator[list[Spot]]:
    piece: list[Spot] = []
    size = 0
    for spot in spots:
        piece.append(spot)
        size += spot.size
        if size > _BATCH_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _in_order(file: BinaryIO, bridge: Bridge, spots: list[Spot]) -> list[Spot]:
    """Sort the calls of a customer by their place in the order of pricing; unreadable ones last."""
    last = (1, dt.datetime.max.replace(tzinfo=dt.UTC), b"")
    keys = {}
    for spot in spots:
        for call in _read(file, bridge, [spot], ImportReport()):
            keys[spot] = (0, *order_of(call)[1:])
    return sorted(spots, key=lambda spot: keys.get(spot, last))


def _read(
    file: BinaryIO, bridge: Bridge, spots: list[Spot], report: ImportReport
) -> Iterator[ImportedCall]:
    for number, line in lines_at(file, spots):
        try:
            yield read_imported_call(bridge, json.loads(line))
        except (InvalidCallRecordError, ValueError, RecursionError) as error:
            report.fault(number, error)


def _import(
    bridge: Bridge, calls: list[ImportedCall], now: dt.datetime, report: ImportReport
) -> None:
    done = _write(bridge, calls, now)
    report.imported += done.imported
    report.legs += done.legs
    report.known += done.known
    report.drafts += done.drafts
    for call in sorted(done.unusual, key=order_of):
        try:
            import_one(bridge=bridge, call=call, now=now)
        except InvalidCallRecordError as error:
            report.unreadable += 1
            report.faults.append(f"call {call.told.call_id}: {error}")
        else:
            report.one_by_one += 1


def _write(bridge: Bridge, calls: list[ImportedCall], now: dt.datetime) -> BatchDone:
    for again in range(_TRIES):
        try:
            with transaction.atomic():
                return import_batch(bridge=bridge, calls=calls, now=now, is_careful=again > 0)
        except IntegrityError:
            # A leg that is known from another call, or came in just now: look at each of them.
            if again == _TRIES - 1:
                raise
    raise AssertionError
