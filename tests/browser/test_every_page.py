"""Every page that a link leads to: axe in both schemes, no console error, no sideways scroll.

A crawler follows the links from home as the administrator, one page of each kind (a kind is a URL
name), so that a new screen is looked at without a word here. In Spanish every page is checked;
in English again, in one scheme, because longer or shorter words may break what holds in Spanish.
"""

from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import Resolver404, resolve
from playwright.sync_api import Page, Response
from pytest_django.live_server_helper import LiveServer

from tests.browser.believable import fill
from tests.browser.harness import check_page, log_in, speak

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]

# Not pages of the portal's own look: Django's admin, the API with its descriptions.
ELSEWHERE = ("/admin/", "/api/", "/static/", "/media/", "/i18n/")
LINKS = "nodes => nodes.map(node => node.getAttribute('href'))"
MOST_PAGES = 120


@pytest.fixture
def administrator() -> User:
    fill()
    return User.objects.create_superuser(
        "lucia", "lucia@bpi.example", "a long password", first_name="Lucía", last_name="Ferrer"
    )


@pytest.mark.parametrize(("language", "schemes"), [("es", ("light", "dark")), ("en", ("light",))])
def test_every_page(
    page: Page,
    administrator: User,
    live_server: LiveServer,
    language: str,
    schemes: tuple[str, ...],
) -> None:
    log_in(page, administrator, live_server.url)
    speak(page, language, live_server.url)
    findings, kinds = [], set()
    waiting = deque(["/"])
    while waiting and len(kinds) < MOST_PAGES:
        address = waiting.popleft()
        if (kind := kind_of(address)) is None or kind in kinds:
            continue
        kinds.add(kind)
        response = visit(page, address)
        if response is None:
            continue
        if response.status != 200:
            findings.append(f"{address} answers {response.status}")
            continue
        try:
            check_page(page, schemes=schemes)
        except AssertionError as finding:
            findings.append(f"{address}: {finding}")
        links = page.locator("a[href]").evaluate_all(LINKS)
        waiting.extend(urljoin(address, link) for link in links)
    assert not findings, "\n".join(findings)
    assert len(kinds) > 8


def visit(page: Page, address: str) -> Response | None:
    """Open a page; None when the address is a file to download."""
    try:
        response = page.goto(address)
    except Exception as error:
        if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
            return None
        raise
    is_page = response is not None and "text/html" in response.headers.get("content-type", "")
    return response if is_page else None


def kind_of(address: str) -> str | None:
    """Answer what distinguishes a page from another of its kind; None when it is not ours."""
    url = urlsplit(address)
    if url.scheme or url.netloc or url.path.startswith(ELSEWHERE):
        return None
    try:
        match = resolve(url.path)
    except Resolver404:
        return f"missing {url.path}"
    return match.view_name
