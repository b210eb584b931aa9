"""Who may do what, at every address: each URL, role and method, beside `tests/data/matrix.csv`.

Who may is answered; who may not is refused, and nothing is written. A new address must be entered:
`UPDATE_MATRIX=1 python3 manage.py test tests/portal/test_matrix.py` writes the file anew from what
is, to be read line by line in the difference. What no file may ever allow stands below as rules.
"""

import csv
import logging
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.http.cookie import SimpleCookie
from django.test import Client
from django.utils import timezone

from bpi_portal.roles import ROLES
from tests.portal.addresses import Address, addresses, body_of, name_of
from tests.portal.world import CONNECTION_FEE, NO_ROLE, PRICE, World, build

pytestmark = pytest.mark.django_db  # asked for by `walk`, too, which does not go through a test

MATRIX = Path(__file__).parent.parent / "data" / "matrix.csv"
HEAD = ["address", "method", "who"]
STRANGER = "stranger"
CALLERS = (*ROLES, NO_ROLE, STRANGER)
# Words of the file for long lists.
EVERYBODY, USERS, ALL_ROLES = "everybody", "users", "roles"
LISTS = {
    EVERYBODY: frozenset(CALLERS),
    USERS: frozenset(CALLERS) - {STRANGER},
    ALL_ROLES: frozenset(ROLES),
}
# Not "SELECT … FOR [NO KEY] UPDATE".
WRITES = re.compile(r'(?<!FOR )(?<!KEY )\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')

# Others' jobs are not there for whoever may only follow their own; e-mail is there for whoever may
# see what it is about.
HIDDEN_FROM_OTHERS = {
    "job-detail",
    "integration:message_detail",
    "integration:message_html",
    "integration:message_attachment",
    "integration:message_resend",
    "integration:message_confirm",
}
# Reading these leaves a trace on purpose: who asked for figures or took a list away, and the
# places of events in their feed.
READING_IS_RECORDED = {
    "billing:customer_figures": {"integration_event"},
    "customer-billing": {"integration_event"},
    "sales:customer_export": {"integration_event"},
    "event-list": {"integration_event"},
}

INVOICE_NUMBER = re.compile(r"\bF-\d{4}-\d{5}\b")
# Pages of allauth, which the walk leaves out.
ELSEWHERE = ("account_", "mfa_")
NO_PAGES = ("/static/", "/admin/")

Cell = tuple[str, str]


@dataclass
class Walk:
    """What was seen on the way."""

    who: dict[Cell, set[str]] = field(default_factory=lambda: defaultdict(set))
    writers: dict[Cell, set[str]] = field(default_factory=lambda: defaultdict(set))
    findings: list[str] = field(default_factory=list)
    links: dict[str, set[Cell]] = field(default_factory=lambda: defaultdict(set))
    pages: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    names: set[str] = field(default_factory=set)


class Caller:
    """One of the roles at its browser; each request meets the same world and leaves it so."""

    def __init__(self, role: str, world: World) -> None:
        self.role, self.world = role, world
        self.client = Client(raise_request_exception=False)
        if role != STRANGER:
            self.client.force_login(world.users[role])
        self.cookies = self.client.cookies.output(header="")

    def call(self, address: Address, method: str) -> tuple[HttpResponseBase, set[str], str]:
        """Return the answer, the tables written to, and the text of an answer that is text."""
        self.client.cookies = SimpleCookie(self.cookies.strip())
        written: set[str] = set()

        def watch(execute, sql, params, many, context):
            if found := WRITES.search(sql):
                written.add(found[1])
            return execute(sql, params, many, context)

        with transaction.atomic(), connection.execute_wrapper(watch):
            response = self._send(address, method)
            text = text_of(response)
            transaction.set_rollback(True)
        return response, written - {"django_session"}, text

    def _send(self, address: Address, method: str) -> HttpResponseBase:
        path = address.about(self.world)
        if not address.is_api:
            return self.client.generic(method, path, b"", "application/x-www-form-urlencoded")
        body, headers = body_of(address, self.world)
        return self.client.generic(method, path, body, "application/json", headers=headers)


def text_of(response: HttpResponseBase) -> str:
    kind = response.headers.get("Content-Type", "")
    content = b"".join(response) if response.streaming else getattr(response, "content", b"")
    return content.decode() if kind.startswith(("text/", "application/json")) else ""


@pytest.fixture(scope="module")
def walk(django_db_setup, django_db_blocker) -> Walk:
    """Walk all addresses as everybody, once for all tests of this file."""
    seen = Walk()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # refusals are asked for
    with django_db_blocker.unblock(), transaction.atomic():
        world = build(timezone.now())
        callers = [Caller(role, world) for role in CALLERS]
        for address in addresses():
            seen.names.add(address.name)
            for method in address.methods:
                for caller in callers:
                    look(seen, caller, address, method)
        transaction.set_rollback(True)
    logging.getLogger("django.request").setLevel(logging.NOTSET)
    return seen


def look(seen: Walk, caller: Caller, address: Address, method: str) -> None:
    response, written, text = caller.call(address, method)
    cell, status = (address.name, method), response.status_code
    what = f"{method} {address.name} as {caller.role}: {status}"
    if status >= 500:
        seen.findings.append(f"{what}, a fault of ours")
    if refused(response, caller, address):
        if written:
            seen.findings.append(f"{what}, but wrote to {', '.join(sorted(written))}")
        return
    if status == 404:
        seen.findings.append(f"{what}: nothing there for whoever may")
        return
    seen.who[cell].add(caller.role)
    if written:
        seen.writers[cell] |= written
    if method == "GET" and status == 200:
        seen.pages[caller.role][address.name] = text
        seen.links[caller.role] |= links_of(text)


def refused(response: HttpResponseBase, caller: Caller, address: Address) -> bool:
    """Say whether the answer is a refusal; of a stranger: by 401, on screens by the log-in."""
    status = response.status_code
    if status == 405:
        return True
    if caller.role == STRANGER:
        return status == 401 or response.headers.get("Location", "").startswith("/accounts/login/")
    return status == 403 or (status == 404 and address.name in HIDDEN_FROM_OTHERS)


FORM = re.compile(r"<form\b[^>]*>")
LINK = re.compile(r'\b(?:href|hx-get)="(/[^"]*)"')
ACTION = re.compile(r'\b(?:action|hx-post)="(/[^"]*)"')


def links_of(page: str) -> set[Cell]:
    """Return what a page offers to do: the addresses of links and forms, with their methods."""
    if "<html" not in page:
        return set()
    found = {("GET", path) for path in LINK.findall(page)}
    for form in FORM.findall(page):
        method = "POST" if 'method="post"' in form else "GET"
        found |= {(method, path) for path in ACTION.findall(form)}
    ours = {
        (method, path) for method, path in found if not path.startswith(("/static/", "/admin/"))
    }
    return {(name_of(path), method) for method, path in ours}


# --- the file -------------------------------------------------------------------------------------
def read_matrix() -> dict[Cell, frozenset[str]]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return {
            (row["address"], row["method"]): allowed(row["who"]) for row in csv.DictReader(file)
        }


def allowed(words: str) -> frozenset[str]:
    return frozenset().union(*(LISTS.get(word, {word}) for word in words.split()))


def write_matrix(seen: Walk) -> None:
    with MATRIX.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEAD)
        rows.writerows([*cell, in_words(who)] for cell, who in seen.who.items())


def in_words(who: set[str]) -> str:
    for word, callers in LISTS.items():
        if who == callers:
            return word
    return " ".join(caller for caller in CALLERS if caller in who)


def test_everybody_may_what_the_matrix_says(walk: Walk) -> None:
    if os.environ.get("UPDATE_MATRIX"):
        write_matrix(walk)
    written = read_matrix()
    differences = []
    for cell in sorted({*written, *walk.who}):
        should, may = written.get(cell, frozenset()), walk.who.get(cell, set())
        if should != may:
            name, method = cell
            differences.append(
                f"{method} {name}: {in_words(may) or 'nobody'} may,"
                f" {in_words(set(should)) or 'nobody'} should"
            )
    unknown = {name for name, _method in written} - walk.names
    differences += [
        f"{name} stands in the matrix, but there is no such address" for name in unknown
    ]
    unused = walk.names - {name for name, _method in walk.who}
    differences += [f"{name} can be used by nobody" for name in unused]
    assert not differences, "\n".join(differences)


def test_refusals_change_nothing_and_nothing_fails(walk: Walk) -> None:
    assert not walk.findings, "\n".join(walk.findings)


# --- what no file may allow -----------------------------------------------------------------------
def test_reading_changes_nothing(walk: Walk) -> None:
    written = {name: tables for (name, method), tables in walk.writers.items() if method == "GET"}
    assert written == READING_IS_RECORDED


def test_strangers_get_only_what_is_open_on_purpose(walk: Walk) -> None:
    assert {cell for cell, who in walk.who.items() if STRANGER in who} == {
        ("conferencing:join", "GET"),  # the address is the permission
        ("mailing:preferences", "GET"),  # here too
        ("billing:public_invoice", "GET"),
        ("billing:public_invoice_file", "GET"),
        ("mailing:preferences", "POST"),
        ("mailing:unsubscribe", "GET"),
        ("mailing:unsubscribe", "POST"),
        ("call-records", "POST"),  # the signature is
        ("set_language", "GET"),
        ("set_language", "POST"),
        ("api-schema", "GET"),
        ("api-problem", "GET"),
    }


def test_the_auditor_changes_nothing(walk: Walk) -> None:
    changing = {cell for cell, who in walk.who.items() if "auditor" in who and cell[1] != "GET"}
    assert changing == {
        ("set_language", "POST"),
        ("billing-simulations", "POST"),
        ("call-records", "POST"),  # a bridge's, whoever brings it
        ("sales:view_list", "POST"),  # a filter of his own
        ("mailing:preferences", "POST"),  # a customer's, whoever has his link
        ("mailing:unsubscribe", "POST"),
    }
    assert ("billing-simulations", "POST") not in walk.writers


def test_money_shows_only_to_whom_it_may(walk: Walk) -> None:
    secrets = [text.replace(".", mark) for text in (PRICE, CONNECTION_FEE) for mark in ".,"]
    for role in ("reservations", "mailing", NO_ROLE, STRANGER):
        shown = [name for name, text in walk.pages[role].items() if any(s in text for s in secrets)]
        assert shown == [], role
    assert any(secrets[0] in text for text in walk.pages["sales"].values())


def test_invoices_show_only_to_whom_they_may(walk: Walk) -> None:
    for role in ("sales", "reservations", "mailing", NO_ROLE, STRANGER):
        shown = {name for name, text in walk.pages[role].items() if INVOICE_NUMBER.search(text)}
        assert shown <= {"billing:public_invoice"}, role  # whoever has the customer's link
    assert any(INVOICE_NUMBER.search(text) for text in walk.pages["billing"].values())


# Each department reads its own e-mail: the world's message is nobody's, those offered are its own.
BY_PURPOSE = {"integration:message_detail"}


def test_pages_offer_only_what_their_reader_may(walk: Walk) -> None:
    closed = [
        f"{role} is offered {method} {name}"
        for role, links in walk.links.items()
        for name, method in sorted(links)
        if role not in walk.who[name, method]
        and not name.startswith(ELSEWHERE)
        and name not in BY_PURPOSE
    ]
    assert not closed, "\n".join(closed)
