"""An administrator invites, gives roles, sends password links and lets people go."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from knox.models import AuthToken

from bpi_portal.roles import ROLES, sync_roles
from integration.models import Event
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_admin(client):
    client.force_login(make_user("administrator", username="root"))
    return client


INVITATION = {
    "first_name": "Lucía",
    "last_name": "Ferrer",
    "username": "lucia",
    "email": "lucia@example.com",
    "roles": ["sales", "mailing"],
    "language": "en",
}


def test_an_invited_user_chooses_a_password_and_logs_in(
    as_admin, client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_admin.post("/users/invite/", INVITATION)
    user = User.objects.get(username="lucia")
    assert answer.headers["Location"] == f"/users/{user.pk}/"
    assert sorted(user.groups.values_list("name", flat=True)) == ["mailing", "sales"]
    assert not user.has_usable_password()

    message = mail.outbox[0]
    assert message.to == ["lucia@example.com"]
    assert "Hello Lucía," in message.body
    link = re.search(r"http://127.0.0.1:8000(/\S+)", message.body)[1]
    as_admin.logout()
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0]
    client.post(address, {"password1": "nueve caballos 9", "password2": "nueve caballos 9"})
    assert client.login(username="lucia", password="nueve caballos 9")


def test_a_taken_name_is_refused_in_its_place_and_nothing_is_lost(as_admin):
    make_user("sales", username="Lucia")
    page = as_admin.post("/users/invite/", INVITATION)
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"username"}
    assert 'value="lucia@example.com"' in page.content.decode()
    assert User.objects.filter(email="lucia@example.com").count() == 0
    assert mail.outbox == []


def test_roles_are_given_exactly(as_admin):
    user = make_user("sales")
    as_admin.post(f"/users/{user.pk}/", {"roles": ["billing"]})
    assert list(user.groups.values_list("name", flat=True)) == ["billing"]
    event = Event.objects.get(type="user.roles_given")
    assert (event.actor, event.data) == ("root", {"roles": ["billing"]})


def test_a_deactivated_user_is_out_at_once(as_admin, client):
    user = make_user("sales", username="eva")
    token = AuthToken.objects.create(user)[1]
    theirs = type(client)()
    theirs.force_login(user)
    assert theirs.get("/").status_code == 200
    as_admin.post(f"/users/{user.pk}/deactivate/")
    assert theirs.get("/").status_code == 302
    assert AuthToken.objects.count() == 0
    assert token
    assert not client.login(username="eva", password="correct horse 9")
    as_admin.force_login(User.objects.get(username="root"))
    as_admin.post(f"/users/{user.pk}/reactivate/")
    assert client.login(username="eva", password="correct horse 9")


@pytest.mark.parametrize("attempt", ["deactivate", "roles"])
def test_the_last_administrator_stays(as_admin, attempt):
    root = User.objects.get(username="root")
    if attempt == "deactivate":
        as_admin.post(f"/users/{root.pk}/deactivate/")
    else:
        as_admin.post(f"/users/{root.pk}/", {"roles": ["sales"]})
    root.refresh_from_db()
    assert root.is_active
    assert list(root.groups.values_list("name", flat=True)) == ["administrator"]
    assert not Event.objects.filter(subject_type="user").exists()


def test_others_may_not_look_after_users(client):
    client.force_login(make_user(*set(ROLES) - {"administrator"}))
    assert client.get("/users/").status_code == 403
    assert client.post("/users/invite/", INVITATION).status_code == 403
    assert not User.objects.filter(username="lucia").exists()


def test_roles_name_only_permissions_that_exist():
    sync_roles()
    assert set(ROLES) == {
        "sales",
        "billing",
        "reservations",
        "mailing",
        "auditor",
        "administrator",
    }
