"""A customer's statement of account on paper."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from toolkit.pdf import render_pdf

_STYLES = Path(settings.BASE_DIR) / "templates/billing/documents/invoice.css"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One step: what it is in words, what it adds (negative: takes off), the balance after it."""

    on: dt.date
    words: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice that is not settled."""

    number: str
    issued_on: dt.date
    due_on: dt.date
    total: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDocument:
    """All that the paper shows."""

    language: str
    issuer: Mapping[str, Any]
    customer: Mapping[str, Any]
    currency: str
    first_day: dt.date
    last_day: dt.date
    opening: Decimal
    closing: Decimal
    lines: tuple[StatementLine, ...]
    open_items: tuple[OpenItem, ...]


def statement_pdf(document: StatementDocument) -> bytes:
    """Return the PDF; the same document gives the same bytes."""
    zone = ZoneInfo(document.customer["timezone"])
    with translation.override(document.language), timezone.override(zone):
        html = render_to_string("billing/documents/statement.html", {"it": document})
    return render_pdf(html, css=_STYLES.read_text())
