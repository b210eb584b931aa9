"""Calendar entries (RFC 5545) of reservations, from plain values."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from icalendar import Calendar, Event, vCalAddress, vUri


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """What a calendar shows. Moments are UTC: every calendar shows them on its owner's clocks.

    ``uid`` and ``sequence`` let a calendar replace the entry when the reservation is changed.
    """

    uid: str
    sequence: int
    title: str
    description: str
    location: str
    url: str
    start: dt.datetime
    end: dt.datetime
    changed_at: dt.datetime
    cancelled: bool
    organizer: str
    attendees: Sequence[str]


def calendar_file(entry: CalendarEntry) -> bytes:
    """Return the entry as a file that calendars import."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(dt.UTC))
    event.add("last-modified", entry.changed_at.astimezone(dt.UTC))
    event.add("dtstart", entry.start.astimezone(dt.UTC))
    event.add("dtend", entry.end.astimezone(dt.UTC))
    event.add("summary", entry.title)
    event.add("description", entry.description)
    event.add("location", entry.location)
    event.add("url", vUri(entry.url))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("organizer", vCalAddress(f"MAILTO:{entry.organizer}"))
    for address in entry.attendees:
        event.add("attendee", vCalAddress(f"MAILTO:{address}"))
    calendar = Calendar()
    calendar.add("prodid", "-//BPI Portal//Reservations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if entry.cancelled else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
