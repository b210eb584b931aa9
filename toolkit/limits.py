"""Count what one caller asks for, in fixed windows of time."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Where a caller stands in the present window; ``reset_after`` is in seconds."""

    limit: int
    used: int
    reset_after: int

    @property
    def remaining(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Tell whether this request is one too many."""
        return self.used > self.limit


def count_request(caller: str, rate: str) -> RateLimit | None:
    """Count one request of ``caller``; ``rate`` is, say, ``600/minute``, blank for no limit.

    One atomic counter per caller and window, so that parallel requests all count. None where
    there is no limit, and when the cache does not answer: a limit protects the service, it must
    not end it.
    """
    if not rate:
        return None
    limit, seconds = parse_rate(rate)
    window, passed = divmod(int(time.time()), seconds)
    try:
        used = _count(f"rate:{caller}:{window}", seconds)
    except (RedisError, OSError):
        logger.warning("no rate limit: the cache does not answer", exc_info=True)
        return None
    return RateLimit(limit, used, seconds - passed)


def parse_rate(rate: str) -> tuple[int, int]:
    """Return number of requests and length of the window in seconds of, say, ``600/minute``."""
    number, _slash, unit = rate.partition("/")
    return int(number), _SECONDS[unit]


def _count(key: str, seconds: int) -> int:
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the window ended between the two
        return 1
