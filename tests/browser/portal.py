"""The portal as somebody uses it in one language."""

from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.harness import log_in, speak
from tests.factories.users import make_user
from toolkit.templatetags.values import money


class Portal:
    """A page with the words of one language."""

    def __init__(self, page: Page, live_server: LiveServer, language: str) -> None:
        self.page, self.origin, self.language = page, live_server.url, language

    def say(self, text: str) -> str:
        with translation.override(self.language):
            return gettext(text)

    def money(self, amount: Decimal) -> str:
        with translation.override(self.language):
            return money(amount, "EUR")

    def enter(self, role: str) -> str:
        """Log another person in; return the name of the account."""
        user = make_user(role)
        self.page.context.clear_cookies()
        log_in(self.page, user, self.origin)
        speak(self.page, self.language, self.origin)
        self.page.goto("/")
        return user.username

    def menu(self, label: str) -> None:
        menu = self.page.get_by_role("navigation", name=self.say("Main menu"))
        link = menu.get_by_role("link", name=self.say(label), exact=True)
        address = str(link.get_attribute("href"))
        link.click()
        self.page.wait_for_url(f"**{address}")

    def press(self, name: str, kind: str = "button") -> None:
        self.page.get_by_role(kind, name=self.say(name), exact=True).first.click()  # type: ignore[arg-type]

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(self.say(label)).first.fill(text)
