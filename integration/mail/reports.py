"""What comes back: reports of delivery (RFC 3464) and of complaints (RFC 5965)."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum

from .codes import basic_code, enhanced_code, says_address_is_unknown

# Where servers write whom they delivered to; the first that names us counts.
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_ARRIVED = ("expanded", "relayed", "delivered")


class Kind(StrEnum):
    """What a report says became of a message."""

    HARD = "hard"  # nobody is there, and never will be
    SOFT = "soft"  # given up, for a reason that may pass
    DELAYED = "delayed"  # the server still tries
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    NO_REPORT = "no_report"  # an absence note, an answer, rubbish


@dataclass(frozen=True, slots=True)
class Report:
    """A report in short. ``addresses`` are texts that may hold the token of the message."""

    kind: Kind
    addresses: tuple[str, ...]
    code: str = ""
    reason: str = ""


def read_report(content: bytes, *, recipient: str = "") -> Report:
    """Read whatever was delivered to the address for reports. Never fails.

    Whose message it is about is not read from the report, which anybody can write: only from the
    token in the address it came to. ``recipient`` is that address where the mail server says it.
    """
    mail = message_from_bytes(content)
    addresses = (recipient, *_headers(mail, *_DELIVERED_TO))
    for part in mail.walk():
        match part.get_content_type():
            case "message/delivery-status":
                return _delivery(part, addresses)
            case "message/feedback-report":
                fields = next(_blocks(part), part)
                return Report(
                    Kind.COMPLAINT,
                    (*addresses, *_headers(fields, "Original-Mail-From")),
                    reason=_text(fields["Feedback-Type"]),
                )
            case "message/rfc822" | "text/rfc822-headers":
                break  # what is inside it is not said by the server
    return Report(Kind.NO_REPORT, addresses)


def _delivery(part: Message, addresses: tuple[str, ...]) -> Report:
    """Return the gravest thing that is said of a recipient (we write to one at a time)."""
    reports = [_of_recipient(block, addresses) for block in _blocks(part) if "Action" in block]
    order = list(Kind)
    return min(
        reports,
        key=lambda report: order.index(report.kind),
        default=Report(Kind.NO_REPORT, addresses),
    )


def _of_recipient(block: Message, addresses: tuple[str, ...]) -> Report:
    action = _text(block["Action"]).lower()
    reason = _text(block["Diagnostic-Code"])
    status = enhanced_code(_text(block["Status"])) or enhanced_code(reason)
    if status in {"", "5.0.0"}:
        status = enhanced_code(reason) or status
    kind = Kind.NO_REPORT
    if action == "failed":
        unknown = says_address_is_unknown(enhanced=status, basic=basic_code(reason))
        kind = Kind.HARD if unknown else Kind.SOFT
    elif action == "delayed":
        kind = Kind.DELAYED
    elif action in _ARRIVED:
        kind = Kind.DELIVERED
    return Report(kind, addresses, status, reason)


def _blocks(part: Message) -> Iterator[Message]:
    """Yield the groups of fields of a report; some writers make them plain text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        for block in payload:
            if isinstance(block, Message):
                yield block
    elif isinstance(payload, str):
        for text in payload.replace("\r\n", "\n").split("\n\n"):
            yield message_from_bytes(text.encode("utf-8", "replace"))


def _headers(mail: Message, *names: str) -> list[str]:
    return [_text(value) for name in names for value in mail.get_all(name, [])]


def _text(value: object) -> str:
    """Return a header in one line, decoded where it can be."""
    try:
        decoded = str(make_header(decode_header(str(value or ""))))
    except (LookupError, UnicodeError, ValueError):
        decoded = str(value)
    return " ".join(decoded.replace("\0", " ").split())
