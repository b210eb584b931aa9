"""Fixtures shared by all tests, and the marks of tests that need a real part of the machine."""

import os

import pytest
from django.utils import translation

from bpi_portal.supervisor.parts import CHROMIUM, JANUS, PANGO, POPPLER, PRINTER, find_program

pytest_plugins = ["tests.bridge.fixtures", "tests.mail.fixtures", "tests.printer.fixtures"]

# A test marked `@pytest.mark.janus` (or another of these) runs where the part is installed.
PARTS = {
    "janus": JANUS,
    "chromium": CHROMIUM,
    "pango": PANGO,
    "poppler": POPPLER,
    "printer": PRINTER,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing part, with the line that installs it; in CI let it fail."""
    for mark, part in PARTS.items():
        if item.get_closest_marker(mark) and not part.is_there():
            reason = f"{part.name} is missing: {part.cure}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the browser for Playwright's `executable_path`; for tests marked `chromium`."""
    path = find_program(*CHROMIUM.programs)
    assert path is not None
    return path


@pytest.fixture(autouse=True)
def _in_the_house_language(settings):
    """Begin each test in the language of the house, whatever the one before has activated."""
    translation.activate(settings.LANGUAGE_CODE)
