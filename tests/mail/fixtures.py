"""Fixtures around the mail server, for all tests."""

import pytest

from tests.mail.server import ScriptedServer
from toolkit.env import mail_server_from_url


@pytest.fixture
def smtp_server(settings, monkeypatch):
    """A real mail server that the portal sends to, in this process and in those it starts."""
    server = ScriptedServer().start()
    monkeypatch.setenv("EMAIL_URL", server.url)
    known = mail_server_from_url(server.url)
    settings.MAIL_TRANSPORT = settings.MAIL_TRANSPORTS["smtp"]
    settings.EMAIL_HOST, settings.EMAIL_PORT = known.host, known.port
    settings.EMAIL_TIMEOUT = 5
    yield server
    server.stop()
