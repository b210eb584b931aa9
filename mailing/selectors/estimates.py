"""What a mailing will take: sheets, postage by weight and country, minutes."""

import io
import math
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Final

import pikepdf
from django.db.models import Count, F

from customers.selectors import issuer
from customers.services.checks import EU_COUNTRIES
from mailing.models import Mailing, Printer, PrintJob

from .approval import mailing_settings
from .field_values import occasion
from .leaves import leaves_of

Output = Mailing.Output
# Labels on one sheet.
PER_SHEET: Final = {Output.LABELS_L7160: 21, Output.LABELS_L7163: 14}
# Upper limits of weight, in grams, by which the post sorts letters.
WEIGHT_CLASSES: Final = (20, 50, 100, 500, 1000, 2000)
# A printer that has printed nothing yet is taken for one of an office.
ZONES: Final = ("national", "eu", "world")
_KEPT: Final = 64
_known_pages: OrderedDict[tuple[int | None, str, int], int] = OrderedDict()
_LETTERS_PER_SECOND: Final = 30
_PAGES_PER_MINUTE: Final = 30
_LARGE, _LAST_JOBS = 20, 10


@dataclass(frozen=True, slots=True)
class Postage:
    """Letters of one class of weight to one part of the world.

    ``zone`` is ``national``, ``eu`` or ``world``; ``up_to_grams`` 0 means heavier than any class.
    """

    zone: str
    up_to_grams: int
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What a mailing will take. Every letter is taken to be as long as one in its language."""

    letters: int
    emails: int
    pages: int
    sheets: int
    postage: list[Postage]
    minutes: int


def estimates(mailing: Mailing) -> Estimates:
    """Return what fixed recipients will take; one letter in each language is laid out for it."""
    rows = (
        mailing.recipients.filter(letter_reason="")
        .order_by()
        .values_list("country", "language")
        .annotate(Count("pk"))
    )
    pages, sheets, letters = 0, 0, 0
    weights = _Weights()
    for country, language, count in rows:
        each = _pages_of_letter(mailing, language)
        on_sheets = sheets_of(mailing, each)
        letters, pages, sheets = letters + count, pages + count * each, sheets + count * on_sheets
        weights.add(country, on_sheets, count)
    if per_sheet := PER_SHEET.get(Output(mailing.output)):
        pages = sheets = -(-letters // per_sheet)
    return Estimates(
        letters=letters,
        emails=mailing.recipients.filter(notice_reason="").count(),
        pages=pages,
        sheets=sheets,
        postage=weights.postage(),
        minutes=_minutes(mailing, letters, pages),
    )


def sheets_of(mailing: Mailing, pages: int) -> int:
    """Return on how many sheets so many pages of a letter are printed."""
    both_sides = mailing.printer.duplex if mailing.printer else mailing.duplex
    return -(-pages // 2) if both_sides and mailing.output == Output.LETTERS else pages


def chunk_size_of(mailing: Mailing) -> int:
    """Return how many letters are merged into one document; labels fill their sheets."""
    per_sheet = PER_SHEET.get(Output(mailing.output), 1)
    return -(-mailing.chunk_size // per_sheet) * per_sheet


def zone_of(country: str, home: str) -> str:
    """Return the part of the world a letter goes to, as seen from ``home``."""
    if country == home:
        return "national"
    return "eu" if {country, home} <= EU_COUNTRIES else "world"


class _Weights:
    """Sorts letters by where they go and what they weigh."""

    def __init__(self) -> None:
        house = issuer()
        self._home = house.country if house else "ES"
        self._settings = mailing_settings()
        self._counts: Counter[tuple[int, int]] = Counter()

    def add(self, country: str, sheets: int, letters: int) -> None:
        """Count letters of so many sheets to a country."""
        grams = self._settings.envelope_grams + sheets * self._settings.sheet_grams
        limit = next((limit for limit in WEIGHT_CLASSES if grams <= limit), 0)
        self._counts[ZONES.index(zone_of(country, self._home)), limit] += letters

    def postage(self) -> list[Postage]:
        """Return the classes in order; heavier than any comes first, as ``up_to_grams`` 0."""
        return [
            Postage(ZONES[zone], limit, count)
            for (zone, limit), count in sorted(self._counts.items())
        ]


def _pages_of_letter(mailing: Mailing, language: str) -> int:
    if mailing.output != Output.LETTERS:
        return 1
    house = issuer()
    key = (mailing.letter_id, language, house.version if house else 0)
    if key not in _known_pages:
        _known_pages[key] = _lay_out(mailing, language)
        if len(_known_pages) > _KEPT:
            _known_pages.popitem(last=False)
    return _known_pages[key]


def _lay_out(mailing: Mailing, language: str) -> int:
    first = mailing.recipients.filter(letter_reason="", language=language).select_related(
        "customer"
    )
    recipient = first.order_by("position")[0]
    now = mailing.frozen_at or mailing.created_at
    (leaf,) = leaves_of(occasion(mailing, now=now), [recipient], separators=False)
    template, values = leaf.letter
    with pikepdf.open(io.BytesIO(template.pdf(values))) as document:
        return len(document.pages)


def _minutes(mailing: Mailing, letters: int, pages: int) -> int:
    """Return whole minutes from the start to the last sheet; merging and printing go together."""
    merging = letters / _LETTERS_PER_SECOND / 60
    printing = pages / _pages_per_minute(mailing.printer) if mailing.printer else 0
    return math.ceil(max(merging, printing)) if letters else 0


def _pages_per_minute(printer: Printer) -> float:
    """Return how fast the printer was with its last larger jobs."""
    jobs = printer.jobs.filter(
        state=PrintJob.State.PRINTED, pages__gte=_LARGE, submitted_at__lt=F("finished_at")
    ).order_by("-finished_at")[:_LAST_JOBS]
    took = sum(
        (job.finished_at - job.submitted_at).total_seconds()
        for job in jobs
        if job.finished_at and job.submitted_at
    )
    return sum(job.pages for job in jobs) / took * 60 if took else _PAGES_PER_MINUTE
