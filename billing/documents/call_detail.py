"""The calls of an invoice on paper, grouped by the customer's billing references."""

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

from .invoice import BilledConference, BilledLine
from .invoice_pdf import decimals_of

_STYLES = Path(settings.BASE_DIR) / "templates/billing/documents/invoice.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceGroup:
    """What is billed under one reference ("" for none)."""

    reference: str
    conferences: tuple[BilledConference, ...]

    @property
    def net(self) -> Decimal:
        """Add up the conferences."""
        return sum((conference.net for conference in self.conferences), Decimal())

    @property
    def calls(self) -> int:
        """Count the calls."""
        return sum(len(conference.legs) for conference in self.conferences)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """All that the paper shows; the groups and ``others`` add up to ``net`` of the invoice.

    ``others`` are the lines that belong to no conference. ``number`` is empty on a draft.
    """

    language: str
    number: str
    issuer: Mapping[str, Any]
    customer: Mapping[str, Any]
    logo: bytes
    currency: str
    period_start: dt.date
    period_end: dt.date
    groups: tuple[ReferenceGroup, ...]
    others: tuple[BilledLine, ...]
    net: Decimal

    @property
    def is_draft(self) -> bool:
        """Tell whether the invoice is issued yet."""
        return not self.number


def call_detail_pdf(detail: CallDetail) -> bytes:
    """Return the PDF; the same detail gives the same bytes."""
    conferences = [conference for group in detail.groups for conference in group.conferences]
    context = {
        "it": detail,
        "zone": detail.customer["timezone"],
        "leg_decimals": decimals_of(conferences),
    }
    with translation.override(detail.language), timezone.override(ZoneInfo(context["zone"])):
        html = render_to_string("billing/documents/call_detail.html", context)
    return render_pdf(html, css=_STYLES.read_text(), images={"logo": detail.logo})
