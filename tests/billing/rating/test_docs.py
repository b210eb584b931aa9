"""Every table of docs/rating.md, asked of the engine."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from billing.rating import (
    Conference,
    ContractTerms,
    Fees,
    Leg,
    Peak,
    PeriodState,
    Rate,
    Tier,
    belongs_to,
    period_lines,
    price_conference,
    price_leg,
)
from toolkit.money import (
    HUNDRED_PERCENT,
    MICROS,
    format_exact,
    format_micros,
    parse_micros,
    round_to_minor,
    share_of,
)
from toolkit.periods import Period, to_microseconds

PAGE = Path(__file__).parents[3] / "docs" / "rating.md"
TABLE = re.compile(r"<!-- table: (?P<name>[^>]+) -->\n\n(?P<rows>(?:\|.*\n)+)")
MADRID = ZoneInfo("Europe/Madrid")
TEN = datetime(2026, 11, 10, 10, tzinfo=UTC)
NONE = ("none", "open", "-")


def read_tables() -> dict[str, list[list[str]]]:
    tables = {}
    for match in TABLE.finditer(PAGE.read_text()):
        lines = match["rows"].splitlines()[2:]
        tables[match["name"]] = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return tables


TABLES = read_tables()
# Read as a whole by one test each; the rest row by row.
tested = {"rates", "runs", "counters"}


def rows_of(name):
    tested.add(name)
    return pytest.mark.parametrize("row", TABLES[name], ids=" ".join)


def micros_or_none(cell):
    return None if cell in NONE else parse_micros(cell)


def day_or_none(cell):
    return None if cell in NONE else date.fromisoformat(cell)


def local(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def rate(**changes):
    defaults = {
        "access": "dial_out",
        "prefix": "",
        "band": "any",
        "valid_from": date(2026, 1, 1),
        "valid_to": None,
        "price_per_minute": 60_000,
        "first_increment": 60,
        "next_increment": 60,
    }
    return Rate(**defaults | changes)


def terms(**changes):
    defaults = {
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "start": date(2026, 1, 1),
        "end": None,
        "rates": (rate(),),
    }
    return ContractTerms(**defaults | changes)


def leg(answered, ended, *, number="+4930123456", participant="p", name="1"):
    return Leg(
        id=name,
        participant=participant,
        access="dial_out",
        number=number,
        answered_at=to_microseconds(answered),
        ended_at=to_microseconds(ended),
    )


def price(contract, one, state=None):
    return price_leg(contract, state or PeriodState(), one, "C")


@rows_of("billed seconds")
def test_billed_seconds(row):
    answered, ended = (local(f"2026-11-10 {cell}", UTC) for cell in row[:2])
    first, following, minimum, duration, billed = map(int, row[2:])
    contract = terms(
        rates=(rate(first_increment=first, next_increment=following, minimum_seconds=minimum),)
    )
    priced = price(contract, leg(answered, ended))
    assert (priced.duration_seconds, priced.billed_seconds) == (duration, billed)


@rows_of("rate in force")
def test_rate_in_force(row):
    number, when, index, _ = row
    contract = terms(
        rates=tuple(
            rate(prefix=prefix, band=band, valid_from=day_or_none(start), valid_to=day_or_none(end))
            for _, prefix, band, start, end in TABLES["rates"]
        ),
        peak=Peak(weekdays=frozenset(range(1, 6)), from_minute=480, to_minute=1200),
    )
    answered = local(when, MADRID)
    one = leg(
        answered, answered + timedelta(seconds=1), number=None if number == "unknown" else number
    )
    assert [segment.rate for segment in price(contract, one).segments] == [int(index)]


def test_runs():
    contract = terms(
        rates=(
            rate(band="peak", price_per_minute=70_000),
            rate(band="offpeak", price_per_minute=40_000, first_increment=10, next_increment=7),
        ),
        peak=Peak(weekdays=frozenset(range(1, 6)), from_minute=480, to_minute=1200),
    )
    answered = local("2026-11-10 19:57:20", MADRID)
    priced = price(contract, leg(answered, answered + timedelta(seconds=333)))
    written = [
        [
            str(segment.starts_after_seconds),
            (answered + timedelta(seconds=segment.starts_after_seconds)).strftime("%H:%M:%S"),
            contract.rates[segment.rate].band,
            str(segment.seconds),
            segment.price,
        ]
        for segment in priced.segments
    ]
    read = [[*row[:3], row[4], parse_micros(row[5])] for row in TABLES["runs"]]
    assert written == read
    for row in TABLES["runs"]:
        count, length = row[3].split(" of ")
        assert int(count) * int(length) == int(row[4])
    assert format_exact(priced.amount) == "0.312667"
    assert priced.billed_seconds == 334


@rows_of("clock changes")
def test_clock_changes(row):
    contract = terms(
        rates=(rate(band="peak"), rate(band="offpeak")),
        peak=Peak(weekdays=frozenset({7}), from_minute=150, to_minute=180),
    )
    priced = price(contract, leg(local(row[0], UTC), local(row[1], UTC)))
    seconds = dict(priced.seconds_by_rate)
    assert [seconds.get(0, 0), seconds.get(1, 0)] == [int(row[2]), int(row[3])]


def test_counters():
    contract = terms(
        rates=(rate(connection_fee=100_000),),
        included_minutes=2,
        included_access=frozenset({"dial_out"}),
        tiers=(Tier(5, 25 * MICROS), Tier(3, 10 * MICROS)),
    )
    state = PeriodState()
    for name, billed, free, charged_before, by_discount, amount in TABLES["counters"]:
        one = leg(TEN, TEN + timedelta(seconds=int(billed)), name=name)
        priced = price(contract, one, state)
        assert (priced.billed_seconds, priced.free_seconds) == (int(billed), int(free))
        assert state.charged_seconds == int(charged_before) == priced.segments[0].charged_before
        assert by_discount == ", ".join(
            f"{part.seconds - part.free_seconds} at {part.discount_percent // MICROS} %"
            for part in priced.segments
        )
        assert format_exact(priced.amount) == amount
        state = state.after(priced)


@rows_of("period of a conference")
def test_period_of_a_conference(row):
    zone, answered, period = row
    start = local(answered, UTC)
    conference = Conference(
        id="A",
        scheduled_start=to_microseconds(start + timedelta(days=40)),
        legs=(leg(start, start + timedelta(hours=5)),),
    )
    assert belongs_to(terms(timezone=zone), conference) == Period.parse(period)


@rows_of("conference lines")
def test_conference_lines(row):
    spans, reserved, *cells = row
    legs = []
    for index, span in enumerate(spans.split(", ")):
        participant, minutes = span.split(" ")
        first, last = (timedelta(minutes=float(minute)) for minute in minutes.split("-"))
        legs.append(leg(TEN + first, TEN + last, participant=participant, name=str(index)))
    contract = terms(
        fees=Fees(
            recording_per_minute=15_000,
            unused_port=750_000,
            overage_port=1_500_000,
            minimum_participants=3,
            minimum_participant_per_minute=60_000,
        )
    )
    conference = Conference(
        id="A",
        scheduled_start=to_microseconds(TEN),
        legs=tuple(legs),
        recorded=True,
        reserved_ports=None if reserved in NONE else int(reserved),
    )
    priced, _ = price_conference(contract, PeriodState(), conference)
    written = {
        line.kind: f"{line.quantity}: {format_micros(line.net, 'EUR')}" for line in priced.lines
    }
    kinds = ("recording", "unused_ports", "overage_ports", "minimum_participants")
    assert [written.get(kind, "-") for kind in kinds] == cells


@rows_of("nobody came")
def test_nobody_came(row):
    cancelled, kind, net = row
    before = None
    if cancelled != "never":
        hours, minutes, seconds = map(int, cancelled.removesuffix(" before").split(":"))
        before = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    conference = Conference(
        id="A",
        scheduled_start=to_microseconds(TEN),
        legs=(),
        cancelled_at=before and to_microseconds(TEN - before),
    )
    fees = Fees(setup=5, no_show=15_000_000, late_cancel=7_500_000, late_cancel_hours=24)
    priced, _ = price_conference(terms(fees=fees), PeriodState(), conference)
    written = [(line.kind, format_micros(line.net, "EUR")) for line in priced.lines]
    assert written == ([] if kind in NONE else [(kind, net)])


@rows_of("rounding")
def test_rounding(row):
    amount, currency, line = row
    micros = round_to_minor(parse_micros(amount), currency)
    assert format_micros(micros, currency) == line
    fees = Fees(no_show=parse_micros(amount))
    conference = Conference(id="A", scheduled_start=to_microseconds(TEN), legs=())
    priced, _ = price_conference(terms(currency=currency, fees=fees), PeriodState(), conference)
    assert priced.net == micros


@rows_of("month")
def test_month(row):
    period, start, end, commitment, monthly_fee, conferences, *cells = row
    contract = terms(
        start=day_or_none(start),
        end=day_or_none(end),
        commitment=micros_or_none(commitment),
        monthly_fee=micros_or_none(monthly_fee),
    )
    lines = {
        line.kind: line
        for line in period_lines(contract, Period.parse(period), parse_micros(conferences))
    }
    shortfall, fee = lines.get("commitment_shortfall"), lines.get("monthly_fee")
    assert cells == [
        format_micros(shortfall.net, "EUR") if shortfall else "-",
        format_micros(fee.net, "EUR") if fee else "-",
        str(fee.quantity) if fee else "-",
    ]


@rows_of("vat")
def test_vat(row):
    net, percent, vat, total = row
    share = share_of(parse_micros(net), parse_micros(percent), HUNDRED_PERCENT, "EUR")
    assert format_micros(share, "EUR") == vat
    assert format_micros(parse_micros(net) + share, "EUR") == total


def test_no_table_is_left_out():
    assert tested == set(TABLES)
    assert len(re.findall(r"^\|-", PAGE.read_text(), re.MULTILINE)) == len(TABLES)
