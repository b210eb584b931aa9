"""The benchmark of documents runs, and its last line is one JSON object."""

import json
import threading
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool

import pytest

from bench import mailing

pytestmark = pytest.mark.pango


@contextmanager
def one_thread():
    with ThreadPool(1) as pool:
        yield pool, threading.Barrier(2)


def test_the_benchmark_makes_documents_and_prints(capsys, monkeypatch):
    monkeypatch.setattr(mailing, "INVOICE_LINES", (3,))
    monkeypatch.setattr(mailing, "PROCESSES", 1)
    monkeypatch.setattr(mailing, "workers", one_thread)
    mailing.main(["merge", "--letters", "4", "--invoices", "1", "--memory", "20", "--json"])
    *_table, last = capsys.readouterr().out.splitlines()
    measured = json.loads(last)["merge"]
    for way in ("letters_plain", "letters_stamped", "invoices_plain", "invoices_stamped"):
        assert measured[way]["per_second"] > 0
    assert measured["letters_plain"]["stamped"] == 0
    assert measured["memory"]["letters"] == 20


def test_memory_does_not_grow_with_the_letters():
    held = mailing.memory(600)
    assert held["megabytes_at_the_end"] - held["megabytes_at_a_tenth"] < 25
