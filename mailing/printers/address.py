"""Addresses of printers, written in one way; those that a printer cannot have are refused."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .reasons import Reason

FOLDER: Final = "folder:"
DEFAULT_PORT: Final = 631
DEFAULT_PATH: Final = "/ipp/print"
_FIRST_FREE_PORT: Final = 1024
_HTTPS_PORT: Final = 443
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_PATH = re.compile(r"/[A-Za-z0-9._~%/+-]*")


class AddressError(ValueError):
    """No printer can be there; ``reason`` is one of our keywords (``words``)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def normal_address(text: str) -> str:
    """Return the address as it is stored: scheme, host and port, path.

    A bare host gets ``ipp://`` and the usual path. Anything that could make the portal speak with
    something else than a printer is refused: other schemes, names and passwords, queries, and
    ports below 1024 other than 631 (and 443 with ``ipps``).

    Raises:
        AddressError: it is no address of a printer.
    """
    text = text.strip()
    if text == FOLDER:
        return FOLDER
    if text.startswith(FOLDER):
        raise AddressError(Reason.ADDRESS_WRONG)
    if "://" not in text:
        text = f"ipp://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(Reason.ADDRESS_WRONG) from error
    _refuse(parts)
    if port is not None and not _may_be_asked(parts.scheme, port):
        raise AddressError(Reason.ADDRESS_PORT)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    place = host if port in (None, DEFAULT_PORT) else f"{host}:{port}"
    path = DEFAULT_PATH if parts.path in ("", "/") else parts.path
    return f"{parts.scheme}://{place}{path}"


def _refuse(parts: SplitResult) -> None:
    if parts.scheme not in ("ipp", "ipps"):
        raise AddressError(Reason.ADDRESS_SCHEME)
    clean = not (parts.username or parts.password or parts.query or parts.fragment)
    host = parts.hostname or ""
    if not clean or not _HOST.fullmatch(host) or not _PATH.fullmatch(parts.path or "/"):
        raise AddressError(Reason.ADDRESS_WRONG)


def _may_be_asked(scheme: str, port: int) -> bool:
    if port >= _FIRST_FREE_PORT or port == DEFAULT_PORT:
        return True
    return scheme == "ipps" and port == _HTTPS_PORT
