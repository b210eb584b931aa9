"""Pages by key: no row twice, none missing, forwards and back, with ties and with NULLs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from toolkit.tables import Column, keyset_page, neighbours

pytestmark = pytest.mark.django_db

COLUMNS = {
    "name": Column("username"),
    "last": Column("last_name"),
    "seen": Column("last_login", nullable=True),
}
START = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(autouse=True)
def people():
    User.objects.bulk_create(
        User(
            username=f"u{n:02}",
            last_name="ABC"[n % 3],
            last_login=None if n % 4 == 0 else START + timedelta(microseconds=n // 2),
        )
        for n in range(23)
    )


def walk(sort, cursor_of, start=""):
    seen, cursor = [], start
    while True:
        page = keyset_page(
            User.objects.all(),
            {"sort": sort, "cursor": cursor},
            columns=COLUMNS,
            default="name",
            size=4,
        )
        seen.append([row.username for row in page.rows])
        cursor = cursor_of(page)
        if not cursor:
            return seen, page


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_walks_the_whole_list_and_back(name, sign):
    forwards, last = walk(sign + name, lambda page: page.next_cursor)
    names = [username for page in forwards for username in page]
    assert sorted(names) == [f"u{n:02}" for n in range(23)]
    assert [len(page) for page in forwards] == [4, 4, 4, 4, 4, 3]
    backwards, first = walk(sign + name, lambda page: page.previous_cursor, last.previous_cursor)
    assert backwards == forwards[:-1][::-1]
    assert first.previous_cursor == ""
    assert first.next_cursor


@pytest.mark.parametrize("sign", ["", "-"])
def test_what_is_not_known_comes_last(sign):
    pages, _last = walk(f"{sign}seen", lambda page: page.next_cursor)
    names = [username for page in pages for username in page]
    assert {int(name[1:]) % 4 for name in names[-6:]} == {0}


def test_order_agrees_with_the_database():
    pages, _last = walk("-last", lambda page: page.next_cursor)
    expected = User.objects.order_by("-last_name", "-pk").values_list("username", flat=True)
    assert [name for page in pages for name in page] == list(expected)


@pytest.mark.parametrize("cursor", ["x", "%%%", "e30", "bnVsbDphYmM"])
def test_a_strange_cursor_leads_to_the_first_page(cursor):
    page = keyset_page(
        User.objects.all(), {"cursor": cursor}, columns=COLUMNS, default="name", size=4
    )
    assert [row.username for row in page.rows] == ["u00", "u01", "u02", "u03"]


def test_a_cursor_serves_its_own_order_only():
    page = keyset_page(User.objects.all(), {}, columns=COLUMNS, default="name", size=4)
    query = {"cursor": page.next_cursor, "sort": "-name"}
    other = keyset_page(User.objects.all(), query, columns=COLUMNS, default="name", size=4)
    assert other.rows[0].username == "u22"
    assert other.previous_cursor == ""


def test_a_strange_order_is_the_default_one():
    page = keyset_page(
        User.objects.all(), {"sort": "password"}, columns=COLUMNS, default="-name", size=1
    )
    assert (page.sort, page.rows[0].username) == ("-name", "u22")


def test_an_empty_list_is_one_page():
    page = keyset_page(User.objects.none(), {}, columns=COLUMNS, default="name")
    assert (page.rows, page.is_only_page) == ([], True)


def test_neighbours_of_a_row():
    row = User.objects.get(username="u05")
    before, after = neighbours(User.objects.all(), row, columns=COLUMNS, sort="-name")
    assert before is not None
    assert after is not None
    assert (before.username, after.username) == ("u06", "u04")
    first = User.objects.get(username="u00")
    assert neighbours(User.objects.all(), first, columns=COLUMNS, sort="name")[0] is None
