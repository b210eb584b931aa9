"""People of each role, logged in."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from bpi_portal.roles import sync_roles


@pytest.fixture
def user_of(db):
    """Return a function that makes a user of a role."""

    def make(role: str) -> User:
        sync_roles()
        user = User.objects.create_user(f"{role}-{User.objects.count()}", f"{role}@example.com")
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def as_role(user_of):
    """Return a function that logs a role in: ``client = as_role("reservations")``."""

    def log_in(role: str) -> Client:
        client = Client()
        client.force_login(user_of(role))
        return client

    return log_in


@pytest.fixture
def api(user_of):
    """Return a function: a client with the token of a role."""

    def make(role: str) -> APIClient:
        client = APIClient()
        token = AuthToken.objects.create(user=user_of(role))[1]
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}", HTTP_ACCEPT_LANGUAGE="en")
        return client

    return make


@pytest.fixture
def start() -> dt.datetime:
    day = timezone.now() + dt.timedelta(days=1)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)
