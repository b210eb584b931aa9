"""Fixtures of the real bridge, for any test (marked ``janus``)."""

import os

import pytest

from conferencing.bridges.janus_server import INSTALL_HINT, JanusServer
from tests.bridge.janus import EventSink, RunningJanus
from tests.bridge.rtp import PUMP


@pytest.fixture
def janus(tmp_path):
    """A running Janus of this test's own (0.1 s to start), with nobody listening to its events.

    Where Janus is not installed the test is skipped with the line that installs it; under CI it
    fails.
    """
    if not JanusServer(tmp_path).available():
        message = f"Janus is not installed: {INSTALL_HINT}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    running = RunningJanus(tmp_path).start()
    yield running
    PUMP.silence()
    running.close()


@pytest.fixture
def event_sink(janus):
    """Listens to the events of ``janus`` in place of the bridge link."""
    sink = EventSink(janus)
    yield sink
    sink.close()


@pytest.fixture
def janus_bridge(janus, transactional_db, settings):
    """The row of ``janus``, known to this process by its settings."""
    from tests.bridge.link import use_janus

    return use_janus(janus, settings)


@pytest.fixture
def link(janus, janus_bridge, tmp_path):
    """The bridge link as a process of its own, receiving and polling."""
    from tests.bridge.link import LinkProcess

    process = LinkProcess(janus, tmp_path).start()
    yield process
    process.close()


@pytest.fixture
def polling_link(janus, janus_bridge, tmp_path):
    """The bridge link without any event: it has to find out everything by polling."""
    from tests.bridge.link import LinkProcess

    process = LinkProcess(janus, tmp_path, events=False).start()
    yield process
    process.close()
