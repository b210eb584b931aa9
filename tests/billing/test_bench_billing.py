"""The benchmark of the import runs with its gates, and its last line is one JSON object."""

import json

import pytest

from bench.billing import print_results, run


@pytest.mark.django_db
def test_the_benchmark_imports_compares_and_prints(capsys):
    print_results(run(legs=60, customers=6, sample=10, processes=1), as_json=True)
    *table, last = capsys.readouterr().out.splitlines()
    measured = json.loads(last)
    assert (measured["legs"], measured["drafts"]) == (60, 6)
    assert set(measured) == {line[:28].strip().replace(" ", "_") for line in table}
