"""Callers of the API, with a token of a user of some role."""

import pytest
from knox.models import AuthToken

from tests.factories.users import make_user


@pytest.fixture
def api_as(client):
    """Return a caller for a role: ``api_as("billing")("get", "invoices/")``."""

    def caller(*roles, user=None):
        token = AuthToken.objects.create(user or make_user(*roles))[1]

        def call(method, path, body=None, **headers):
            given = {"Authorization": f"Token {token}", "Accept-Language": "en", **headers}
            if method == "get":
                return client.get(f"/api/v1/{path}", body, headers=given)
            return getattr(client, method)(
                f"/api/v1/{path}", body, content_type="application/json", headers=given
            )

        return call

    return caller


@pytest.fixture
def api(api_as):
    """Call the API as a billing specialist."""
    return api_as("billing")
