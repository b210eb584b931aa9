"""The import contracts of `.importlinter` hold, and the one of our own can be broken."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from .front_doors import FrontDoorsContract
from .sources import ROOT


def test_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "imported", "is_kept"),
    [
        ("billing.services", "sales.selectors", True),
        ("billing.services.charges", "sales.selectors.rates", True),
        ("billing.services", "sales.views", False),
        ("billing.services", "sales.filters.customers", False),
        ("billing.services", "sales", False),
        ("sales.urls", "sales.views", True),
        ("roof.urls", "sales.views", True),
    ],
)
def test_only_doors_are_entered(importer, imported, is_kept):
    graph = grimp.ImportGraph()
    graph.add_import(importer=importer, imported=imported)
    options = {"apps": ["sales"], "doors": ["selectors"], "everywhere": ["roof"]}
    contract = FrontDoorsContract("doors", {"root_packages": ["sales"]}, options)
    assert contract.check(graph, verbose=False).kept is is_kept
