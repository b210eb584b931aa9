"""A message as the bytes that go over the wire."""

from email import charset, encoders
from email.message import Message
from email.mime.base import MIMEBase
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.encoding import punycode

from .base import File, Mail

# Quoted-printable: every server may carry it, and a Spanish text stays readable in the source.
_UTF8 = charset.Charset("utf-8")
_UTF8.body_encoding = charset.QP


def build(mail: Mail) -> bytes:
    """Return the message with CRLF line ends; only ASCII, no line longer than SMTP allows."""
    written = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=_sender(mail.sender_name),
        to=[formataddr((mail.recipient_name, on_the_wire(mail.recipient)))],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers=_headers(mail),
    )
    written.encoding = _UTF8
    if mail.html:
        written.attach_alternative(mail.html, "text/html")
    for file in mail.files:
        written.attach(_part(file))
    message: Any = written.message()  # Django's classes write line ends as asked; stubs don't say
    content: bytes = message.as_bytes(linesep="\r\n")
    return content


def on_the_wire(address: str) -> str:
    """Return the address with its domain as servers write it (``xn--…``)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def _sender(name: str) -> str:
    default_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or default_name, on_the_wire(address)))


def _headers(mail: Mail) -> dict[str, str]:
    headers = {
        "Message-ID": mail.message_id,
        "Date": format_datetime(mail.moment),
        "Auto-Submitted": "auto-generated",  # absence notes stay at home (RFC 3834)
    }
    if mail.language:
        headers["Content-Language"] = mail.language
    if mail.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        if urlsplit(mail.unsubscribe_url).scheme == "https":  # RFC 8058 knows no other
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers | dict(mail.headers)


def _part(file: File) -> MIMEBase:
    """Return the file as it is; Django would take text apart and put it together again."""
    spoken = Message()
    spoken["Content-Type"] = file.media_type
    (_type, _nothing), *parameters = spoken.get_params(failobj=[("application/octet-stream", "")])
    part = MIMEBase(spoken.get_content_maintype(), spoken.get_content_subtype())
    for parameter, value in parameters:
        part.set_param(parameter, value)
    part.set_payload(file.content)
    encoders.encode_base64(part)
    name: str | tuple[str, str, str] = file.name
    if not file.name.isascii():
        name = ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part
