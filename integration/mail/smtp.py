"""A mail server by SMTP, spoken step by step.

``smtplib.sendmail`` does not tell whether the text was on its way when the connection broke. That
decides whether the message may be sent again, so the steps are ours.
"""

import re
import smtplib
import ssl

from django.conf import settings
from django.core.mail import DNS_NAME

from .base import Answer, Outcome, ServerUnreachableError
from .codes import enhanced_code, says_address_is_unknown

_LEADING_DOT = re.compile(rb"(?m)^\.")
_LOST = (smtplib.SMTPServerDisconnected, OSError)  # a time-out is an OSError
_GO_ON = 354
_CLOSING = 421
_SPEAK_UP = {530, 534, 535, 538}  # log in first, with something better: nothing of the message


class SmtpTransport:
    """One connection to the server of the settings, opened when needed and kept."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._is_used = False

    def connect(self) -> None:
        """Open the connection, encrypted and logged in as the settings say.

        Raises:
            ServerUnreachableError: it can't be opened, or the server does not want us.
        """
        if self._smtp is not None:
            return
        try:
            self._smtp = _open()
            if settings.EMAIL_HOST_USER:
                self._smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            self._smtp.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise ServerUnreachableError(_in_words(error)) from error
        self._is_used = False

    def send(self, *, sender: str, recipient: str, content: bytes) -> Answer:
        """Hand one message over.

        A connection that was closed while it lay idle is opened again: nothing was handed over.

        Raises:
            ServerUnreachableError: see ``Transport.send``.
        """
        self.connect()
        was_used, self._is_used = self._is_used, True
        try:
            refusal = self._greet(sender, recipient, len(content))
        except _LOST as error:
            self.close()
            if was_used:
                return self.send(sender=sender, recipient=recipient, content=content)
            return Answer(Outcome.TEMPORARY, _in_words(error))
        if refusal is not None:
            return refusal
        return self._hand_over(content)

    def close(self) -> None:
        """Close the connection, whatever its state."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):
            smtp.close()

    def _greet(self, sender: str, recipient: str, size: int) -> Answer | None:
        """Name sender and recipient and ask to go on; return the refusal, if it is one."""
        smtp = self._server()
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        refused = (
            self._refusal(smtp.mail(sender, options))
            or self._refusal(smtp.rcpt(recipient), is_about_address=True)
            or self._refusal(smtp.docmd("DATA"), expected=_GO_ON)
        )
        if refused is not None and self._smtp is not None:
            self._begin_anew()
        return refused

    def _begin_anew(self) -> None:
        """Forget the message that was refused; a connection that can't is of no more use."""
        try:
            self._server().rset()
        except _LOST:
            self.close()

    def _hand_over(self, content: bytes) -> Answer:
        """Send the text. From its first byte on nobody knows what a silent server has taken."""
        smtp = self._server()
        try:
            smtp.send(_LEADING_DOT.sub(b"..", content.rstrip(b"\r\n")) + b"\r\n.\r\n")
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            return Answer(Outcome.UNKNOWN, _in_words(error))
        if answer[0] < 0:
            self.close()
            return Answer(Outcome.UNKNOWN, _text(answer))
        return self._refusal(answer) or Answer(Outcome.ACCEPTED, _text(answer), answer[0])

    def _refusal(
        self, answer: tuple[int, bytes], *, expected: int = 0, is_about_address: bool = False
    ) -> Answer | None:
        code, text = answer[0], _text(answer)
        if code == expected or (not expected and 200 <= code < 300):
            return None
        if code == _CLOSING:
            self.close()
        if 500 <= code < 600 and code not in _SPEAK_UP:
            unknown = is_about_address and says_address_is_unknown(
                enhanced=enhanced_code(text), basic=code
            )
            return Answer(Outcome.PERMANENT, text, code, address_is_unknown=unknown)
        return Answer(Outcome.TEMPORARY, text, code if code > 0 else None)

    def _server(self) -> smtplib.SMTP:
        if self._smtp is None:
            msg = "the connection is closed"
            raise smtplib.SMTPServerDisconnected(msg)
        return self._smtp


def _open() -> smtplib.SMTP:
    """Connect as the settings say, in clear or encrypted; certificates are checked."""
    host, port, timeout = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT
    name = DNS_NAME.get_fqdn()
    if settings.EMAIL_USE_SSL:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, name, timeout=timeout, context=context)
    smtp = smtplib.SMTP(host, port, name, timeout=timeout)
    if settings.EMAIL_USE_TLS:
        try:
            smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
    return smtp


def _text(answer: tuple[int, bytes]) -> str:
    return " ".join(answer[1].decode("utf-8", "replace").replace("\0", " ").split())


def _in_words(error: BaseException) -> str:
    """Return the server's own words where there are any; never the password."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text((0, _as_bytes(error.smtp_error)))}"
    return str(error) or type(error).__name__


def _as_bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
