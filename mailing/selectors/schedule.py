"""When letters are posted, e-mails sent, and letters expected."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings

from customers.selectors import house_holidays, issuer
from mailing.models import Mailing
from toolkit.business_days import business_days_after


def issuer_zone() -> ZoneInfo:
    """Return the zone of the issuer's clocks."""
    house = issuer()
    return ZoneInfo(house.timezone if house else settings.TIME_ZONE)


def posting_day(mailing: Mailing, *, now: dt.datetime) -> dt.date:
    """Return the day when letters go to the post: today where ``mail_on`` is over or not given.

    Of a mailing that was started, the day for which it was written.
    """
    if mailing.posted_on is not None:
        return mailing.posted_on
    today = now.astimezone(issuer_zone()).date()
    return max(mailing.mail_on or today, today)


def notices_at(mailing: Mailing, *, now: dt.datetime) -> dt.datetime:
    """Return the moment (UTC) from which e-mails are sent: an hour of the day of posting."""
    day = posting_day(mailing, now=now)
    moment = dt.datetime.combine(day, mailing.notice_time, tzinfo=issuer_zone())
    return max(moment.astimezone(dt.UTC), now)


def notices_wait_until(mailing: Mailing, *, now: dt.datetime) -> dt.datetime | None:
    """Return the moment (UTC) that the e-mails wait for, or None where they wait for none."""
    if mailing.notice_id is None:
        return None
    moment = notices_at(mailing, now=now)
    return moment if moment > now else None


def arrival_days(mailing: Mailing, countries: set[str], *, now: dt.datetime) -> dict[str, dt.date]:
    """Return for each country when a letter is expected there.

    That is ``notice_business_days`` business days after the posting, by the country's calendar;
    the holidays of the house do not count either, for nobody posts then.
    """
    day, closed = posting_day(mailing, now=now), set(house_holidays())
    return {
        country: business_days_after(
            day, mailing.notice_business_days, country=country, closed=closed
        )
        for country in countries
    }
