"""A leg in a real browser: its ticket lets it in, and its death is noticed."""

import datetime as dt
import time

import pytest

from conferencing.bridges.base import FactKind, RoomSpec
from tests.bridge.browser import BrowserParticipant
from tests.bridge.janus import wait_until
from tests.bridge.rtp import RtpParticipant

pytestmark = [pytest.mark.janus, pytest.mark.chromium]


def test_a_browser_joins_with_its_ticket_and_its_death_is_told_at_once(
    janus, event_sink, chromium_path
):
    now = dt.datetime.now(dt.UTC)
    end = now + dt.timedelta(hours=1)
    room = RoomSpec("7000001", "Consejo", "482913", "secret", 5, now, end)
    janus.adapter.create_room(room)
    other = RtpParticipant(
        janus.http_url,
        room.room,
        pin=room.pin,
        token=janus.adapter.joining(leg_id="leg-a", expires_at=end, browser=False).token,
    )
    browser = BrowserParticipant(
        chromium_path,
        janus.adapter.joining(leg_id="leg-b", expires_at=end, browser=True),
        room.room,
        pin=room.pin,
        participant_id=4242,
    )
    try:
        assert browser.state == "connected"
        [_, joined] = event_sink.wait_for(FactKind.JOINED, 2)
        assert joined.participant == "4242"
        assert {leg.leg_id for leg in janus.adapter.live_legs()} == {"leg-a", "leg-b"}
        event_sink.wait_for(FactKind.MEDIA_BACK)
        heard = other.received
        wait_until(lambda: other.received > heard + 10, what="sound")
    finally:
        browser.kill()
    killed_at = time.time()
    [left] = event_sink.wait_for(FactKind.LEFT)
    assert left.participant == "4242"
    assert abs(left.occurred_at.timestamp() - killed_at) < 1
