"""Draw tariff cases that love boundaries: midnights, peak hours, clock changes, exact minutes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ACCESSES = ("toll", "toll_free", "dial_out", "voip")
NUMBERS = ("+34911234567", "+34611234567", "+4930123456", "+525512345678", None)
PREFIXES = ("", "34", "346", "4", "52551")

# A zone, and months in which its clocks change or its calendar is short; Lord Howe moves by half
# an hour, Santiago and Havana at midnight, Casablanca loses summer time for Ramadan.
ZONED_PERIODS = (
    ("Europe/Madrid", "2026-10"),
    ("Europe/Madrid", "2026-03"),
    ("America/Mexico_City", "2026-11"),
    ("America/New_York", "2026-11"),
    ("America/Santiago", "2026-04"),
    ("America/Santiago", "2026-09"),
    ("America/Havana", "2026-11"),
    ("Africa/Casablanca", "2026-02"),
    ("Asia/Kolkata", "2026-12"),
    ("Australia/Lord_Howe", "2026-10"),
    ("Pacific/Kiritimati", "2028-02"),
)

money = st.one_of(
    st.sampled_from(["0", "0.06", "0.000001", "1.255", "12", "-0.5", "0.333333"]),
    st.integers(0, 3_000_000).map(lambda micros: f"{micros // 10**6}.{micros % 10**6:06d}"),
)
percent = st.sampled_from(["0", "2.5", "33.33", "7.7", "50", "100", "12.345678"])
increment = st.sampled_from([1, 6, 7, 10, 30, 60, 3600])


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@st.composite
def rates(draw, accesses: list[str], change: str):
    """Draw rates that cannot tie; most calls find one, some begin or end without."""
    drawn = []
    for access in accesses:
        others = draw(st.lists(st.sampled_from(PREFIXES), max_size=2, unique=True))
        for prefix in sorted({"", *others} if draw(st.integers(0, 5)) else {"34", *others}):
            bands = draw(st.sampled_from([("peak", "offpeak"), ("any",), ("peak", "any")]))
            validities = draw(
                st.sampled_from(
                    [
                        [("2026-01-01", change), (change, None)],
                        [("2026-01-01", None)],
                        [("2026-01-01", change), (change, "2099-12-31")],
                        [(change, None)],
                    ]
                )
            )
            drawn += [
                {
                    "access": access,
                    "prefix": prefix,
                    "band": band,
                    "valid_from": valid_from,
                    "valid_to": valid_to,
                    "price_per_minute": draw(money),
                    "first_increment": draw(increment),
                    "next_increment": draw(increment),
                    "minimum_seconds": draw(st.sampled_from([0, 0, 30, 61])),
                    "connection_fee": draw(money),
                }
                for band in bands
                for valid_from, valid_to in validities
            ]
    return draw(st.permutations(drawn))


@st.composite
def moments(draw, days: list[date], zone: ZoneInfo):
    """Draw a moment, mostly a little before a boundary of local time."""
    day = draw(st.sampled_from(days))
    hour, minute = draw(
        st.sampled_from([(7, 30), (18, 0), (0, 0), (2, 30), (3, 0), (7, 30), (18, 0), (0, 0)])
    )
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    before = timedelta(seconds=draw(st.sampled_from([-600, -59, -1800, -3599, -1, 0, 60])))
    part = timedelta(microseconds=draw(st.sampled_from([0, 0, 1, 500_000, 999_999])))
    return local.astimezone(UTC) + before + part


@st.composite
def legs(draw, conference: str, start: datetime, accesses: list[str]):
    drawn = []
    for index in range(draw(st.sampled_from([3, 2, 4, 1, 0]))):
        answered = start + timedelta(seconds=draw(st.sampled_from([0, 0, 1, 59, 60, 600])))
        seconds = draw(
            st.one_of(st.integers(601, 9000), st.sampled_from([3600, 7200, 60, 61, 59, 1, 0, -5]))
        )
        part = draw(st.sampled_from([0, 0, 1, -1]))
        ended = answered + timedelta(seconds=seconds, microseconds=part)
        drawn.append(
            {
                "id": f"{conference}-{draw(st.integers(0, 9))}{index}",
                "participant": f"p{draw(st.integers(0, 3))}",
                "access": draw(st.sampled_from([*accesses, *accesses, *accesses, *ACCESSES])),
                "number": draw(st.sampled_from(NUMBERS)),
                "answered_at": iso(answered),
                "ended_at": iso(ended),
            }
        )
    return drawn


@st.composite
def conferences(draw, days: list[date], zone: ZoneInfo, accesses: list[str]):
    drawn = []
    for index in range(draw(st.sampled_from([2, 3, 4, 1, 0]))):
        name = f"C{index}"
        start = draw(moments(days, zone))
        cancelled = start - timedelta(hours=draw(st.sampled_from([-1, 23, 24, 25])))
        drawn.append(
            {
                "id": name,
                "scheduled_start": iso(start),
                "cancelled_at": draw(st.sampled_from([None, None, iso(cancelled)])),
                "operator_assisted": draw(st.booleans()),
                "recorded": draw(st.booleans()),
                "reserved_ports": draw(st.sampled_from([None, 0, 1, 2, 8])),
                "legs": draw(legs(name, start, accesses)),
            }
        )
    return draw(st.permutations(drawn))


@st.composite
def cases(draw):
    """Draw the ``input`` of a valid case."""
    timezone, period = draw(st.sampled_from(ZONED_PERIODS))
    first_day = date.fromisoformat(f"{period}-01")
    days = [first_day + timedelta(days=days) for days in range(-1, 32)]
    inside = [day.isoformat() for day in (days[1], days[8], days[15], days[25], days[32])]
    # The day when rates change, and days when clocks do (or nothing at all), are the busy ones.
    change = draw(st.sampled_from([8, 1, 4, 25, 32]))
    busy = [days[change], days[change], days[1], days[4], days[5], days[15], days[25], *days]
    accesses = draw(st.lists(st.sampled_from(ACCESSES), min_size=1, max_size=3, unique=True))
    contract = {
        "currency": draw(st.sampled_from(["EUR", "CLP", "KWD"])),
        "timezone": timezone,
        "start": draw(st.sampled_from(["2026-01-01", "2026-01-01", inside[1]])),
        "end": draw(st.sampled_from([None, None, inside[3], inside[4]])),
        "rates": draw(rates(accesses, days[change].isoformat())),
        "holidays": draw(st.lists(st.sampled_from(inside), unique=True)),
        "included_minutes": draw(st.sampled_from([0, 3, 100])),
        "included_access": draw(st.lists(st.sampled_from(ACCESSES), unique=True)),
        "tiers": [
            {"from_minutes": minutes, "discount_percent": draw(percent)}
            for minutes in draw(st.lists(st.sampled_from([0, 1, 10, 57, 100]), unique=True))
        ],
        "fees": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "setup": money,
                    "operator": money,
                    "recording_per_minute": money,
                    "unused_port": money,
                    "overage_port": money,
                    "no_show": money,
                    "late_cancel": money,
                    "late_cancel_hours": st.sampled_from([1, 24]),
                    "minimum_participants": st.integers(0, 5),
                    "minimum_participant_per_minute": money,
                },
            )
        ),
        "commitment": draw(st.sampled_from([None, "0", "99.99", "1000"])),
        "monthly_fee": draw(st.sampled_from([None, "0", "9.99"])),
    }
    peak = draw(st.sampled_from([("07:30", "18:00"), None, ("00:00", "24:00"), ("02:30", "03:00")]))
    if peak:
        weekdays = draw(st.lists(st.integers(1, 7), min_size=3, unique=True))
        contract["peak"] = {"weekdays": weekdays, "from": peak[0], "to": peak[1]}
    return {
        "contract": contract,
        "period": period,
        "vat_percent": draw(percent),
        "conferences": draw(conferences(busy, ZoneInfo(timezone), accesses)),
    }
