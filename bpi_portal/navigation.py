"""The menu: every entry once. The roof knows all departments.

Who sees an entry is not said here: it is whoever may open it, as its view says by ``require``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    """One line of the menu.

    ``go`` is the letter after ``g``; ``on_phone`` puts it into the bottom bar, where four have
    room; ``count`` is the dotted path of a function of the user that answers a number to show
    beside the label, nothing when it is zero.
    """

    label: str | Promise
    icon: str
    url_name: str
    section: str | Promise = ""
    go: str = ""
    on_phone: bool = False
    count: str = ""


SALES = _("Sales")
BILLING = _("Billing")
CONFERENCES = _("Conferences")
MAILING = _("Mailing")
OFFICE = _("Office")

ENTRIES = (
    Entry(_("Home"), "layout-dashboard", "home", go="h", on_phone=True),
    Entry(_("Customers"), "users", "sales:customer_list", SALES, "c", on_phone=True),
    Entry(_("Contracts"), "file-pen", "sales:contract_list", SALES, "t"),
    Entry(_("Lists of customers"), "list", "sales:list_list", SALES),
    Entry(
        _("Proposed addresses"),
        "map-pin",
        "sales:proposal_list",
        SALES,
        count="customers.selectors.proposals_waiting",
    ),
    Entry(_("Billing figures"), "chart-column", "billing:dashboard", BILLING, "f"),
    Entry(_("Invoices"), "file-text", "billing:invoice_list", BILLING, "i", on_phone=True),
    Entry(_("Bank"), "banknote", "billing:transaction_list", BILLING, "k"),
    Entry(_("Receivables"), "scale", "billing:ageing_list", BILLING, "o"),
    Entry(_("Reminders"), "bell", "billing:reminder_list", BILLING),
    Entry(_("Direct debits"), "wallet", "billing:debit_list", BILLING),
    Entry(_("Review drafts"), "list-checks", "billing:review_list", BILLING, "v"),
    Entry(_("Billing runs"), "play", "billing:run_list", BILLING, "b"),
    Entry(_("Products"), "package", "billing:product_list", BILLING),
    Entry(_("Problems"), "triangle-alert", "billing:problem_list", BILLING, "p"),
    Entry(_("Wrong rates"), "table-2", "billing:re_rating_list", BILLING),
    Entry(_("Numbers"), "list-ordered", "billing:series_report", BILLING),
    Entry(_("Close a month"), "calendar-days", "billing:month", BILLING),
    Entry(
        _("Reservations"),
        "calendar-days",
        "conferencing:reservation_list",
        CONFERENCES,
        "r",
        on_phone=True,
    ),
    Entry(_("Day view"), "calendar-clock", "conferencing:day", CONFERENCES, "d"),
    Entry(_("Conferences"), "radio", "conferencing:conference_list", CONFERENCES, "l"),
    Entry(_("Mailings"), "send", "mailing:mailing_list", MAILING, "m"),
    Entry(_("Templates"), "scroll-text", "mailing:template_list", MAILING, "w"),
    Entry(_("Printers"), "printer", "mailing:printer_list", MAILING, "q"),
    Entry(_("E-mail"), "mail", "integration:message_list", OFFICE, "e"),
    Entry(_("Settings"), "settings", "settings:issuer", OFFICE, "s"),
    Entry(_("Users"), "user-cog", "users:user_list", OFFICE, "u"),
)


@dataclass(frozen=True)
class Link:
    """An entry as one user sees it on one page."""

    entry: Entry
    url: str
    is_current: bool
    count: int


@dataclass(frozen=True)
class Section:
    """Entries under one heading; the first has none."""

    title: str | Promise
    links: list[Link]


def navigation(request: HttpRequest) -> dict[str, object]:
    """Give templates ``navigation``, a list of sections, worked out only where it is shown."""
    return {"navigation": SimpleLazyObject(lambda: sections_for(request))}


def sections_for(request: HttpRequest) -> list[Section]:
    """Answer the menu of the request's user, the entry of the current page marked."""
    if not request.user.is_authenticated:
        return []
    links = list(_links(request))
    return [
        Section(title, list(group))
        for title, group in groupby(links, lambda link: link.entry.section)
    ]


def _links(request: HttpRequest) -> Iterator[Link]:
    allowed = [
        (entry, url)
        for entry in ENTRIES
        if request.user.has_perms(_needed(url := reverse(entry.url_name)))
    ]
    current = _current(request.path, [url for _entry, url in allowed])
    for entry, url in allowed:
        yield Link(entry, url, is_current=url == current, count=_count(entry, request))


@cache
def _needed(url: str) -> tuple[str, ...]:
    """Answer the permissions that the view at ``url`` requires."""
    permissions: tuple[str, ...] = getattr(resolve(url).func, "required_permissions")  # noqa: B009 - mypy knows no attributes of functions
    return permissions


def _current(path: str, urls: list[str]) -> str:
    """Answer the most precise address that ``path`` lies under; home only for itself."""
    home = reverse("home")
    under = [url for url in urls if path == url or (url != home and path.startswith(url))]
    return max(under, key=len, default="")


def _count(entry: Entry, request: HttpRequest) -> int:
    if not entry.count:
        return 0
    function: Callable[[object], int] = import_string(entry.count)
    return function(request.user)
