"""aiosmtpd on 127.0.0.1: it keeps what it is given, and answers as scripted."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One message as it came over the wire. ``sender`` is that of the envelope."""

    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class Rule:
    """What the server does at a step (``mail``, ``rcpt``, ``data``) for matching recipients."""

    at: str
    to: str = ""
    answer: str = ""
    seconds: float = 0
    keeps: bool = False
    hangs_up: str = ""
    times: int | None = None

    def applies(self, at: str, address: str) -> bool:
        return self.at == at and self.to.lower() in address.lower() and self.times != 0


class ScriptedServer:
    """Takes everything, unless a test says otherwise. ``received`` holds what was taken."""

    def __init__(self, **options: Any) -> None:
        """Take further options of aiosmtpd's Controller (TLS, log-in)."""
        self._options = options
        self.received: list[Received] = []
        self.connections = 0
        # Called with each message that is taken, before the server answers: a place to stand still.
        self.before_answer: Callable[[Received], None] | None = None
        self._rules: list[Rule] = []
        self.port = _free_port()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """The address for ``EMAIL_URL``."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> ScriptedServer:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Stop answering; the same port is used when it starts again."""
        if self._controller is not None:
            self._controller.stop()
        self._controller = None

    def refuse(
        self, answer: str, *, to: str = "", at: str = "rcpt", times: int | None = None
    ) -> None:
        """Answer so (``"550 5.1.1 No such user"``) at a step: ``mail``, ``rcpt`` or ``data``."""
        self._rules.append(Rule(at, to, answer=answer, times=times))

    def be_slow(self, seconds: float, *, to: str = "", at: str = "data") -> None:
        """Think for a while before the answer; what comes at ``data`` is taken first."""
        self._rules.append(Rule(at, to, seconds=seconds, keeps=True))

    def hang_up(self, *, to: str = "", at: str = "data", keeps: bool = True) -> None:
        """Close without an answer; at ``data`` the message is taken, unless ``keeps`` is False."""
        self._rules.append(Rule(at, to, hangs_up="instead", keeps=keeps, times=1))

    def hang_up_after_250(self, *, to: str = "") -> None:
        """Take the message, say so, and close the connection."""
        self._rules.append(Rule("data", to, hangs_up="after", keeps=True, times=1))

    def forget_rules(self) -> None:
        self._rules.clear()

    def copies(self) -> Counter[str]:
        """Count what was taken by Message-ID."""
        return Counter(one.message_id for one in self.received)

    def to(self, recipient: str) -> list[Received]:
        """Return what was taken for a recipient."""
        return [one for one in self.received if one.recipient == recipient]

    # --- what aiosmtpd asks -------------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        said: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return said

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._play("mail", address, server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._play("rcpt", address, server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        content = envelope.content
        assert isinstance(content, bytes)
        received = Received(envelope.mail_from or "", recipient, content)
        rule = self._rule("data", recipient)
        if rule is None or rule.keeps:
            self.received.append(received)
            if self.before_answer is not None:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(None, self.before_answer, received)
        return await self._do(rule, server)

    async def _play(self, at: str, address: str, server: SMTP) -> str:
        return await self._do(self._rule(at, address), server)

    def _rule(self, at: str, address: str) -> Rule | None:
        for rule in self._rules:
            if rule.applies(at, address):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    async def _do(self, rule: Rule | None, server: SMTP) -> str:
        if rule is None:
            return "250 OK"
        if rule.seconds:
            await asyncio.sleep(rule.seconds)
        transport: Any = server.transport
        if rule.hangs_up == "instead":
            transport.abort()
        elif rule.hangs_up == "after":
            asyncio.get_running_loop().call_later(0.01, transport.close)
        return rule.answer or "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
