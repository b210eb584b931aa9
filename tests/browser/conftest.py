"""Chromium for the tests of the screens: one browser, a fresh context per test, a strict watch."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from bpi_portal.roles import sync_roles
from tests.browser.harness import DESK, Watch
from tests.browser.portal import Portal

# Playwright's own event loop runs in this thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watch(live_server: LiveServer) -> Watch:
    return Watch(origin=live_server.url)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, watch: Watch) -> Iterator[Page]:
    """A page on the live server; the test fails for whatever ``watch`` saw."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": DESK["width"], "height": DESK["height"]},
        locale="es-ES",
        timezone_id="Europe/Madrid",
        accept_downloads=True,
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch.follow(page)
    yield page
    context.close()
    assert not watch.problems, "\n".join(watch.problems)


@pytest.fixture
def scriptless_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of a browser that runs no script, on the live server."""
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="es-ES"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(params=["es", "en"])
def portal(request: pytest.FixtureRequest, page: Page, live_server: LiveServer) -> Portal:
    """The portal in each language; what is looked for is what the catalogue says in it."""
    sync_roles()
    return Portal(page, live_server, request.param)
