"""Who may see a view, and whether they get the page or the fragment."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from toolkit import htmx
from toolkit.access import require

pytestmark = pytest.mark.django_db


@require("auth.view_user", "auth.change_user")
def view(request):
    return HttpResponse("in")


def ask(user, **headers):
    request = RequestFactory().get("/people/?q=a", headers=headers)
    request.user = user
    return view(request)


def test_a_stranger_goes_to_the_log_in_and_comes_back():
    response = ask(AnonymousUser())
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=/people/%3Fq%3Da"


def test_a_fragment_sends_the_whole_page_to_the_log_in():
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/list/?a=1"}
    response = ask(AnonymousUser(), **here)
    assert response.status_code == 401
    assert response.content == b""
    assert response["HX-Redirect"] == "/accounts/login/?next=/list/%3Fa%3D1"


def test_another_host_is_no_way_back():
    here = {"HX-Request": "true", "HX-Current-URL": "http://elsewhere/list/"}
    assert "elsewhere" not in ask(AnonymousUser(), **here)["HX-Redirect"]


def test_every_permission_is_needed():
    user = User.objects.create(username="a")
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    with pytest.raises(PermissionDenied):
        ask(user)
    user.user_permissions.add(Permission.objects.get(codename="change_user"))
    assert ask(User.objects.get(pk=user.pk)).content == b"in"


def test_the_permissions_can_be_read():
    assert view.required_permissions == ("auth.view_user", "auth.change_user")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_fragment_only_for_who_asks_for_one(headers, expected):
    assert htmx.is_fragment(RequestFactory().get("/", headers=headers)) is expected


def test_a_fragment_is_never_stored():
    request = RequestFactory().get("/", headers={"HX-Request": "true"})
    context = {"title": "T"}
    page = htmx.render_page_or_fragment(
        request, "components/note.html", "components/empty.html", context
    )
    assert b'class="empty' in page.content
    assert page["Vary"] == "HX-Request"
    assert "no-store" in page["Cache-Control"]
    page = htmx.render_page_or_fragment(
        RequestFactory().get("/"), "components/note.html", "components/empty.html", context
    )
    assert b'class="note' in page.content
    assert page["Vary"] == "HX-Request"
    assert not page.has_header("Cache-Control")


def test_a_toast_keeps_other_events():
    response = HttpResponse(headers={"HX-Trigger": '{"saved": 1}'})
    htmx.toast(response, "Done", "good")
    assert json.loads(response["HX-Trigger"]) == {
        "saved": 1,
        "toast": {"text": "Done", "tone": "good"},
    }
