"""What a mailing will take: sheets, postage by weight and country, minutes."""

from dataclasses import dataclass
from typing import Final

from customers.services.checks import EU_COUNTRIES
from mailing.models import Mailing

from .approval import mailing_settings

Output = Mailing.Output
# Labels on one sheet.
PER_SHEET: Final = {Output.LABELS_L7160: 21, Output.LABELS_L7163: 14}
# Upper limits of weight, in grams, by which the post sorts letters.
WEIGHT_CLASSES: Final = (20, 50, 100, 500, 1000, 2000)
# Measured on two cores (docs/performance.md); a printer that does not say how fast it is, is
# taken for one of an office.
_LETTERS_PER_SECOND: Final = 30
_PAGES_PER_MINUTE: Final = 30


@dataclass(frozen=True, slots=True)
class Postage:
    """Letters of one class of weight to one part of the world.

    ``zone`` is ``national``, ``eu`` or ``world``; ``up_to_grams`` 0 means heavier than any class.
    """

    zone: str
    up_to_grams: int
    letters: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a mailing will take; pages of a letter are those of one in each language."""

    letters: int
    pages: int
    sheets: int
    postage: list[Postage]
    minutes: int
    emails: int


def chunk_size_of(mailing: Mailing) -> int:
    """Return how many letters are merged into one document; labels fill their sheets."""
    per_sheet = PER_SHEET.get(Output(mailing.output), 1)
    return -(-mailing.chunk_size // per_sheet) * per_sheet


def weight_class(sheets: int) -> int:
    """Return the class of weight (its upper limit in grams) of a letter of that many sheets."""
    settings = mailing_settings()
    grams = settings.envelope_grams + sheets * settings.sheet_grams
    return next((limit for limit in WEIGHT_CLASSES if grams <= limit), 0)


def zone_of(country: str, home: str) -> str:
    """Return the part of the world a letter goes to, as seen from ``home``."""
    if country == home:
        return "national"
    return "eu" if {country, home} <= EU_COUNTRIES else "world"
