"""Fixtures of the real printer, for any test marked ``printer``."""

import pytest


@pytest.fixture
def printer(tmp_path):
    """A running printer of this test's own (0.1 s to start), filled and fast."""
    from tests.printer.printer import RunningPrinter

    with RunningPrinter(tmp_path) as running:
        yield running
