"""The benchmark of the figures runs, and its last line is one JSON object."""

import json

import pytest

from bench.figures import print_results, run


@pytest.mark.django_db
def test_the_benchmark_fills_asks_and_prints(capsys):
    print_results(run(legs=50, requests=3), as_json=True)
    *table, last = capsys.readouterr().out.splitlines()
    measured = json.loads(last)
    assert (measured["legs"], measured["requests"]) == (50, 3)
    assert set(measured["ways"]) == {"service", "fragment"}
    assert len(table) == 2
    for times in measured["ways"].values():
        assert 0 < times["median_ms"] <= times["p95_ms"] <= times["max_ms"]
