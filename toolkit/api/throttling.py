"""How many requests one caller may make, told in every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from toolkit.limits import count_request

from .authentication import credential_of
from .machines import is_machine

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class CallerThrottle(BaseThrottle):
    """Count requests per caller in fixed windows (``settings.API_RATE_LIMITS``)."""

    seconds_to_wait = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; say whether it is within the limit."""
        kind, caller = self._caller(request)
        limit = count_request(f"api:{caller}", settings.API_RATE_LIMITS.get(kind, ""))
        if limit is None:
            return True
        self.seconds_to_wait = limit.reset_after
        request._request.api_rate_limit = limit  # type: ignore[attr-defined]
        return not limit.is_exceeded

    def wait(self) -> float:
        """Return the seconds until the next window."""
        return self.seconds_to_wait

    def _caller(self, request: Request) -> tuple[str, str]:
        if not request.user.is_authenticated:
            return "anonymous", f"ip:{self.get_ident(request)}"
        return ("machine" if is_machine(request.user) else "user"), credential_of(request)
