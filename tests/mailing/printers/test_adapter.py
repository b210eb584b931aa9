"""What answers at an address, and what is made of it: never its own words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailing.printers.base import (
    CertificateUntrustedError,
    Delivery,
    JobUnknownError,
    Options,
    Order,
    PrinterError,
    PrinterRefusedError,
    PrinterSilentError,
    Remedy,
)
from mailing.printers.ipp import IppPrinter
from mailing.printers.ipp_message import Group, Tag, attribute, encode_request
from mailing.printers.reasons import Reason
from mailing.printers.words import holds_up, sentence, told, words_of
from tests.printer.printer import a_pdf

SECRET = "root:x:0:0 internal-only"


@contextmanager
def server(*answers: bytes, read: bool = True) -> Iterator[str]:
    """Answer each connection with the next of these bytes; yield an address to ask."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                if read:
                    connection.settimeout(5)
                    whole(connection)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"ipp://127.0.0.1:{listening.getsockname()[1]}/ipp/print"
    finally:
        listening.close()
        thread.join(5)


def whole(connection: socket.socket) -> None:
    """Read a request to its end."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _blank, body = got.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    left = int(lines[b"content-length"]) - len(body)
    while left > 0:
        left -= len(connection.recv(min(left, 65536)))


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/ipp") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def ipp(status: int, *groups) -> bytes:
    """Write an answer; the bytes of a request and of an answer are of one kind."""
    return http(encode_request(status, 1, groups))


READY = (
    Group.PRINTER,
    [
        attribute(Tag.ENUM, "printer-state", 3),
        attribute(Tag.KEYWORD, "printer-state-reasons", "none"),
        attribute(Tag.MIME_TYPE, "document-format-supported", "application/pdf"),
        attribute(Tag.TEXT, "printer-make-and-model", "Brand\x07 9000"),
    ],
)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http(SECRET.encode(), kind="text/plain"), "bpi-not-ipp"),
        (http(SECRET.encode()), "bpi-not-ipp"),
        (http(b"\2\0\0\0\0\0\0\1\3"), "bpi-not-ipp"),  # IPP, but no printer
        (http(SECRET.encode(), status="302 Found"), "bpi-not-ipp"),
        (http(SECRET.encode(), status="404 Not Found"), "bpi-path"),
        (http(SECRET.encode(), status="401 Unauthorized"), "bpi-not-allowed"),
        (http(SECRET.encode(), status="426 Upgrade Required"), "bpi-tls-needed"),
        (SECRET.encode() + b"\r\n", "bpi-cut-off"),
        (b"", "bpi-cut-off"),
        (http(bytes(5 << 20)), "bpi-not-ipp"),  # no printer says so much of itself
        (
            ipp(0x0400, (Group.OPERATION, [attribute(Tag.TEXT, "status-message", SECRET)])),
            "bpi-operation",
        ),
        (
            ipp(0x0500, (Group.OPERATION, [attribute(Tag.TEXT, "status-message", SECRET)])),
            "bpi-trouble",
        ),
    ],
)
def test_what_is_no_ready_printer_gets_a_reason_and_no_echo(answer, reason) -> None:
    with server(answer) as uri, pytest.raises(PrinterError) as error:
        IppPrinter(uri, timeout=5).look()
    assert error.value.reason == reason
    assert SECRET not in f"{error.value} {sentence([error.value.reason])}"


def test_an_old_printer_is_asked_again_in_its_own_version() -> None:
    with server(ipp(0x0503), ipp(0, READY)) as uri:
        look = IppPrinter(uri, timeout=5).look()
    assert look.capabilities.model == "Brand 9000", "unprintable characters are left out"


def test_a_document_that_may_have_arrived_counts_as_such(tmp_path) -> None:
    document = tmp_path / "letters.pdf"
    document.write_bytes(a_pdf(2))
    order = Order("BPI 1 Letters", document, Options())
    answers = {
        b"": Delivery.WHOLE,  # hung up without a word
        http(b"nonsense"): Delivery.WHOLE,
        http(b"nonsense", kind="text/html"): Delivery.WHOLE,
        ipp(0, (Group.JOB, [])): Delivery.WHOLE,  # taken, but under no number
        http(b"", status="500 Internal Server Error"): Delivery.NOTHING,
    }
    for answer, delivered in answers.items():
        with server(ipp(0, READY), answer) as uri:
            adapter = IppPrinter(uri, timeout=5)
            can = adapter.look().capabilities
            with pytest.raises(PrinterSilentError) as error:
                adapter.submit(order, can)
        assert error.value.delivered is delivered, answer


def test_a_refusal_in_the_middle_of_a_large_document_is_heard(tmp_path) -> None:
    document = tmp_path / "large.pdf"
    document.write_bytes(bytes(8 << 20))
    with server(ipp(0, READY), read=True) as uri:
        can = IppPrinter(uri, timeout=5).look().capabilities
    with server(ipp(0x0507), read=False) as uri, pytest.raises(PrinterError) as error:
        IppPrinter(uri, timeout=5).submit(Order("BPI 1 x", document, Options()), can)
    if isinstance(error.value, PrinterRefusedError):
        assert (error.value.reason, error.value.remedy) == (Reason.BUSY, Remedy.TIME)
    else:  # the refusal was lost with the connection: the job is looked for
        assert isinstance(error.value, PrinterSilentError)
        assert error.value.delivered is Delivery.PART


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("document-format", "bpi-format"),
        ("media", "bpi-media"),
        ("media-col", "bpi-tray"),
        ("sides", "bpi-duplex"),
        ("print-color-mode", "bpi-color"),
        ("copies", "bpi-settings"),
    ],
)
def test_a_refused_value_is_named(name, reason) -> None:
    refused = (Group.UNSUPPORTED, [attribute(Tag.KEYWORD, name, "x")])
    with server(ipp(0x040B, refused)) as uri, pytest.raises(PrinterRefusedError) as error:
        IppPrinter(uri, timeout=5).look()
    assert (error.value.reason, error.value.remedy) == (reason, Remedy.PRINTER)


def test_every_reason_of_ours_has_words() -> None:
    for reason in Reason:
        assert not str(words_of(reason).text).startswith("The printer says"), reason


def test_words_of_printers() -> None:
    assert told(["job-printing", "none", "toner-low-report", "media-empty-error"]) == [
        "media-empty-error",
        "toner-low-report",
    ]
    assert sentence(["com.brand-tray3-lost"]) == "The printer says: com.brand-tray3-lost."
    assert sentence(["<script>alert(1)</script>"]).startswith("Something that the printer does not")
    assert holds_up(["media-empty-error"], stalled=False)
    assert holds_up(["media-jam"], stalled=False)
    assert not holds_up(["media-empty-warning"], stalled=False), "another tray still has paper"
    assert holds_up(["media-empty-warning"], stalled=True)
    assert not holds_up(["media-empty-report", "toner-low-error"], stalled=True)


@pytest.mark.printer
@pytest.mark.poppler
def test_encrypted_with_a_certificate_that_a_person_has_compared(printer, tmp_path) -> None:
    uri = printer.uri.replace("ipp://", "ipps://")
    with pytest.raises(CertificateUntrustedError) as shown:
        IppPrinter(uri).look()
    fingerprint = shown.value.fingerprint
    adapter = IppPrinter(uri, certificate=fingerprint)
    document = tmp_path / "letters.pdf"
    document.write_bytes(a_pdf(300))
    order = Order("BPI 1 Letters", document, Options(tray="main", media="iso_a4_210x297mm"))
    job = adapter.submit(order, adapter.check(order).capabilities)
    assert adapter.find("BPI 1 Letters") is not None
    assert adapter.find("BPI 2 Letters") is None
    with pytest.raises(JobUnknownError):
        adapter.job(job.job_id, "BPI 2 Letters")
    spooled = next(printer.spool.glob(f"{job.job_id}-*.pdf"))
    assert spooled.read_bytes() == document.read_bytes()
    with pytest.raises(CertificateUntrustedError) as changed:
        IppPrinter(uri, certificate="0" * 64).look()
    assert (changed.value.reason, changed.value.fingerprint) == (
        Reason.CERTIFICATE_CHANGED,
        fingerprint,
    )
