"""What happens in the stories, and what it must cost by an independent calculation."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from conferencing.models import BridgeEvent
from tests.billing.rating.reference import reference_invoice
from tests.bridge.janus import wait_until
from tests.bridge.rtp import RtpParticipant
from tests.factories.customers import spanish_tax_id
from tests.factories.sales import a_rate
from tests.flows.stage import VAT_PERCENT, Office, Stage

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
# Patience, not duration: a busy machine may take longer for what usually takes a tenth.
PATIENCE = 30
BEGINNINGS = {"joined", "seen"}
ENDS = {"left", "gone"}
RateKey = tuple[str, str, str, str]
Event = dict[str, Any]


def next_full_minute(margin: float = 2.0) -> dt.datetime:
    """Return the next full minute that is at least ``margin`` seconds away."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=margin)
    return soon.replace(second=0, microsecond=0) + MINUTE


def terms_with_peak(
    stage: Stage,
    *,
    peak_from: dt.datetime,
    toll_increment: int,
    toll_minimum: int = 0,
    **fields: Any,
) -> dict[str, Any]:
    """Return a contract with something of everything; peak begins at ``peak_from``, every day."""
    start = f"{peak_from.astimezone(stage.zone).year - 1}-01-01"
    rates = [
        a_rate(access="voip", price_per_minute="0.035", next_increment=6),
        *(
            a_rate(
                access="toll",
                band=band,
                price_per_minute=price,
                first_increment=toll_increment,
                next_increment=toll_increment,
                minimum_seconds=toll_minimum,
            )
            for band, price in (("offpeak", "0.0412"), ("peak", "0.0973"))
        ),
        a_rate(
            access="dial_out",
            prefix="34",
            price_per_minute="0.145",
            first_increment=30,
            next_increment=6,
            connection_fee="0.05",
        ),
    ]
    return {
        "currency": "EUR",
        "timezone": stage.zone.key,
        "start": start,
        "end": None,
        "peak": {
            "weekdays": [1, 2, 3, 4, 5, 6, 7],
            "from": peak_from.astimezone(stage.zone).strftime("%H:%M"),
            "to": "24:00",
        },
        "fees": {"setup": "2.5", "recording_per_minute": "0.015", "unused_port": "0.333"},
        "rates": [rate | {"valid_from": start} for rate in rates],
        **fields,
    }


class Account:
    """A customer with a contract, both made by a salesperson's program."""

    def __init__(
        self, office: Office, *, terms: dict[str, Any], billing: str = "monthly", **fields: Any
    ) -> None:
        self.office = office
        self.terms = terms
        serial = uuid.uuid4().int
        self.customer: str = office.sales.post(
            "customers/",
            {
                "legal_name": f"Industrias Meridiano {serial % 10**6}, S.A.",
                "tax_id": spanish_tax_id(serial % 80_000_000),
                "country": "ES",
                "currency": terms["currency"],
                "timezone": terms["timezone"],
                "language": "es",
                "addresses": [
                    {
                        "kind": "billing",
                        "line1": "Gran Vía 41",
                        "postcode": "48011",
                        "city": "Bilbao",
                        "country": "ES",
                    }
                ],
            },
        )["number"]
        body = {"customer": self.customer, "billing": billing, "vat_category": "domestic"}
        self.contract: str = office.sales.post("contracts/", body | terms | fields)["number"]
        office.sales.post(f"contracts/{self.contract}/activate/", status=200)

    def invoices(self) -> list[dict[str, Any]]:
        """Return what an accountant's program sees of this customer's invoices."""
        rows = self.office.accountant.get("invoices/", customer=self.customer)["results"]
        return [self.office.accountant.get(f"invoices/{row['id']}/") for row in rows]

    def billed(self) -> list[dict[str, Any]]:
        """Return every amount of every invoice, down to the legs."""
        return [_amounts(self.office, invoice) for invoice in self.invoices()]

    def expected(self, *calls: dict[str, Any]) -> dict[str, Any]:
        """Return the same of an invoice with these conferences, calculated independently."""
        first = min(leg["answered_at"] for call in calls for leg in call["legs"])
        local = dt.datetime.fromisoformat(first).astimezone(self.office.zone)
        case = {
            "contract": self.terms,
            "period": local.strftime("%Y-%m"),
            "vat_percent": VAT_PERCENT,
            "conferences": list(calls),
        }
        return _amounts_of_reference(case)


class Call:
    """A conference on the bridge: booked for now, with the legs that took part."""

    def __init__(self, stage: Stage, account: Account, **fields: Any) -> None:
        self.stage = stage
        self.account = account
        self.wish = {
            "customer": account.customer,
            "title": "Comité de dirección",
            "scheduled_start": dt.datetime.now(dt.UTC).isoformat(),
            "duration_minutes": 60,
            "reserved_ports": 5,
            "access": ["voip", "toll", "dial_out"],
            "recorded": False,
            **fields,
        }
        booked = self.stage.sales.post("reservations/", self.wish)
        self.number: str = booked["number"]
        self.room: int = booked["bridge"]["room"]
        self._legs: list[dict[str, Any]] = []
        self._participants: dict[str, RtpParticipant] = {}
        self._tickets: dict[str, int] = {}

    def wait_for_room(self) -> None:
        wait_until(
            lambda: str(self.room) in self.stage.janus.adapter.rooms(),
            seconds=PATIENCE,
            what="the room of the reservation",
        )

    def join(self, participant: str, access: str = "voip", number: str | None = None) -> None:
        """Join over RTP with a ticket: a browser's for a person, any other for the gateway."""
        asking = self.stage.sales if access == "voip" else self.stage.gateway
        wish = {"participant": participant, "access": access, "number": number}
        ticket = asking.post(f"reservations/{self.number}/tickets/", wish)
        self._participants[participant] = RtpParticipant(
            self.stage.janus.http_url,
            ticket["room"],
            pin=ticket["pin"],
            token=ticket["token"],
            display=participant,
            participant_id=ticket["participant_id"],
        )
        self._tickets[ticket["leg_id"]] = ticket["participant_id"]
        self._legs.append({"id": ticket["leg_id"], **wish})

    def join_three(self) -> None:
        """Let three participants in, each over another access."""
        self.wait_for_room()
        self.join("Ana")
        self.join("Bruno", "toll", "+34910000001")
        self.join("Carmen", "dial_out", "+34618000002")

    def hang_up(self, *participants: str) -> None:
        """Let these leave, or all who are still in."""
        for name in participants or list(self._participants):
            self._participants.pop(name).hang_up()

    @property
    def conference(self) -> str:
        """The id of what the reservation became."""
        found: str = wait_until(
            lambda: self.stage.sales.get(f"reservations/{self.number}/")["conference"],
            seconds=PATIENCE,
            what="the conference",
        )
        return found

    def wait_until_live(self) -> None:
        """Wait until the portal knows everybody who is in."""
        ids = {leg["id"] for leg in self._legs}
        wait_until(
            lambda: ids <= {leg["id"] for leg in self.as_seen()["legs"]},
            seconds=PATIENCE,
            what="all legs",
        )

    def as_seen(self) -> dict[str, Any]:
        """Return the conference as the portal tells it."""
        seen: dict[str, Any] = self.stage.sales.get(f"conferences/{self.conference}/")
        return seen

    def as_case(self, events: Iterable[Event] | None = None) -> dict[str, Any]:
        """Return the conference as TARIFF.md has it, with times from these events alone.

        By default those that the portal was given: by the bridge or, without it, by its own polls.
        """
        times = self._times(self.events() if events is None else events)
        legs = []
        for leg in self._legs:
            began, ended = times[self._tickets[leg["id"]]]
            legs.append(leg | {"answered_at": text(began), "ended_at": text(ended)})
        return {
            "id": self.conference,
            "scheduled_start": self.wish["scheduled_start"],
            "cancelled_at": None,
            "operator_assisted": False,
            "recorded": self.wish["recorded"],
            "reserved_ports": self.wish["reserved_ports"],
            "legs": legs,
        }

    def events(self) -> list[Event]:
        """Return what the portal was told of the room, word for word."""
        return list(BridgeEvent.objects.filter(room=self.room).values_list("body", flat=True))

    def is_told(self, events: Iterable[Event] | None = None) -> bool:
        """Say whether these events (by default the portal's) tell when everybody came and went."""
        return len(self._times(self.events() if events is None else events)) == len(self._legs)

    def _times(self, events: Iterable[Event]) -> dict[int, tuple[dt.datetime, dt.datetime]]:
        """Read when each participant came and went; what the bridge says outweighs a poll."""
        begun: dict[int, dt.datetime] = {}
        ended: dict[int, dt.datetime] = {}
        for what, room, participant, at in map(_read, sorted(events, key=_is_of_the_bridge)):
            if room == self.room and what in BEGINNINGS:
                begun[participant] = at
            elif room == self.room and what in ENDS:
                ended[participant] = at
            elif room == self.room and what == "destroyed":  # with everybody who was still in
                ended |= dict.fromkeys(begun.keys() - ended.keys(), at)
        return {who: (begun[who], ended[who]) for who in begun.keys() & ended.keys()}


def _is_of_the_bridge(event: Event) -> tuple[bool, int]:
    return "poll" not in event, event.get("timestamp", 0)


def _read(event: Event) -> tuple[str, int, int, dt.datetime]:
    """Read what, where, who and when: of what Janus posts, or of what the link keeps of a poll."""
    if "poll" in event:
        at = dt.datetime.fromisoformat(event["at"])
        return event["poll"], int(event["room"]), int(event["participant"]), at
    data = event.get("event", {}).get("data", {})
    at = EPOCH + dt.timedelta(microseconds=event["timestamp"])
    return data.get("event", ""), data.get("room", 0), data.get("id", 0), at


def text(moment: dt.datetime) -> str:
    """Write a moment as the API does."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _amounts(office: Office, invoice: dict[str, Any]) -> dict[str, Any]:
    """Write an invoice of the API, and the legs that its explanation names, as plain facts."""
    explained = office.accountant.get(f"invoices/{invoice['id']}/explain/")
    return {
        "lines": sorted(
            (line["conference"] or "", line["kind"], line["quantity"], line["net"])
            for line in invoice["lines"]
        ),
        "legs": sorted(
            (
                leg["leg"],
                leg["duration_seconds"],
                leg["billed_seconds"],
                leg["free_seconds"],
                leg["amount"],
                _seconds_by_rate((part["rate"], part["seconds"]) for part in leg["segments"]),
            )
            for line in explained["lines"]
            for leg in line.get("legs", ())
        ),
        "taxes": [(tax["base"], tax["amount"]) for tax in invoice["taxes"]],
        "totals": (invoice["net"], invoice["vat"], invoice["total"]),
    }


def _amounts_of_reference(case: dict[str, Any]) -> dict[str, Any]:
    reference = reference_invoice(case)
    assert reference["problems"] == []
    rates = case["contract"]["rates"]
    return {
        "lines": sorted(
            (line["conference"] or "", line["kind"], line["quantity"], line["net"])
            for line in reference["lines"]
        ),
        "legs": sorted(
            (
                leg["id"],
                leg["duration_seconds"],
                leg["billed_seconds"],
                leg["free_seconds"],
                leg["amount"],
                _seconds_by_rate(
                    (rates[part["rate"]], part["seconds"]) for part in leg["segments"]
                ),
            )
            for leg in reference["legs"]
        ),
        "taxes": [(reference["net"], reference["vat"])],
        "totals": (reference["net"], reference["vat"], reference["total"]),
    }


def _seconds_by_rate(parts: Iterable[tuple[dict[str, Any], int]]) -> list[tuple[RateKey, int]]:
    seconds: dict[RateKey, int] = {}
    for rate, count in parts:
        key = (rate["access"], rate["prefix"], rate["band"], rate["valid_from"])
        seconds[key] = seconds.get(key, 0) + count
    return sorted(seconds.items())
