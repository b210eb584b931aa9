"""Browsers of people with a role."""

import pytest

from tests.factories.users import make_user


@pytest.fixture
def as_role(client):
    """Log the client in with roles: ``as_role("billing")``. Pages come in English."""

    def log_in(*roles):
        client.force_login(make_user(*roles))
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    return log_in


@pytest.fixture
def billing(as_role):
    return as_role("billing")
