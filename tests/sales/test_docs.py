"""docs/contracts.md says what is so."""

import ast
import datetime as dt
import re
from functools import partial
from pathlib import Path

import pytest

from sales.selectors import plain_amount, rates_known
from sales.services import ContractInvalidError, extend_rate
from tests.factories.sales import NOW, a_rate, make_contract

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contracts.md").read_text()


def extensions():
    table = PAGE.split("<!-- table: extensions -->")[1].strip().split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in table.splitlines()[2:]]


def days(text):
    start, _dots, end = text.strip().partition(" …")
    return start, end.strip() or None


def rates_of(text):
    for part in text.split(", "):
        price, _colon, validity = part.partition(": ")
        valid_from, valid_to = days(validity)
        yield a_rate(price_per_minute=price, valid_from=valid_from, valid_to=valid_to)


def written(rate):
    end = f" {rate.valid_to}" if rate.valid_to else ""
    return f"{plain_amount(rate.price_per_minute)}: {rate.valid_from} …{end}"


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "extended", "after"), extensions())
def test_what_extending_a_rate_does(before, extended, after):
    contract = make_contract(rates=list(rates_of(before)))
    valid_from, valid_to = days(extended)
    new = a_rate(price_per_minute="5", valid_to=valid_to) | {"valid_from": None}
    extend = partial(extend_rate, contract=contract, rate=new, valid_from=valid_from)
    if after.isidentifier():
        with pytest.raises(ContractInvalidError) as refused:
            extend(actor="tests", now=NOW)
        assert [fault.code for fault in refused.value.faults] == [after]
        after = before
    else:
        extend(actor="tests", now=NOW)
    assert ", ".join(written(rate) for rate in rates_known(contract)) == after


def test_the_examples_are_extended_on_the_day_that_they_assume():
    assert NOW.date() == dt.date(2026, 11, 24)


def codes_of(path):
    """The second argument of every ``fault(path, code, message)`` and ``Fault(…)``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and len(node.args) == 3:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            code = node.args[1]
            if name in {"fault", "Fault"} and isinstance(code, ast.Constant):
                yield code.value


def test_every_code_of_a_fault_is_explained():
    services = ROOT / "sales/services"
    given = {code for path in services.glob("*.py") for code in codes_of(path)}
    explained = set(re.findall(r"`([a-z_]+)`", PAGE.split("## What is refused")[1]))
    assert len(given) > 20
    assert given - explained == set()
