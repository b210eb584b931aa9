"""Events recorded from a real Janus, read into facts."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conferencing.bridges import janus_events, janus_tickets
from conferencing.bridges.base import BridgeFact, FactKind, deliveries, moment
from conferencing.bridges.story import legs_of

RECORDED = json.loads(
    (Path(__file__).parents[2] / "data/bridge/janus-1.1.2-events.json").read_text()
)
SECRET = RECORDED["token_secret"]


def facts() -> list[BridgeFact]:
    found = [janus_events.fact(event, token_secret=SECRET) for event in RECORDED["events"]]
    return [fact for fact in found if fact is not None]


def test_the_recording_tells_what_happened():
    kinds = [fact.kind.value for fact in facts()]
    assert kinds == (
        ["bridge_started"]
        + ["attached", "joined"] * 4
        + ["media_back", "media_lost"]
        + ["left", "joined"]
        + ["kicked", "left", "left", "left"]
        + ["room_destroyed", "bridge_shutdown"]
    )


def test_every_part_of_a_fact_is_read():
    assert facts()[2] == BridgeFact(
        FactKind.JOINED,
        datetime(2026, 11, 24, 12, 1, 42, 569389, tzinfo=UTC),
        room="7000001",
        participant="101",
        display="Ana",
        handle="3414722254525598",
    )
    assert facts()[1].leg_id == "leg-a"
    # Silence is noticed a second after the last packet.
    assert facts()[10].occurred_at == datetime(2026, 11, 24, 12, 1, 46, 995923, tzinfo=UTC)


def test_a_token_signed_with_another_secret_names_no_leg():
    attached = next(event for event in RECORDED["events"] if event["type"] == 2)
    assert janus_events.fact(attached, token_secret="another").leg_id == ""
    assert janus_events.fact(attached, token_secret=SECRET).leg_id == "leg-a"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "64", "timestamp": 1, "event": {}},
        {"type": 64, "timestamp": "1", "event": {}},
        {"type": 64, "timestamp": 1, "event": []},
    ],
)
def test_what_is_no_event_is_refused(event):
    with pytest.raises(ValueError, match="an event of Janus"):
        janus_events.fact(event, token_secret=SECRET)


@pytest.mark.parametrize(
    "event",
    [
        {"type": 1, "timestamp": 1, "event": {"name": "created"}},
        {"type": 2, "timestamp": 1, "event": {"name": "detached"}},
        {"type": 32, "timestamp": 1, "event": {"media": "audio"}},
        {"type": 64, "timestamp": 1, "event": {"data": {"event": "edited", "room": 1}}},
        {"type": 64, "timestamp": 1, "event": {"data": []}},
        {"type": 256, "timestamp": 1, "event": {"status": "update"}},
    ],
)
def test_what_tells_nothing_about_calls_is_no_fact(event):
    assert janus_events.fact(event, token_secret=SECRET) is None


def test_a_ticket_reads_back_and_cannot_be_changed():
    expires_at = datetime(2026, 11, 24, 13, tzinfo=UTC)
    token = janus_tickets.mint("secret", leg_id="leg-1", expires_at=expires_at)
    assert token.startswith(f"{int(expires_at.timestamp())},janus,janus.plugin.audiobridge,leg-1:")
    assert janus_tickets.leg_id_of("secret", token) == "leg-1"
    assert janus_tickets.leg_id_of("secret", token.replace("leg-1", "leg-2")) == ""
    assert janus_tickets.leg_id_of("other", token) == ""
    assert janus_tickets.leg_id_of("secret", "") == ""


def test_moments_are_exact_to_the_microsecond():
    assert moment(1795521702569389) == datetime(2026, 11, 24, 12, 1, 42, 569389, tzinfo=UTC)


def test_the_same_event_has_the_same_fingerprint_however_it_is_written():
    [one] = deliveries(b'{"a": 1, "b": [2]}')
    [two, three] = deliveries(b'[{"b":[2],"a":1},{"b":[2],"a":2}]')
    assert one.fingerprint == two.fingerprint != three.fingerprint


@pytest.mark.parametrize("body", [b"", b"7", b"[7]", b"\xff"])
def test_what_is_no_list_of_objects_is_refused(body):
    with pytest.raises(ValueError):  # noqa: PT011 - every reason will do
        deliveries(body)


def test_the_recording_makes_five_legs():
    told = [
        (leg.display, leg.leg_id, leg.turn, leg.joined_how, leg.left_how, leg.kicked)
        for leg in legs_of(facts(), {})
    ]
    assert told == [
        ("Ana", "leg-a", 1, "event", "event", False),
        ("Berta", "leg-b", 1, "event", "event", True),
        ("sin billete", "", 1, "event", "room-destroyed", False),
        ("Navegador", "leg-n", 1, "event", "event", False),
        ("Ana", "leg-a", 2, "event", "event", False),
    ]
