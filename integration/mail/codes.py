"""What the numbers of a refusal mean (RFC 5321, RFC 3463)."""

import re

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BASIC = re.compile(r"(?:^|[\s;])([245]\d\d)(?=[\s-]|$)")

# Bad mailbox, bad domain, bad syntax, moved, no mail at all; mailbox disabled; no such host.
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"}
_SAYS_NOTHING = {"", "5.0.0"}
_UNKNOWN_MAILBOX = {550, 551, 553}


def enhanced_code(text: str) -> str:
    """Return the first enhanced status code in a text ("5.1.1"), blank where there is none."""
    found = _ENHANCED.search(text)
    return found.group() if found else ""


def basic_code(text: str) -> int | None:
    """Return the first SMTP code in a text, or None."""
    found = _BASIC.search(text)
    return int(found.group(1)) if found else None


def says_address_is_unknown(*, enhanced: str, basic: int | None) -> bool:
    """Say whether nobody can ever be reached there, as opposed to being refused this time.

    A server that has no enhanced code says it with 550, 551 or 553. One that refuses for what we
    are or what we write (5.7.x) says nothing about the address.
    """
    if enhanced in _SAYS_NOTHING:
        return basic in _UNKNOWN_MAILBOX
    return enhanced in _NO_SUCH_ADDRESS
