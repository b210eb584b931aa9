"""Sizes of paper and names of trays, as IPP writes them and as people call them."""

import re
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

A4: Final = "iso_a4_210x297mm"
_SIZE = re.compile(r"(?P<name>.+)_(?P<x>\d+(?:\.\d+)?)x(?P<y>\d+(?:\.\d+)?)(?P<unit>mm|in)")
_HUNDREDTHS: Final = {"mm": 100, "in": 2540}
_NAMES: Final = {
    "na_letter": "Letter",
    "na_legal": "Legal",
    "na_executive": "Executive",
    "na_ledger": "Ledger",
    "na_number-10": "#10",
    "na_monarch": "Monarch",
    "iso_dl": "DL",
    "iso_c4": "C4",
    "iso_c5": "C5",
    "iso_c6": "C6",
    "iso_c6c5": "C6/C5",
}
_TRAYS: Final[dict[str, Promise]] = {
    "auto": gettext_lazy("Chosen by the printer"),
    "main": gettext_lazy("Main tray"),
    "alternate": gettext_lazy("Second tray"),
    "top": gettext_lazy("Upper tray"),
    "middle": gettext_lazy("Middle tray"),
    "bottom": gettext_lazy("Lower tray"),
    "large-capacity": gettext_lazy("Large tray"),
    "by-pass-tray": gettext_lazy("Bypass tray"),
    "manual": gettext_lazy("By hand"),
    "envelope": gettext_lazy("Envelope feeder"),
    "photo": gettext_lazy("Photo tray"),
}
_NUMBERED = re.compile(r"tray-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in hundredths of a millimetre."""

    x: int
    y: int


def size_of(media: str) -> Size | None:
    """Read the size out of a self-describing name (PWG 5101.1); None where it names none."""
    found = _SIZE.fullmatch(media)
    if not found:
        return None
    factor = _HUNDREDTHS[found["unit"]]
    return Size(round(float(found["x"]) * factor), round(float(found["y"]) * factor))


def media_in_words(media: str) -> str:
    """Write a size as people call it: ``A4 (210 × 297 mm)``; what is unknown as it stands."""  # noqa: RUF002
    found = _SIZE.fullmatch(media)
    if not found:
        return media
    name = _NAMES.get(found["name"]) or _short(found["name"])
    return f"{name} ({found['x']} × {found['y']} {found['unit']})"  # noqa: RUF001


def _short(name: str) -> str:
    """Take the standard's prefix off: ``iso_a4`` is A4, ``oe_photo-l`` is Photo-l."""
    text = name.split("_", 1)[-1].replace("_", " ")
    return text.upper() if re.fullmatch(r"[a-d]\d{1,2}", text) else text.capitalize()


def tray_in_words(tray: str) -> str:
    """Write a tray as people call it; what is unknown as it stands."""
    if found := _NUMBERED.fullmatch(tray):
        return _("Tray %(number)s") % {"number": found[1]}
    return str(_TRAYS.get(tray, tray))
