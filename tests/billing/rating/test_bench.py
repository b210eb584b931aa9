"""The benchmark runs, and its last line is one JSON object."""

import json

from bench.rating import main


def test_the_benchmark_prints_a_table_and_one_object(capsys):
    assert main(["--legs", "500", "--json"]) == 0
    *table, last = capsys.readouterr().out.splitlines()
    measured = json.loads(last)
    assert measured["legs"] == 500
    assert len(table) == len(measured["legs_per_second"]) == 6
    assert min(measured["legs_per_second"].values()) > 0
