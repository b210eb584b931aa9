"""What browser tests share: logging in, axe, and a watch over what a page does behind our back."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import ConsoleMessage, Page

AXE = Path(__file__).parent.parent / "data" / "axe" / "axe.min.js"

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""

# Not on any network; the last two are the browser's own viewer of PDFs.
INSIDE = ("data:", "blob:", "about:", "chrome:", "chrome-extension:")

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


# What the browser's own viewer of PDFs tells of itself.
VIEWER = re.compile(r"Failed to execute 'postMessage' on 'DOMWindow'")


@dataclass
class Watch:
    """Collects console errors, exceptions, CSP violations and requests to other hosts."""

    origin: str
    problems: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", lambda message: self._console(message.type, said(message)))
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", lambda request: self._request(request.url))

    def allow(self, pattern: str) -> None:
        """Expect console messages that match, such as the 403 of a page that is refused."""
        self.allowed.append(re.compile(pattern))

    def _console(self, kind: str, text: str) -> None:
        known = any(pattern.search(text) for pattern in (VIEWER, *self.allowed))
        if kind in {"error", "warning"} and not known:
            self.problems.append(f"console {kind}: {text}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin, *INSIDE)):
            self.problems.append(f"request to another host: {url}")


def said(message: ConsoleMessage) -> str:
    """Answer a console message with the address that it is about."""
    return f"{message.text} ({message.location.get('url', '')})"


def log_in(page: Page, user: AbstractBaseUser, origin: str) -> None:
    """Give the browser a session of ``user``, as the log-in page would."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": str(session.session_key), "url": origin}]
    )


def speak(page: Page, language: str, origin: str) -> None:
    """Read the portal in ``language`` (``es`` or ``en``) from the next page on."""
    page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": origin}]
    )


def check_axe(page: Page, *, rules: Sequence[str] = ()) -> None:
    """Fail when axe finds anything on the page as it stands; ``rules`` asks for some rules only."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(
        """(rules) => axe.run(document, {
          resultTypes: ["violations"],
          ...(rules.length && {runOnly: {type: "rule", values: rules}}),
        })""",
        list(rules),
    )
    findings = [
        f"{one['id']} ({one['impact']}): {one['help']}\n"
        + "\n".join(f"    {node['html'][:160]}  {node['target']}" for node in one["nodes"][:5])
        for one in found["violations"]
    ]
    assert not findings, f"axe on {page.url}:\n" + "\n".join(findings)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than the window; names what sticks out."""
    width, room = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    if width <= room:
        return
    culprits = page.evaluate(
        """(room) => [...document.querySelectorAll("body *")]
          .filter((node) => node.getBoundingClientRect().right > room + 1)
          .slice(-5).map((node) => node.outerHTML.slice(0, 120))""",
        room,
    )
    message = f"{page.url} is {width} px wide in {room} px: " + "\n".join(culprits)
    raise AssertionError(message)


@contextmanager
def scheme(page: Page, name: str) -> Iterator[None]:
    """See the page in ``light`` or ``dark`` for a while."""
    page.emulate_media(color_scheme=name)  # type: ignore[arg-type]
    yield
    page.emulate_media(color_scheme="light")


def check_page(page: Page, *, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """Check what every page must hold: axe in both schemes, and no sideways scroll on a phone."""
    for name in schemes:
        with scheme(page, name):
            check_axe(page)
    desk = page.viewport_size
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert_no_sideways_scroll(page)
    if desk:
        page.set_viewport_size(desk)
