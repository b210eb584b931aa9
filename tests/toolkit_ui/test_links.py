"""Every link of every page leads somewhere: a crawler follows them, one page of each kind.

A kind is a URL name with its namespace. How the pages look is tested in tests/browser.
"""

import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import Http404, HttpResponseBase
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from tests.portal.world import build

pytestmark = pytest.mark.django_db

LINK = re.compile(r"""<a\s[^>]*?href="([^"]*)\"""")
# Not pages of ours: Django's admin, the API with its descriptions, files.
ELSEWHERE = ("/admin/", "/api/", "/static/", "/media/")


def test_every_link_leads_somewhere(client: Client) -> None:
    world = build(timezone.now())
    client.force_login(world.users["administrator"])
    seen: dict[str, str] = {}
    broken: list[str] = []
    waiting = deque([("", "/")])
    while waiting:
        page, address = waiting.popleft()
        kind = kind_of(address)
        if kind is None or kind in seen:
            continue
        seen[kind] = address
        response = client.get(address, follow=True)
        if response.status_code != 200:
            broken.append(f"{page or 'home'} links to {address}: {response.status_code}")
        elif response.headers["Content-Type"].startswith("text/html"):
            links = LINK.findall(response.content.decode())
            waiting.extend((address, urljoin(address, link)) for link in links)
        close(response)
    assert not broken, "\n".join(broken)
    assert len(seen) > 30


def close(response: HttpResponseBase) -> None:
    """Close the file that an answer may hold, but not the connection that the test goes on with."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def kind_of(address: str) -> str | None:
    """Answer what distinguishes a page from another of its kind; None when it is not ours."""
    url = urlsplit(address.replace("&amp;", "&"))
    if url.scheme or url.netloc or url.path.startswith(ELSEWHERE):
        return None
    try:
        return resolve(url.path).view_name
    except Http404:
        return f"missing {url.path}"
