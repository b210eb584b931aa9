"""Callers for the simulated bridge: nobody dials in there, so somebody has to be made up."""

import random
import uuid
from typing import Final

from conferencing.models import LegTicket, Reservation
from conferencing.selectors import closes_at
from toolkit.telephony import Access

NAMES: Final = (
    "Ana Belmonte",
    "Bruno Aguirre",
    "Carmen Ledesma",
    "Diego Sanz",
    "Elena Robles",
    "Felipe Ocampo",
    "Gloria Pineda",
    "Hugo Cabrera",
    "Inés Fuentes",
    "Jorge Villalba",
)
PREFIXES: Final = {Access.TOLL: "+34919", Access.TOLL_FREE: "+34900", Access.DIAL_OUT: "+34618"}


def invent_callers(reservation: Reservation) -> int:
    """Give tickets to made-up callers, on the booked accesses in turn; return how many.

    Nobody is invented where somebody holds a ticket already, so it is idempotent. The same
    reservation always gets the same callers: all ports but, for some, one or two.
    """
    if reservation.tickets.exists():
        return 0
    chance = random.Random(reservation.number)  # noqa: S311 - a play, no secret
    count = max(1, reservation.reserved_ports - chance.randrange(3))
    access = reservation.access or [Access.VOIP]
    tickets = [
        LegTicket(
            leg_id=str(uuid.uuid4()),
            reservation=reservation,
            participant=NAMES[place % len(NAMES)] + (f" {place}" if place >= len(NAMES) else ""),
            participant_id=1 + place,
            access=access[place % len(access)],
            number=_number(access[place % len(access)], chance),
            expires_at=closes_at(reservation),
            created_by="simulated bridge",
        )
        for place in range(count)
    ]
    # Two link processes at once: the second finds every participant taken.
    return len(LegTicket.objects.bulk_create(tickets, ignore_conflicts=True))


def _number(access: str, chance: random.Random) -> str:
    prefix = PREFIXES.get(Access(access))
    return f"{prefix}{chance.randrange(10**6):06d}" if prefix else ""
