"""From a row to the adapter that speaks with the bridge, and from a reservation to its room."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from conferencing.bridges.base import BridgeAdapter, Caller, RoomSpec
from conferencing.models import Bridge, Conference, Reservation

EMBEDDED_SLUG: Final = "main"
EMBEDDED_PORTS: Final = 120


class BridgeNotConfiguredError(Exception):
    """Nobody told this installation how to reach the bridge, or it cannot be asked at all."""


def adapter_for(bridge: Bridge) -> BridgeAdapter:
    """Return a new adapter for the bridge; it asks nobody before it is used. Close it after use.

    Raises:
        BridgeNotConfiguredError: the make has no adapter (it only sends call records), or the
            addresses of its server are not set.
    """
    path = settings.BRIDGE_MAKES.get(bridge.make)
    if path is None:
        msg = f"bridge {bridge.slug}: the make {bridge.make} cannot be driven"
        raise BridgeNotConfiguredError(msg)
    make: type[BridgeAdapter] = import_string(path)
    values = _settings_of(bridge)
    if not all(values.values()):
        msg = f"bridge {bridge.slug}: its addresses and secrets are not set"
        raise BridgeNotConfiguredError(msg)
    return make.from_settings({**values, "dial_in": bridge.dial_in})


def _settings_of(bridge: Bridge) -> dict[str, Any]:
    if bridge.make == Bridge.Make.JANUS:
        names = "admin_url admin_secret admin_key http_url ws_url token_secret events_password"
        return {name: getattr(settings, f"JANUS_{name.upper()}") for name in names.split()}
    return {
        "slug": bridge.slug,
        "events_password": _derived("events", bridge.slug),
        "token_secret": _derived("tokens", bridge.slug),
    }


def room_secret(bridge: Bridge, room: int) -> str:
    """Return what must be shown to the bridge to change this room; derived, stored nowhere."""
    return _derived("room", f"{bridge.slug}/{room}")


def _derived(purpose: str, name: str) -> str:
    return salted_hmac(f"conferencing.bridge.{purpose}", name, algorithm="sha256").hexdigest()


def room_spec(reservation: Reservation, *, now: datetime) -> RoomSpec:
    """Return the room that the bridge shall have for a reservation."""
    return RoomSpec(
        room=str(reservation.room),
        description=reservation.number,
        pin=reservation.pin,
        secret=room_secret(reservation.bridge, reservation.room),
        ports=reservation.reserved_ports,
        starts_at=reservation.scheduled_start,
        ends_at=reservation.scheduled_end,
        callers=tuple(
            Caller(ticket.leg_id, str(ticket.participant_id), ticket.participant)
            for ticket in reservation.tickets.order_by("pk")
        ),
        recording_path=_recording_path(reservation, now) if reservation.recorded else "",
    )


def _recording_path(reservation: Reservation, now: datetime) -> str:
    """Name a new file each time: a room made again after a restart must not overwrite the old."""
    folder = settings.STATE_DIR / "recordings"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder / f"{reservation.number}-{now:%Y%m%dT%H%M%S}.wav")


def ensure_embedded_bridge() -> Bridge:
    """Return the bridge of this installation: Janus where one was started, else a simulated one.

    Its make follows what is there, but never while a conference is on it. Idempotent.
    """
    janus = bool(settings.JANUS_ADMIN_URL)
    make = Bridge.Make.JANUS if janus else Bridge.Make.SIMULATED
    bridge, created = Bridge.objects.get_or_create(
        slug=EMBEDDED_SLUG,
        defaults={"name": "BPI", "make": make, "capacity": EMBEDDED_PORTS},
    )
    driven = bridge.make in {Bridge.Make.JANUS, Bridge.Make.SIMULATED}
    if not created and driven and bridge.make != make and not _is_busy(bridge):
        bridge.make = make
        bridge.save(update_fields=["make"])
    return bridge


def _is_busy(bridge: Bridge) -> bool:
    return Conference.objects.filter(bridge=bridge, state=Conference.State.LIVE).exists()
