"""How many requests one caller may make, told in every answer."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from .authentication import credential_of
from .machines import is_machine

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Where a caller stands in the present window; ``reset_after`` is in seconds."""

    limit: int
    remaining: int
    reset_after: int


class CallerThrottle(BaseThrottle):
    """Count requests per caller in fixed windows (``settings.API_RATE_LIMITS``).

    One atomic counter per caller and window, so that parallel requests all count. A cache that
    does not answer lets everybody through: a limit protects the service, it must not end it.
    """

    seconds_to_wait = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; say whether it is within the limit."""
        kind, caller = self._caller(request)
        rate = settings.API_RATE_LIMITS.get(kind)
        if not rate:
            return True
        limit, seconds = parse_rate(rate)
        window, passed = divmod(int(time.time()), seconds)
        try:
            count = _count(f"api-rate:{caller}:{window}", seconds)
        except (RedisError, OSError):
            logger.warning("no rate limit: the cache does not answer", exc_info=True)
            return True
        self.seconds_to_wait = seconds - passed
        request._request.api_rate_limit = RateLimit(  # type: ignore[attr-defined]
            limit, max(0, limit - count), self.seconds_to_wait
        )
        return count <= limit

    def wait(self) -> float:
        """Return the seconds until the next window."""
        return self.seconds_to_wait

    def _caller(self, request: Request) -> tuple[str, str]:
        if not request.user.is_authenticated:
            return "anonymous", f"ip:{self.get_ident(request)}"
        return ("machine" if is_machine(request.user) else "user"), credential_of(request)


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
