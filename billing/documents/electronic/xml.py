"""Write XML in the shape it will have: elements nest as calls do, everything is escaped."""

import datetime as dt
import re
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 can't hold at all: control characters, halves of pairs.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Xml(str):
    """XML that is written already, and not escaped again."""

    __slots__ = ()


Content = str | Decimal | int | None


def el(name: str, *content: Content, **attributes: str) -> Xml:
    """Return an element, nothing where there is nothing in it: standards forbid empty ones.

    Text is escaped, ``Xml`` is not, None is left out. A decimal is written as it stands.
    """
    inner = "".join(map(_written, content))
    if not inner:
        return Xml()
    described = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value)
    return Xml(f"<{name}{described}>{inner}</{name}>")


def _written(content: Content) -> str:
    match content:
        case None:
            return ""
        case Xml():
            return content
        case Decimal():
            return f"{content:f}"
    return escape(_IMPOSSIBLE.sub("", str(content)).strip())


def join(*parts: Xml) -> Xml:
    """Return the parts one after another."""
    return Xml("".join(parts))


def compact(day: dt.date) -> str:
    """Write a day as UN/EDIFACT 2379 code 102 does."""
    return day.strftime("%Y%m%d")
