"""Every page of the portal in a browser: axe, no console or CSP error, nothing from elsewhere.

The pages are those of the URLconf, each about something of the world of `tests/portal`, so that a
new screen is looked at without a word here; what one address shows in several states is added
below. In Spanish every page is checked in both schemes; in English, which comes from the same
templates, for what other words may break.
"""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from bpi_portal.roles import ROLES
from tests.browser.harness import (
    DESK,
    PHONE,
    assert_no_sideways_scroll,
    check_axe,
    log_in,
    scheme,
    speak,
)
from tests.portal.addresses import addresses
from tests.portal.world import NO_ROLE, World, build

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]

CONTRAST = ["color-contrast"]  # colours are all that a scheme changes
WORDS = [
    *("button-name", "document-title", "duplicate-id-aria", "empty-heading", "heading-order"),
    *("html-has-lang", "html-lang-valid", "label", "label-title-only", "landmark-unique"),
    *("link-name", "page-has-heading-one", "select-name", "summary-name", "valid-lang"),
]
# Lists that find nothing, tabs, another day, a form with its subject chosen.
STATES = {
    "sales:customer_list": ["?q=nobody", "?status=suspended"],
    "sales:list_create": ["?q=nobody"],
    "sales:view_list": ["?q=lumen&status=active"],
    "mailing:preferences": ["?saved=address"],
    "sales:contract_list": ["?q=nothing", "?status=draft"],
    "sales:contract_create": ["?customer={customer}"],
    "sales:rate_sheet": ["?on=2020-01-01"],
    "conferencing:reservation_list": ["?q=nothing", "?status=cancelled"],
    "conferencing:conference_list": ["?q=nothing", "?state=live"],
    "conferencing:day": ["?on=2020-01-01"],
    "billing:invoice_list": ["?q=nothing", "?status=overdue"],
    "billing:problem_list": ["?q=nothing"],
    "mailing:template_list": ["?kind=archived"],
    "search": ["?q=lumen", "?q=nothing"],
}


def pages(world: World) -> list[str]:
    """Return the addresses of all pages, and those of their other states."""
    client = Client()
    client.force_login(world.users["administrator"])
    found = []
    for address in addresses():
        path = address.about(world)
        if address.is_api:
            continue
        response = client.get(path)
        response.close()  # a file that is sent stays open until then
        if not is_page(response):
            continue
        queries = STATES.get(address.name, [])
        found += [path, *(path + one.format(customer=world.customer.number) for one in queries)]
    return [*found, *others(world)]


def is_page(response: object) -> bool:
    return isinstance(response, HttpResponse) and b"<html" in response.content


def others(world: World) -> Iterator[str]:
    """Yield pages about things in another state than the world's usual ones."""
    yield reverse("sales:customer_profile", args=[world.suspended.number])
    yield reverse("sales:contract_detail", args=[world.draft_contract.number])
    yield reverse("sales:contract_detail", args=[world.ended_contract.number])
    yield reverse("conferencing:reservation_detail", args=[world.cancelled.number])
    yield reverse("conferencing:conference_detail", args=[world.held.pk])
    yield reverse("billing:invoice_detail", args=[world.draft.pk])
    yield (
        reverse("billing:invoice_explain", args=[world.draft.pk])
        + "?line="
        + str(world.draft.lines.order_by("pk")[0].pk)
    )


@pytest.fixture
def world() -> World:
    return build(timezone.now())


def check(page: Page, path: str, language: str) -> str:
    """Return what is wrong with a page; empty when nothing is."""
    try:
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, f"{path} answers {response.status}"
        check_axe(page, rules=[] if language == "es" else WORDS)
        if language == "es":
            with scheme(page, "dark"):
                check_axe(page, rules=CONTRAST)
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        assert_no_sideways_scroll(page)
    except AssertionError as finding:
        return f"{path}: {finding}"
    finally:
        page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    return ""


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page(page: Page, world: World, live_server: LiveServer, language: str) -> None:
    log_in(page, world.users["administrator"], live_server.url)
    speak(page, language, live_server.url)
    findings = [finding for path in pages(world) if (finding := check(page, path, language))]
    assert not findings, "\n".join(findings)


def test_home_and_a_customer_as_every_role(
    page: Page, world: World, live_server: LiveServer
) -> None:
    findings = []
    for role in (*ROLES, NO_ROLE):
        page.context.clear_cookies()
        log_in(page, world.users[role], live_server.url)
        paths = [reverse("home")]
        if role != NO_ROLE:
            paths.append(reverse("sales:customer_profile", args=[world.customer.number]))
        found = [check(page, path, "es") for path in paths]
        findings += [f"as {role}: {finding}" for finding in found if finding]
    assert not findings, "\n".join(findings)
