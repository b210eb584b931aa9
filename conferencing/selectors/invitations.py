"""What participants are told of a reservation, in their language."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from conferencing.documents import CalendarEntry, calendar_file
from conferencing.models import Reservation
from toolkit.telephony import Access

from .reservations import dial_in_of, join_url


def invitation_text(reservation: Reservation) -> str:
    """Answer how to join, in plain text and in the active language. The host's PIN is not told."""
    lines = [_("PIN: %(pin)s") % {"pin": reservation.pin}]
    for line in dial_in_of(reservation):
        kind = Access(line["access"]).label
        place = line.get("label") or line.get("country") or ""
        lines.append(f"{kind} {place}: {line['number']}".replace("  ", " "))
    lines.append(_("How to join: %(url)s") % {"url": join_url(reservation)})
    return "\n".join(lines)


def calendar_of(reservation: Reservation) -> bytes:
    """Answer the reservation as calendar file, in its own language."""
    with translation.override(reservation.language):
        return calendar_file(
            CalendarEntry(
                uid=f"{reservation.number}@{_host()}",
                sequence=reservation.version - 1,
                title=reservation.title,
                description=invitation_text(reservation),
                location=_("Audio conference, PIN %(pin)s") % {"pin": reservation.pin},
                url=join_url(reservation),
                start=reservation.scheduled_start,
                end=reservation.scheduled_end,
                changed_at=reservation.updated_at,
                cancelled=reservation.status == Reservation.Status.CANCELLED,
                organizer=settings.DEFAULT_FROM_EMAIL,
                attendees=reservation.invitees,
            )
        )


def _host() -> str:
    return settings.PUBLIC_URL.split("://")[-1].split("/")[0].split(":")[0]
