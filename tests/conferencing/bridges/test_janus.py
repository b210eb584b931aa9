"""The Janus adapter against a real Janus."""

import stat
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conferencing.bridges.base import BridgeRefusedError, BridgeUnavailableError, FactKind, RoomSpec
from conferencing.bridges.janus import JanusBridge
from tests.bridge.janus import wait_until
from tests.bridge.rtp import JoinRefusedError, RtpParticipant

pytestmark = pytest.mark.janus


def a_room(**changes) -> RoomSpec:
    now = datetime.now(UTC)
    values = {
        "room": "7000001",
        "description": "Consejo",
        "pin": "482913",
        "secret": "room-secret",
        "ports": 5,
        "starts_at": now,
        "ends_at": now + timedelta(hours=1),
    }
    return RoomSpec(**{**values, **changes})


def join(janus, room: RoomSpec, leg_id: str, **options) -> RtpParticipant:
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    joining = janus.adapter.joining(leg_id=leg_id, expires_at=expires_at, browser=False)
    assert joining.server_url == janus.http_url
    return RtpParticipant(
        joining.server_url,
        room.room,
        **{"pin": room.pin, "token": joining.token, "display": leg_id, **options},
    )


def listening_addresses(pid: int) -> set[str]:
    """Return the IPv4 and IPv6 addresses (hex) on which a process listens, from /proc."""
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            own.add(str(entry.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in own:
                found.add(columns[1].split(":")[0])
    return found


def test_it_listens_on_loopback_only_and_keeps_its_secrets_private(janus):
    assert listening_addresses(janus.pid) == {"0100007F"}  # 127.0.0.1
    files = [path for path in janus.server.folder.rglob("*") if path.is_file()]
    assert len(files) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(janus.server.folder.stat().st_mode) == 0o700


def test_a_second_start_keeps_secrets_and_ports(janus):
    assert janus.server.prepare() == janus.env
    janus.kill()
    assert janus.server.prepare() == janus.env


def test_a_room_can_be_made_and_unmade_any_number_of_times(janus):
    room = a_room()
    janus.adapter.create_room(room)
    janus.adapter.create_room(room)
    assert janus.adapter.rooms() == {"7000001"}
    janus.adapter.destroy_room(room)
    janus.adapter.destroy_room(room)
    assert janus.adapter.rooms() == frozenset()


def test_a_foreign_secret_destroys_nothing(janus):
    janus.adapter.create_room(a_room())
    with pytest.raises(BridgeRefusedError) as refused:
        janus.adapter.destroy_room(replace(a_room(), secret="guessed"))
    assert refused.value.code == 489
    assert janus.adapter.rooms() == {"7000001"}


def test_a_wrong_admin_secret_is_refused(janus):
    stranger = JanusBridge.from_settings({**janus.settings, "admin_secret": "guessed"})
    with closing(stranger), pytest.raises(BridgeRefusedError) as refused:
        stranger.rooms()
    assert refused.value.code == 403


def test_a_dead_bridge_is_unavailable(janus):
    assert janus.adapter.health().version == "Janus 1.1.2"
    janus.kill()
    with pytest.raises(BridgeUnavailableError):
        janus.adapter.health()


def test_nobody_joins_without_a_ticket_or_with_a_forged_or_expired_one(janus):
    room = a_room()
    janus.adapter.create_room(room)
    past = datetime.now(UTC) - timedelta(seconds=2)
    good = janus.adapter.joining(
        leg_id="leg-a", expires_at=datetime.now(UTC) + timedelta(hours=1), browser=True
    )
    assert good.server_url == janus.env["BPI_JANUS_WS_URL"]
    for token in (
        "",
        good.token.replace("leg-a", "leg-b"),
        janus.adapter.joining(leg_id="leg-a", expires_at=past, browser=True).token,
    ):
        with pytest.raises(JoinRefusedError, match="403"):
            RtpParticipant(janus.http_url, room.room, pin=room.pin, token=token)


def test_nobody_joins_with_a_wrong_pin(janus):
    room = a_room()
    janus.adapter.create_room(room)
    with pytest.raises(JoinRefusedError, match="489"):
        join(janus, room, "leg-a", pin="000000")
    assert list(janus.adapter.live_legs()) == []


def test_three_participants_are_told_by_events_and_by_polling_alike(janus, event_sink):
    room = a_room()
    janus.adapter.create_room(room)
    callers = [join(janus, room, f"leg-{name}") for name in "abc"]
    joined = event_sink.wait_for(FactKind.JOINED, 3)
    live = sorted(janus.adapter.live_legs(), key=lambda leg: leg.attached_at)

    assert [leg.leg_id for leg in live] == ["leg-a", "leg-b", "leg-c"]
    for fact, leg, caller in zip(joined, live, callers, strict=True):
        assert (fact.room, fact.participant, fact.handle, fact.display) == (
            leg.room,
            leg.participant,
            leg.handle,
            leg.display,
        )
        assert leg.participant == str(caller.participant_id)
        # Known by polling: when the client attached, some milliseconds before it joined.
        assert timedelta(0) <= fact.occurred_at - leg.attached_at + timedelta(milliseconds=20)
        assert fact.occurred_at - leg.attached_at < timedelta(seconds=1)
    attached = event_sink.facts(FactKind.ATTACHED)
    assert [fact.leg_id for fact in attached] == ["leg-a", "leg-b", "leg-c"]
    assert [fact.handle for fact in attached] == [leg.handle for leg in live]
    # They do hear each other.
    wait_until(lambda: all(caller.received > 10 for caller in callers), what="sound")

    callers[0].hang_up()
    callers[1].leave()
    left = event_sink.wait_for(FactKind.LEFT, 2)
    assert {fact.participant for fact in left} == {
        str(callers[0].participant_id),
        str(callers[1].participant_id),
    }
    assert [leg.leg_id for leg in janus.adapter.live_legs()] == ["leg-c"]


def test_the_kicked_are_out_and_told_so(janus, event_sink):
    room = a_room()
    janus.adapter.create_room(room)
    caller = join(janus, room, "leg-a")
    janus.adapter.kick(room, str(caller.participant_id))
    [kicked] = event_sink.wait_for(FactKind.KICKED)
    [left] = event_sink.wait_for(FactKind.LEFT)
    janus.adapter.kick(room, str(caller.participant_id))
    assert kicked.participant == left.participant == str(caller.participant_id)
    assert list(janus.adapter.live_legs()) == []


def test_destroying_a_room_puts_everyone_out_without_a_left(janus, event_sink):
    room = a_room()
    janus.adapter.create_room(room)
    join(janus, room, "leg-a")
    janus.adapter.destroy_room(room)
    [destroyed] = event_sink.wait_for(FactKind.ROOM_DESTROYED)
    assert destroyed.room == room.room
    assert list(janus.adapter.live_legs()) == []
    assert event_sink.facts(FactKind.LEFT) == []


def test_a_kill_is_told_by_the_next_start_only_and_the_rooms_are_gone(janus, event_sink):
    janus.adapter.create_room(a_room())
    join(janus, a_room(), "leg-a")
    event_sink.wait_for(FactKind.JOINED)
    janus.kill()
    janus.start()
    event_sink.wait_for(FactKind.BRIDGE_STARTED, 2)
    assert event_sink.facts(FactKind.LEFT, FactKind.BRIDGE_SHUTDOWN) == []
    assert janus.adapter.rooms() == frozenset()


def test_a_stop_is_told(janus, event_sink):
    event_sink.wait_for(FactKind.BRIDGE_STARTED)
    janus.terminate()
    event_sink.wait_for(FactKind.BRIDGE_SHUTDOWN)


def test_an_event_that_cannot_be_stored_is_offered_again(janus, event_sink):
    event_sink.wait_for(FactKind.BRIDGE_STARTED)
    event_sink.hang_up = True
    janus.adapter.create_room(a_room())
    caller = join(janus, a_room(), "leg-a")
    assert event_sink.facts(FactKind.JOINED) == []
    event_sink.hang_up = False
    [joined] = event_sink.wait_for(FactKind.JOINED)
    assert joined.participant == str(caller.participant_id)


def test_a_room_is_recorded_from_the_start(janus, event_sink, tmp_path):
    sound = tmp_path / "consejo.wav"
    room = a_room(recording_path=str(sound))
    janus.adapter.create_room(room)
    caller = join(janus, room, "leg-a")
    wait_until(lambda: caller.received > 20, what="sound")
    janus.adapter.destroy_room(room)
    wait_until(lambda: sound.exists() and sound.stat().st_size > 10_000, what="a recording")
    assert sound.read_bytes()[:4] == b"RIFF"
