"""The log-in: closed to strangers, slow for guessers, with a second factor for who wants one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache

from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PASSWORD = "correct horse 9"  # what make_user gives


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


def log_in(client, password=PASSWORD):
    return client.post(LOGIN, {"login": "lucia", "password": password})


def test_a_user_logs_in_and_out(client):
    make_user("sales", username="lucia")
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"
    assert log_in(client).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_nobody_signs_up(client):
    page = client.get("/accounts/signup/").content.decode()
    assert "password1" not in page
    client.post(
        "/accounts/signup/",
        {
            "username": "x",
            "email": "x@example.com",
            "password1": "a b c 12345",
            "password2": "a b c 12345",
        },
    )
    assert client.get("/").status_code == 302


def test_guessing_is_slowed_down(client):
    make_user("sales", username="lucia")
    for _attempt in range(5):
        assert log_in(client, "wrong").status_code == 200
    refused = log_in(client)
    assert refused.status_code in {200, 429}
    assert client.get("/").status_code == 302


def test_a_second_factor_is_asked_for_and_kept_encrypted(client):
    user = make_user("sales", username="lucia")
    log_in(client)
    again = client.get("/accounts/2fa/totp/activate/").headers["Location"]
    assert again.startswith("/accounts/reauthenticate/")
    client.post(again, {"password": PASSWORD, "next": "/accounts/2fa/totp/activate/"})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"\b[A-Z2-7]{32}\b", page)[0]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert answer.status_code == 302, answer.content.decode()
    stored = Authenticator.objects.get(user=user, type="totp")
    assert secret not in str(stored.data)

    client.post("/accounts/logout/")
    cache.clear()  # a code is good once
    assert log_in(client).headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert client.get("/").status_code == 200


def code(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
