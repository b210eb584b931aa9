"""Every case of the tariff, digit for digit and key for key."""

import json
from pathlib import Path

import pytest

from billing.rating import simulate
from tests.billing.rating.reference import reference_invoice

CASES = sorted((Path(__file__).parents[2] / "data" / "tariff").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_engine_and_the_reference_answer_what_a_case_expects(path):
    case = json.loads(path.read_text())
    expected = json.dumps(case["expected"])
    assert json.dumps(simulate(case["input"])) == expected
    assert json.dumps(reference_invoice(case["input"])) == expected


def test_the_cases_are_there():
    assert len(CASES) >= 49
