"""IPP over HTTP (RFC 8010): one request on one connection, the document streamed from disk."""

import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from .address import DEFAULT_PORT
from .base import (
    CertificateUntrustedError,
    Delivery,
    PrinterRefusedError,
    PrinterSilentError,
    Remedy,
)
from .reasons import Reason

CONTENT_TYPE: Final = "application/ipp"
_CONNECT_SECONDS: Final = 5.0
_PIECE: Final = 1 << 18
_LARGEST_ANSWER: Final = 4 << 20
_HTTP_REFUSALS: Final = {
    401: (Reason.NOT_ALLOWED, Remedy.PRINTER),
    403: (Reason.NOT_ALLOWED, Remedy.PRINTER),
    404: (Reason.NO_SUCH_PATH, Remedy.PRINTER),
    413: (Reason.TOO_LARGE, Remedy.DOCUMENT),
    426: (Reason.TLS_NEEDED, Remedy.PRINTER),
    503: (Reason.BUSY, Remedy.TIME),
}


class Transport:
    """Where a printer's messages go, and how long they may take.

    Args:
        uri: a normal address (``address.normal_address``).
        certificate: SHA-256 (hex) of the only certificate taken; empty for one that the usual
            authorities vouch for.
        timeout: seconds that the printer may be silent.
    """

    def __init__(self, uri: str, *, certificate: str, timeout: float) -> None:
        parts = urlsplit(uri)
        self._host = parts.hostname or ""
        self._port = parts.port or DEFAULT_PORT
        self._path = parts.path
        self._tls = parts.scheme == "ipps"
        self._certificate = certificate
        self._timeout = timeout

    def post(self, head: bytes, document: Path | None = None) -> bytes:
        """Send a message with its document and return the answer's body.

        Raises:
            PrinterSilentError: no answer, or none of an IPP printer.
            PrinterRefusedError: an answer of HTTP that no printer gives when it takes a job, or
                the document is not there.
        """
        if document is None:
            return self._exchange(head, iter(()), 0)
        try:
            file = document.open("rb")
        except OSError as error:
            raise PrinterRefusedError(Reason.DOCUMENT_MISSING, Remedy.DOCUMENT) from error
        with file:
            size = document.stat().st_size
            return self._exchange(head, iter(lambda: file.read(_PIECE), b""), size)

    def _exchange(self, head: bytes, document: Iterator[bytes], size: int) -> bytes:
        with self._connected() as connection:
            progress = _Progress()
            try:
                _send(connection, self._path, head, document, size, progress)
                answer = connection.getresponse()
                return _body(answer)
            except TimeoutError as error:
                raise PrinterSilentError(Reason.TIMEOUT, progress.delivered) from error
            except (OSError, http.client.HTTPException) as error:
                raise PrinterSilentError(Reason.CUT_OFF, progress.delivered) from error
            except _NotIppError as error:
                delivered = progress.delivered if error.took_it else Delivery.NOTHING
                raise PrinterSilentError(Reason.NOT_IPP, delivered) from error

    @contextmanager
    def _connected(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT_SECONDS)
        try:
            connection.sock = self._socket()
            connection.sock.settimeout(self._timeout)
            yield connection
        finally:
            connection.close()

    def _socket(self) -> socket.socket:
        try:
            plain = socket.create_connection((self._host, self._port), timeout=_CONNECT_SECONDS)
        except ConnectionRefusedError as error:
            raise PrinterSilentError(Reason.REFUSED) from error
        except (socket.gaierror, UnicodeError) as error:
            raise PrinterSilentError(Reason.UNKNOWN_HOST) from error
        except TimeoutError as error:
            raise PrinterSilentError(Reason.TIMEOUT) from error
        except OSError as error:
            raise PrinterSilentError(Reason.NETWORK) from error
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._encrypted(plain) if self._tls else plain

    def _encrypted(self, plain: socket.socket) -> socket.socket:
        context = ssl.create_default_context()
        if self._certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # compared below instead
        try:
            plain.settimeout(self._timeout)
            encrypted = context.wrap_socket(plain, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise CertificateUntrustedError(Reason.CERTIFICATE, self._fingerprint()) from error
        except TimeoutError as error:
            plain.close()
            raise PrinterSilentError(Reason.TIMEOUT) from error
        except OSError as error:
            plain.close()
            raise PrinterSilentError(Reason.NO_TLS) from error
        if self._certificate:
            shown = _fingerprint_of(encrypted)
            if shown != self._certificate:
                encrypted.close()
                raise CertificateUntrustedError(Reason.CERTIFICATE_CHANGED, shown)
        return encrypted

    def _fingerprint(self) -> str:
        """Look at the certificate that nobody vouches for."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        address = (self._host, self._port)
        try:
            with (
                socket.create_connection(address, timeout=_CONNECT_SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=self._host) as encrypted,
            ):
                return _fingerprint_of(encrypted)
        except OSError as error:
            raise PrinterSilentError(Reason.NO_TLS) from error


class _NotIppError(Exception):
    """The answer is none of an IPP printer; by its status, it may have taken the document."""

    def __init__(self, *, took_it: bool) -> None:
        super().__init__()
        self.took_it = took_it


class _Progress:
    """How much of a document has left us."""

    def __init__(self) -> None:
        self.delivered = Delivery.NOTHING


def _send(
    connection: http.client.HTTPConnection,
    path: str,
    head: bytes,
    document: Iterator[bytes],
    size: int,
    progress: _Progress,
) -> None:
    """Send it all, unless the printer hangs up: then its answer may be there already."""
    connection.putrequest("POST", path, skip_accept_encoding=True)
    connection.putheader("Content-Type", CONTENT_TYPE)
    connection.putheader("Content-Length", str(len(head) + size))
    connection.endheaders()
    if size:
        progress.delivered = Delivery.PART
    try:
        connection.send(head)
        left = size
        for piece in document:
            left -= len(piece)
            if left <= 0:
                progress.delivered = Delivery.WHOLE
            connection.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def _body(answer: http.client.HTTPResponse) -> bytes:
    if answer.status != http.HTTPStatus.OK:
        if answer.status in _HTTP_REFUSALS:
            raise PrinterRefusedError(*_HTTP_REFUSALS[answer.status])
        raise _NotIppError(took_it=False)
    body = answer.read(_LARGEST_ANSWER + 1)
    if answer.headers.get_content_type() != CONTENT_TYPE or len(body) > _LARGEST_ANSWER:
        raise _NotIppError(took_it=True)
    return body


def _fingerprint_of(encrypted: ssl.SSLSocket) -> str:
    return hashlib.sha256(encrypted.getpeercert(binary_form=True) or b"").hexdigest()
