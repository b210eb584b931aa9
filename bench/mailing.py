"""Measure letters and invoices per second, the ordinary way and stamped, memory, and a mailing.

``python -m bench.mailing [merge|deliver] [--letters 10000] [--memory 20000] [--customers 500]
[--json]``. ``merge`` needs no database: each way works in two processes at once, as the worker
does; the ordinary way gets a share of the letters: it is measured, not waited for. ``deliver``
sends one mailing on real parts (bench/delivery.py).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import paper
from bench.delivery import deliver, show_deliver
from toolkit.pdf import Attachment, ShapeCache, write_letters

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from multiprocessing.pool import Pool

    from toolkit.pdf import Letter

PROCESSES = 2
CHUNK = 500
MOMENT = dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)
PLAIN_LETTERS = 1_000
PLAIN_INVOICES = 100
INVOICE_LINES = (5, 10, 25, 40)


def letter_cache(*, plain: bool) -> ShapeCache:
    """Return the templates of the letter, none compiled yet."""
    return ShapeCache(css=paper.LETTER_STYLE, assets={"logo": paper.LOGO}, plain=plain)


def letter_records(numbers: range) -> list[dict[str, str]]:
    """Return what letters say."""
    return [paper.letter_values(number) for number in numbers]


def make_letters(records: list[dict[str, str]], *, plain: bool) -> int:
    """Write letters in chunks of one PDF each; return how many were stamped.

    Templates are compiled on the way: that counts.
    """
    cache = letter_cache(plain=plain)
    stamped = 0
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(records), CHUNK):
            chunk = records[start : start + CHUNK]
            batch = ((cache.template(paper.letter(), values), values) for values in chunk)
            ranges = write_letters(batch, Path(folder) / "chunk.pdf", duplex=True, plain=plain)
            stamped += sum(each.stamped for each in ranges)
    return stamped


def invoice_records(numbers: range) -> list[tuple[int, dict[str, str], bytes, Attachment]]:
    """Return what invoices say: lines, texts, code and XML."""
    records = []
    for number in numbers:
        lines = INVOICE_LINES[number % len(INVOICE_LINES)]
        xml = paper.invoice_xml(number, lines)
        file = Attachment(name="factur-x.xml", content=xml, changed_at=MOMENT)
        values = paper.invoice_values(number, lines)
        records.append((lines, values, paper.invoice_code(number % 50), file))
    return records


def make_invoices(
    records: list[tuple[int, dict[str, str], bytes, Attachment]], *, plain: bool
) -> int:
    """Make invoices, each a PDF/A-3b with its XML; return how many were stamped."""
    shapes = ShapeCache(
        css=paper.invoice_style(),
        assets={"logo": paper.LOGO},
        archival=True,
        compile_after=2,
        plain=plain,
    )
    stamped = 0
    for lines, values, code, file in records:
        pictures = {"code": code}
        template = shapes.template(paper.invoice(lines), values, pictures)
        template.pdf(values, pictures=pictures, attachment=file, plain=plain)
        stamped += not template.plain
    return stamped


WORKS: dict[str, tuple[Callable[..., Any], Callable[..., int]]] = {
    "letters": (letter_records, make_letters),
    "invoices": (invoice_records, make_invoices),
}


def part(
    work: str,
    numbers: range,
    plain: bool,  # noqa: FBT001 (a pool hands over positions)
    gate: threading.Barrier,
) -> tuple[int, float]:
    """Warm up, wait for the others, work; return how many were stamped, and seconds of CPU."""
    prepare, make = WORKS[work]
    make(prepare(range(2)), plain=True)
    records = prepare(numbers)
    gate.wait()
    began = time.process_time()
    stamped = make(records, plain=plain)
    return stamped, time.process_time() - began


@contextmanager
def workers() -> Iterator[tuple[Pool, threading.Barrier]]:
    """Start the processes, and the gate at which they wait for each other."""
    with (
        multiprocessing.Manager() as manager,
        multiprocessing.get_context("spawn").Pool(PROCESSES) as pool,
    ):
        yield pool, manager.Barrier(PROCESSES + 1)


def measure(
    crew: tuple[Pool, threading.Barrier], work: str, count: int, *, plain: bool
) -> dict[str, float]:
    """Let processes share the work; return documents per second, and milliseconds of CPU each."""
    pool, gate = crew
    share = count // PROCESSES
    parts = [
        pool.apply_async(part, (work, range(start, start + share), plain, gate))
        for start in range(0, share * PROCESSES, share)
    ]
    gate.wait()
    began = time.perf_counter()
    results = [each.get() for each in parts]
    seconds = time.perf_counter() - began
    done = share * PROCESSES
    return {
        "documents": done,
        "per_second": done / seconds,
        "cpu_ms": sum(cpu for _stamped, cpu in results) / done * 1000,
        "stamped": sum(stamped for stamped, _cpu in results) / done,
    }


def memory(count: int) -> dict[str, float]:
    """Stamp letters into one PDF, and return this process' size (MB) at the half and at the end."""
    cache = letter_cache(plain=False)
    sizes = []
    with tempfile.TemporaryFile() as out:

        def batch() -> Iterator[Letter]:
            for number in range(count):
                values = paper.letter_values(number)
                yield cache.template(paper.letter(), values), values
                if number in (count // 10, count // 2):
                    sizes.append(resident())

        write_letters(batch(), out)
        sizes.append(resident())
        length = out.tell()
    return {
        "letters": count,
        "megabytes_at_a_tenth": sizes[0],
        "megabytes_at_half": sizes[1],
        "megabytes_at_the_end": sizes[2],
        "file_megabytes": length / 1e6,
    }


def resident() -> float:
    """Return the memory that this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def merge(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the making of documents."""
    letters_asked, invoices_asked = options.letters, options.invoices
    with workers() as crew:
        found: dict[str, Any] = {
            "letters_plain": measure(
                crew, "letters", min(letters_asked, PLAIN_LETTERS), plain=True
            ),
            "letters_stamped": measure(crew, "letters", letters_asked, plain=False),
            "invoices_plain": measure(
                crew, "invoices", min(invoices_asked, PLAIN_INVOICES), plain=True
            ),
            "invoices_stamped": measure(crew, "invoices", invoices_asked, plain=False),
        }
    return {**found, "memory": memory(options.memory)}


def show_merge(found: dict[str, Any]) -> None:
    """Print the table."""
    write = sys.stdout.write
    for kind in ("letters", "invoices"):
        plain, stamped = found[f"{kind}_plain"], found[f"{kind}_stamped"]
        write(f"{kind:<12}{'documents':>12}{'a second':>12}{'CPU ms each':>14}{'stamped':>10}\n")
        for name, way in (("plain", plain), ("stamped", stamped)):
            write(
                f"  {name:<10}{way['documents']:>12,}{way['per_second']:>12,.1f}"
                f"{way['cpu_ms']:>14.2f}{way['stamped']:>10.1%}\n"
            )
        ratio = stamped["per_second"] / plain["per_second"]
        write(f"  {ratio:.0f} times as many a second\n")
    held = found["memory"]
    write(
        f"memory while {held['letters']:,} letters go into one PDF of "
        f"{held['file_megabytes']:.0f} MB: {held['megabytes_at_a_tenth']:.0f} MB at a tenth, "
        f"{held['megabytes_at_half']:.0f} MB at half, {held['megabytes_at_the_end']:.0f} MB at "
        "the end\n"
    )


SECTIONS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., None]]] = {
    "merge": (merge, show_merge),
    "deliver": (deliver, show_deliver),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, and with ``--json`` one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=[], help="all")
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--customers", type=int, default=500, help="of the mailing delivered")
    parser.add_argument("--memory", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = {}
    for name in options.sections or list(SECTIONS):
        measured, show = SECTIONS[name]
        found[name] = measured(options)
        show(found[name])
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
