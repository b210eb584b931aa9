"""Fit the lines of an address into its place: smaller, over two lines, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from fontTools.ttLib import TTFont

from toolkit.pdf.fonts import PLEX

# Points, and the height of a line in points. Nothing below 8 points: machines read addresses.
SIZES: Final = (10.0, 9.5, 9.0, 8.5, 8.0)
PITCH: Final = 1.25
_MM: Final = 25.4 / 72
# Widths are those of single letters: kerning only makes lines shorter, but for a hair.
_SPARE: Final = 1.01


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines as they are printed, and their size in points.

    Where ``fits`` is False they are too many even so, and the last ones were left out.
    """

    lines: tuple[str, ...]
    size: float
    fits: bool


@cache
def _widths() -> tuple[dict[int, int], int, int]:
    """Return the widths of the letters, that of any other, and how many units an em has."""
    font = TTFont(PLEX[400])
    metrics = font["hmtx"].metrics
    widths = {code: metrics[glyph][0] for code, glyph in font.getBestCmap().items()}
    units = font["head"].unitsPerEm
    return widths, units, units


@lru_cache(maxsize=20_000)
def width_of(text: str, size: float) -> float:
    """Return the width of a line in millimetres."""
    widths, other, units = _widths()
    total = sum(widths.get(ord(letter), other) for letter in text)
    return total / units * size * _MM * _SPARE


def fit(lines: Sequence[str], *, width: float, height: float) -> Fitted:
    """Return the lines as they fit into ``width`` by ``height`` mm: as large as may be.

    First a smaller size, then lines broken between words, at last within a word.
    """
    highest = max((width_of(line, SIZES[0]) for line in lines), default=0)
    for size in SIZES:
        if highest * size / SIZES[0] <= width and len(lines) <= capacity(height, size):
            return Fitted(tuple(lines), size, fits=True)
    for size in SIZES:
        broken = tuple(part for line in lines for part in _broken(line, width, size))
        if len(broken) <= capacity(height, size):
            return Fitted(broken, size, fits=True)
    return Fitted(broken[: capacity(height, size)], size, fits=False)


def capacity(height: float, size: float) -> int:
    """Return how many lines of a size fit into a height in millimetres."""
    return int(height / (size * PITCH * _MM) + 1e-6)


def _broken(line: str, width: float, size: float) -> list[str]:
    parts: list[str] = []
    current = ""
    for word in line.split():
        longer = f"{current} {word}".strip()
        if width_of(longer, size) <= width:
            current = longer
            continue
        if current:
            parts.append(current)
        *whole, current = _cut(word, width, size)
        parts += whole
    return [*parts, current] if current else parts


def _cut(word: str, width: float, size: float) -> list[str]:
    """Cut a word that is wider than a line; the last piece may share its line."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
