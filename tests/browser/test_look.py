"""The components and the pages of the house itself, in both schemes and at both widths."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.harness import Watch, check_axe, check_page, log_in, speak
from tests.factories.customers import make_customer

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]

STYLEGUIDE = "tests/browser/styleguide/templates"


@pytest.fixture(autouse=True)
def styleguide(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = "tests.browser.styleguide.urls"
    engine: dict[str, Any] = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], STYLEGUIDE]}]


@pytest.fixture
def user() -> User:
    return get_user_model().objects.create_superuser(
        "lucia", "lucia@bpi.example", "a long password", first_name="Lucía", last_name="Ferrer"
    )


@pytest.fixture
def inside(page: Page, user: User, live_server: LiveServer) -> Page:
    log_in(page, user, live_server.url)
    speak(page, "en", live_server.url)
    return page


@pytest.mark.parametrize("language", ["es", "en"])
def test_components_hold_in_both_schemes_and_on_a_phone(
    inside: Page, live_server: LiveServer, language: str
) -> None:
    speak(inside, language, live_server.url)
    inside.goto("/styleguide/")
    expect(inside.locator("html")).to_have_attribute("lang", language)
    check_page(inside)


def test_form_says_its_errors_in_place(inside: Page) -> None:
    inside.goto("/styleguide/")
    inside.locator("form.card").evaluate("form => form.noValidate = true")
    inside.get_by_role("button", name="Save").click()
    expect(inside.get_by_role("alert").filter(has_text="marked fields")).to_be_visible()
    name = inside.get_by_label("Legal name")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_attribute("aria-describedby", "id_name_helptext id_name_error")
    check_axe(inside)


def test_list_pages_sorts_and_filters_without_leaving(inside: Page, user: User) -> None:
    get_user_model().objects.bulk_create([get_user_model()(username=f"p{n:02}") for n in range(25)])
    inside.goto("/styleguide/list/?kind=0")
    check_page(inside)
    rows = inside.locator(".list tbody tr a.key")
    expect(rows.first).to_have_text("p00")
    inside.get_by_role("link", name="Next").click()
    expect(rows.first).to_have_text("p10")
    assert "kind=0" in inside.url
    inside.get_by_role("link", name="Number", exact=True).click()
    expect(rows.first).to_have_text("p24")
    inside.keyboard.press("/")
    inside.keyboard.type("p1")
    expect(rows.first).to_have_text("p19")
    expect(rows).to_have_count(10)
    assert "q=p1" in inside.url
    inside.reload()
    expect(rows.first).to_have_text("p19")


def test_list_filters_without_a_script(
    scriptless_page: Page, user: User, live_server: LiveServer
) -> None:
    log_in(scriptless_page, user, live_server.url)
    speak(scriptless_page, "en", live_server.url)
    get_user_model().objects.bulk_create([get_user_model()(username=f"p{n}") for n in range(3)])
    scriptless_page.goto("/styleguide/list/")
    scriptless_page.get_by_placeholder("Number or customer").fill("p2")
    scriptless_page.get_by_role("button", name="Filter").click()
    expect(scriptless_page.locator(".list tbody tr")).to_have_count(1)


def test_keys_open_the_palette_and_the_list_of_keys(inside: Page) -> None:
    inside.goto("/styleguide/")
    inside.keyboard.press("Control+k")
    expect(inside.locator("#palette")).to_be_visible()
    check_axe(inside)
    inside.keyboard.press("Escape")
    expect(inside.locator("#palette")).to_be_hidden()
    inside.keyboard.press("?")
    expect(inside.locator("#shortcuts")).to_be_visible()
    check_axe(inside)
    inside.keyboard.press("Escape")
    inside.keyboard.press("g")
    inside.keyboard.press("h")
    inside.wait_for_url("**/")


def test_palette_finds_a_customer_and_enter_opens_it(inside: Page) -> None:
    customer = make_customer(legal_name="Óptica Lumen, S.L.")
    inside.goto("/styleguide/")
    inside.keyboard.press("Control+k")
    inside.keyboard.type("optica")
    expect(inside.locator("#palette .results a")).to_contain_text(["Óptica Lumen"])
    check_axe(inside)
    inside.keyboard.press("Enter")
    inside.wait_for_url(f"**/{customer.number}/")


def test_theme_is_kept(inside: Page) -> None:
    inside.goto("/styleguide/")
    inside.get_by_role("button", name="Light or dark").click()
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")
    inside.reload()
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")


def test_reason_of_a_state_shows_on_focus(inside: Page) -> None:
    inside.goto("/styleguide/")
    inside.keyboard.press("Tab")
    inside.evaluate("document.querySelector('.pill[data-why]').focus({focusVisible: true})")
    expect(inside.locator(".tip")).to_have_text("Paid in full on 3 Nov")


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/password/reset/", "/nowhere/"])
def test_pages_before_the_log_in(page: Page, watch: Watch, address: str) -> None:
    watch.allow("404")
    page.goto(address)
    check_page(page)


def test_log_in_and_out(page: Page, user: User, live_server: LiveServer) -> None:
    speak(page, "en", live_server.url)
    page.goto("/styleguide/")
    page.get_by_label("Username or e-mail").fill("lucia")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/styleguide/")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/logout/",
    ],
)
def test_pages_of_the_account(inside: Page, address: str) -> None:
    inside.goto(address)
    check_page(inside)
