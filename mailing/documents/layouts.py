"""Layouts: which envelope, where its window is on the sheet, where the sheet is folded.

All measures are in millimetres from the left and upper edge of the sheet. docs/letters.md tells
where they come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Return its lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the first page of a letter is divided.

    ``window`` is the part of the sheet that the envelope shows; ``address`` lies in it and holds
    the lines of the recipient; ``sender`` is where our own line stands in the window, None where
    the envelope says it. ``facts`` begins beside the window, ``text_top`` is where the text does.
    """

    code: str
    name: Promise
    envelope: Promise
    paper: str
    sheet: Box
    window: Box
    address: Box
    sender: Box | None
    facts: Box
    text_top: float
    left: float
    right: float
    top: float
    bottom: float
    folds: tuple[float, ...]
    hole: float | None = None


_A4 = Box(0, 0, 210, 297)
_LETTER = Box(0, 0, 215.9, 279.4)

_ALL = (
    Layout(
        code="dl_left",
        name=_("DL, window at the left"),
        envelope=_("Spain: 110 x 220 mm"),
        paper="A4",
        sheet=_A4,
        window=Box(20, 45, 85, 45),
        address=Box(24, 52, 79, 36),
        sender=Box(24, 47.5, 79, 3),
        facts=Box(122, 52, 70, 36),
        text_top=101,
        left=24,
        right=18,
        top=24,
        bottom=24,
        folds=(99, 198),
    ),
    Layout(
        code="c5_6",
        name=_("C5/6, window at the left"),
        envelope=_("Europe: 114 x 229 mm"),
        paper="A4",
        sheet=_A4,
        window=Box(20, 54, 72, 37),
        address=Box(24, 60, 66, 29.5),
        sender=Box(24, 56, 66, 3),
        facts=Box(122, 58, 70, 32),
        text_top=103,
        left=24,
        right=18,
        top=24,
        bottom=24,
        folds=(105, 210),
    ),
    Layout(
        code="din_5008_b",
        name=_("DIN 5008, form B"),
        envelope=_("Germany: DL or C6/5"),
        paper="A4",
        sheet=_A4,
        window=Box(20, 45, 85, 45),
        address=Box(25, 62.7, 79, 26.3),
        sender=Box(25, 58.5, 79, 3),
        facts=Box(125, 50, 65, 40),
        text_top=101,
        left=25,
        right=20,
        top=24,
        bottom=24,
        folds=(105, 210),
        hole=148.5,
    ),
    Layout(
        code="us_10",
        name=_("US #10, window at the left"),
        envelope=_("United States: 4⅛ x 9½ in, paper Letter"),
        paper="letter",
        sheet=_LETTER,
        window=Box(22.2, 53.5, 88.9, 28.6),
        address=Box(25.4, 56.7, 82.5, 22.2),
        sender=None,
        facts=Box(129, 56.7, 68, 26),
        text_top=98,
        left=25.4,
        right=19,
        top=25.4,
        bottom=25.4,
        folds=(93.1, 186.3),
    ),
)
DEFAULT_LAYOUT: Final = "dl_left"
LAYOUTS: Final[Mapping[str, Layout]] = {layout.code: layout for layout in _ALL}
