"""One reservation on a bridge in the hands of the test."""

import pytest

from conferencing.models import Bridge
from conferencing.signals import conference_ended
from tests.conferencing.link.world import FakeBridge, Story
from tests.factories.conferencing import make_bridge, make_reservation


@pytest.fixture
def bridge():
    return make_bridge(make=Bridge.Make.JANUS, capacity=20)


@pytest.fixture
def reservation(bridge):
    return make_reservation(bridge=bridge, access=["voip", "toll"])


@pytest.fixture
def adapter():
    return FakeBridge()


@pytest.fixture
def story(bridge, reservation, adapter):
    return Story(bridge, reservation.room, adapter)


@pytest.fixture
def announced():
    """The conferences that billing is told of, one entry for each time."""
    heard = []

    def hear(conference_id, **_kwargs):
        heard.append(conference_id)

    conference_ended.connect(hear)
    yield heard
    conference_ended.disconnect(hear)
