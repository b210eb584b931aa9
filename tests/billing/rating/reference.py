"""TARIFF.md once more, by another hand: slow, in fractions, one increment and one second at a time.

Written from the text and sharing nothing with ``billing.rating``, not even its reading of money
and moments, so that flow tests can hold any invoice against it: ``reference_invoice(case_input)``
answers what ``expected`` of a case must be.
"""

import math
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DECIMALS = {"CLP": 0, "JPY": 0, "PYG": 0, "BHD": 3, "KWD": 3, "TND": 3}


def reference_invoice(case: dict) -> dict:
    """Answer the ``expected`` of a case's ``input``; the input is taken to be valid."""
    contract = Contract(case["contract"])
    year, month = map(int, case["period"].split("-"))
    days_of_month = [
        day
        for day in (date(year, month, 1) + timedelta(days=n) for n in range(31))
        if day.month == month
    ]
    held_here = [
        conference
        for conference in map(Meeting, case["conferences"])
        if contract.local(conference.first).date() in days_of_month
    ]
    held_here.sort(key=lambda conference: (conference.first, conference.id))
    legs, lines, problems = [], [], []
    for conference in held_here:
        conference_legs, conference_lines, conference_problems = contract.price(conference)
        legs += conference_legs
        lines += conference_lines
        problems += conference_problems
    lines.sort(key=lambda line: (line["conference"], line["kind"]))
    lines += contract.period_lines(days_of_month, sum(line["net"] for line in lines))
    net = sum((line["net"] for line in lines), Fraction(0))
    vat = contract.rounded(net * Fraction(case.get("vat_percent") or "0") / 100)
    return {
        "legs": sorted(legs, key=lambda leg: (leg["conference"], leg["id"])),
        "lines": [line | {"net": contract.written(line["net"])} for line in lines],
        "problems": sorted(problems, key=lambda problem: problem["leg"]),
        "net": contract.written(net),
        "vat": contract.written(vat),
        "total": contract.written(net + vat),
    }


def half_up(amount: Fraction, decimals: int) -> Fraction:
    scaled = abs(amount) * 10**decimals
    whole = math.floor(scaled + Fraction(1, 2))
    return Fraction(whole if amount >= 0 else -whole, 10**decimals)


def written(amount: Fraction, decimals: int) -> str:
    scaled = amount * 10**decimals
    assert scaled.denominator == 1
    digits = str(abs(scaled.numerator)).rjust(decimals + 1, "0")
    sign = "-" if scaled < 0 else ""
    if decimals == 0:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds_up(span: timedelta) -> int:
    return math.ceil(Fraction(span // timedelta(microseconds=1), 1_000_000))


class Meeting:
    """A conference and its legs that lasted."""

    def __init__(self, conference: dict):
        self.content = conference
        self.id = conference["id"]
        self.start: Any = None
        self.cancelled: Any = None
        if conference.get("scheduled_start"):
            self.start = moment(conference["scheduled_start"])
        if conference.get("cancelled_at"):
            self.cancelled = moment(conference["cancelled_at"])
        self.held: list[dict] = []
        self.bad: list[dict] = []
        for leg in conference["legs"]:
            span = moment(leg["ended_at"]) - moment(leg["answered_at"])
            if span > timedelta():
                self.held.append(leg)
            elif span < timedelta():
                self.bad.append(leg)
        self.held.sort(key=lambda leg: (moment(leg["answered_at"]), leg["id"]))
        self.first: datetime = moment(self.held[0]["answered_at"]) if self.held else self.start

    @property
    def participants(self) -> int:
        return len({leg["participant"] for leg in self.held})

    @property
    def minutes(self) -> int:
        last = max(moment(leg["ended_at"]) for leg in self.held)
        return math.ceil(Fraction(seconds_up(last - self.first), 60))

    @property
    def most_at_once(self) -> int:
        return max(
            sum(
                moment(other["answered_at"])
                <= moment(leg["answered_at"])
                < moment(other["ended_at"])
                for other in self.held
            )
            for leg in self.held
        )


class Contract:
    """The terms, and the two counters that run through a period."""

    def __init__(self, contract: dict):
        self.terms = contract
        self.zone = ZoneInfo(contract["timezone"])
        self.fees = contract.get("fees") or {}
        self.decimals = DECIMALS.get(contract["currency"], 2)
        self.pool = 60 * (contract.get("included_minutes") or 0)
        self.charged = 0
        self.tiers = sorted(
            (tier["from_minutes"] * 60, Fraction(tier["discount_percent"]))
            for tier in contract.get("tiers") or []
        )

    def local(self, when: datetime) -> datetime:
        return when.astimezone(self.zone)

    def rounded(self, amount: Fraction) -> Fraction:
        return half_up(amount, self.decimals)

    def written(self, amount: Fraction) -> str:
        return written(amount, self.decimals)

    def covers(self, day: date) -> bool:
        end = self.terms.get("end")
        return self.terms["start"] <= day.isoformat() and (end is None or day.isoformat() < end)

    def band(self, when: datetime) -> str | None:
        peak = self.terms.get("peak")
        if not peak:
            return None
        local = self.local(when)
        is_peak = (
            local.isoweekday() in peak["weekdays"]
            and local.date().isoformat() not in (self.terms.get("holidays") or [])
            and peak["from"] <= local.strftime("%H:%M") < peak["to"]
        )
        return "peak" if is_peak else "offpeak"

    def rate_at(self, leg: dict, when: datetime) -> int | None:
        digits = (leg["number"] or "").removeprefix("+")
        day = self.local(when).date().isoformat()
        band = self.band(when)
        found = [
            (len(rate["prefix"]), rate["band"] != "any", index)
            for index, rate in enumerate(self.terms["rates"])
            if rate["access"] == leg["access"]
            and digits.startswith(rate["prefix"])
            and rate["valid_from"] <= day
            and (rate.get("valid_to") is None or day < rate["valid_to"])
            and rate["band"] in ("any", band)
        ]
        return max(found)[2] if found else None

    def increments(self, leg: dict) -> list[tuple[int, int]] | None:
        """Answer (rate, seconds) of every increment, None where one has no rate."""
        answered = moment(leg["answered_at"])
        laid: list[tuple[int, int]] = []
        covered, to_cover = 0, 1
        while covered < to_cover:
            index = self.rate_at(leg, answered + timedelta(seconds=covered))
            if index is None:
                return None
            rate = self.terms["rates"][index]
            if not laid:
                duration = seconds_up(moment(leg["ended_at"]) - answered)
                to_cover = max(duration, rate["minimum_seconds"])
            length = rate["next_increment" if laid else "first_increment"]
            laid.append((index, length))
            covered += length
        return laid

    def discount(self) -> Fraction:
        """Answer the discount of the next charged second."""
        discount = Fraction(0)
        for first_second, tier_discount in self.tiers:
            if first_second <= self.charged:
                discount = tier_discount
        return discount

    def price_leg(self, leg: dict) -> tuple[Fraction, int, dict[int, int]] | None:
        laid = self.increments(leg)
        if laid is None:
            return None
        rates = self.terms["rates"]
        amount, free = Fraction(0), 0
        by_rate: dict[int, int] = {}
        for index, length in laid:
            by_rate[index] = by_rate.get(index, 0) + length
            price = Fraction(rates[index]["price_per_minute"]) / 60
            for _ in range(length):
                if self.pool and leg["access"] in (self.terms.get("included_access") or []):
                    self.pool -= 1
                    free += 1
                else:
                    amount += price * (100 - self.discount()) / 100
                    self.charged += 1
        return half_up(amount, 6) + Fraction(rates[laid[0][0]]["connection_fee"]), free, by_rate

    def price(self, meeting: Meeting) -> tuple[list, list, list]:
        legs = []
        problems = [{"leg": leg["id"], "problem": "bad_times"} for leg in meeting.bad]
        if not self.covers(self.local(meeting.first).date()):
            problems += [{"leg": leg["id"], "problem": "no_contract"} for leg in meeting.held]
            return [], [], problems
        usage: dict[str, tuple[Fraction, int]] = {}
        for leg in meeting.held:
            priced = self.price_leg(leg)
            if priced is None:
                problems.append({"leg": leg["id"], "problem": "no_rate"})
                continue
            amount, free, by_rate = priced
            billed = sum(by_rate.values())
            span = moment(leg["ended_at"]) - moment(leg["answered_at"])
            legs.append(
                {
                    "conference": meeting.id,
                    "id": leg["id"],
                    "duration_seconds": seconds_up(span),
                    "billed_seconds": billed,
                    "free_seconds": free,
                    "segments": [{"rate": i, "seconds": by_rate[i]} for i in sorted(by_rate)],
                    "amount": written(amount, 6),
                }
            )
            before = usage.get(leg["access"], (Fraction(0), 0))
            usage[leg["access"]] = (before[0] + amount, before[1] + billed)
        charges = [(f"usage:{access}", *usage[access]) for access in usage]
        charges += self.held_charges(meeting) if meeting.held else self.empty_charges(meeting)
        lines = [
            {
                "kind": kind,
                "conference": meeting.id,
                "net": self.rounded(amount),
                "quantity": quantity,
            }
            for kind, amount, quantity in charges
        ]
        return legs, lines, problems

    def fee(self, name: str) -> Any:
        text = self.fees.get(name)
        return None if text is None else Fraction(text)

    def held_charges(self, meeting: Meeting) -> list[tuple]:
        content, fee, charges = meeting.content, self.fee, []
        reserved = content.get("reserved_ports") or 0
        counted = [
            ("recording", "recording_per_minute", bool(content.get("recorded")) * meeting.minutes),
            ("unused_ports", "unused_port", reserved and reserved - meeting.participants),
            ("overage_ports", "overage_port", reserved and meeting.most_at_once - reserved),
            (
                "minimum_participants",
                "minimum_participant_per_minute",
                ((self.fees.get("minimum_participants") or 0) - meeting.participants)
                * meeting.minutes,
            ),
        ]
        for kind, name, quantity in counted:
            if fee(name) is not None and quantity > 0:
                charges.append((kind, fee(name) * quantity, quantity))
        if fee("setup") is not None:
            charges.append(("setup", fee("setup"), None))
        if fee("operator") is not None and content.get("operator_assisted"):
            charges.append(("operator", fee("operator"), None))
        return charges

    def empty_charges(self, meeting: Meeting) -> list[tuple]:
        if meeting.cancelled is None:
            no_show = self.fee("no_show")
            return [] if no_show is None else [("no_show", no_show, None)]
        hours, late = self.fees.get("late_cancel_hours"), self.fee("late_cancel")
        if late is None or hours is None:
            return []
        if meeting.start - meeting.cancelled < timedelta(hours=hours):
            return [("late_cancellation", late, None)]
        return []

    def period_lines(self, days: list[date], conference_lines: Fraction) -> list[dict]:
        active = sum(map(self.covers, days))
        share = Fraction(active, len(days))
        lines: list[tuple[str, Fraction, int | None]] = []
        if self.terms.get("commitment") is not None:
            committed = self.rounded(Fraction(self.terms["commitment"]) * share)
            if committed > conference_lines:
                lines.append(("commitment_shortfall", committed - conference_lines, None))
        if self.terms.get("monthly_fee") is not None and active:
            fee = self.rounded(Fraction(self.terms["monthly_fee"]) * share)
            lines.append(("monthly_fee", fee, active))
        return [
            {"kind": kind, "conference": None, "net": net, "quantity": quantity}
            for kind, net, quantity in lines
        ]
