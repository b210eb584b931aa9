"""What tests of the outbox listen to."""

import pytest

from integration.signals import message_bounced, message_state_changed


@pytest.fixture
def heard():
    """What is announced while the test runs: ``(key, state)`` and ``(key, kind)``."""
    news = []

    def state(key, state, **_kwargs):
        news.append((key, state))

    def bounce(key, email, kind, code, **_kwargs):
        news.append((key, email, kind, code))

    message_state_changed.connect(state)
    message_bounced.connect(bounce)
    yield news
    message_state_changed.disconnect(state)
    message_bounced.disconnect(bounce)
