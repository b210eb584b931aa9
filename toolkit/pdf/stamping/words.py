"""Words shaped by HarfBuzz into the same glyphs, at the same places, as Pango shapes them.

Pango counts in 1/1024 of a CSS pixel and rounds every advance to it; so does HarfBuzz when its
font is scaled to that size. WeasyPrint writes each glyph with the part of its width that the
font does not say, cut to whole thousandths of the size: the same is written here.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import uharfbuzz as hb

PANGO_SCALE = 1024
_PER_MILLE = 1000 / PANGO_SCALE
_REMEMBERED_WORDS = 10_000

# What a book of fonts holds: the languages of Europe and America that are written in Latin.
ALPHABET = (
    "".join(map(chr, range(0x21, 0x7F)))
    + "".join(chr(code) for code in range(0xA1, 0x180) if code != 0xAD)
    + "ȘșȚțẼẽ\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e•…‰\u2039\u203a€™\u2212"
)
NO_BREAK_SPACE = "\u00a0"
LIGATURES = "fi fl ff ffi ffl fj"

_KNOWN = re.compile(f"[{re.escape(ALPHABET)}{NO_BREAK_SPACE}]+")
# Letters and figures with points between them: no line ends inside, and one may at the spaces
# around it, by the rules of UAX 14 (a test asks Pango itself).
_LETTER = "A-Za-zªºÀ-ÖØ-öø-ſȘșȚț"
_INSIDE = (
    rf"[0-9{_LETTER}@_&]"
    rf"|[.,:\u2019'](?=[{_LETTER}])"
    r"|(?<=[0-9])[.,:](?=[0-9])"
)
_SIMPLE = re.compile(rf"[(¿¡\u201c\u2018«\"']*[0-9{_LETTER}](?:{_INSIDE})*%?[.,:;!?)…]*")


class UnstampableError(Exception):
    """Something is outside of what can be stamped: the record goes the ordinary way."""


class Word(NamedTuple):
    """A word as the operands of TJ; ``width`` in Pango's units; ``simple`` if it breaks nowhere."""

    glyphs: str
    width: int
    simple: bool


class Face:
    """A font file at one size, with its features and language; it remembers the words it shaped."""

    def __init__(
        self, path: Path, size: int, features: tuple[tuple[str, int], ...], language: str
    ) -> None:
        self._font, self._known_glyphs = _opened(path)
        self._font = hb.Font(self._font.face)
        self._font.scale = (size, size)
        self._nominal = _nominal_width(path)
        self._features = dict(features)
        self._language = language
        self.size = size / PANGO_SCALE
        self._words: dict[str, Word] = {}
        space = self._shape(" ")
        self.space_width: int = space[0][1]
        self.space_glyph = f"<{space[0][0]:04x}>"
        self._space_nominal = self._nominal(space[0][0])

    def word(self, text: str) -> Word:
        """Shape a word, which holds no space.

        Raises:
            UnstampableError: a letter is not in the book of fonts, or stands off its line.
        """
        word = self._words.get(text)
        if word is None:
            if len(self._words) >= _REMEMBERED_WORDS:
                self._words.clear()
            word = self._words[text] = self._shaped(text)
        return word

    def stretched_space(self, extra: int) -> str:
        """Return the operands of a space that is ``extra`` wider, half of it on each side."""
        left = _left_half(extra)
        offset = left / self.size
        rest = self._space_nominal + offset - (self.space_width + extra) * _PER_MILLE / self.size
        return f"{-offset:.6f}{self.space_glyph}{int(rest)}"

    def leading_space(self, extra: int) -> str:
        """Return the operands of a wider space that a text begins with.

        WeasyPrint asks for twice as much there, and Pango takes off the left half.
        """
        right = 2 * extra - _left_half(2 * extra)
        rest = self._space_nominal - (self.space_width + right) * _PER_MILLE / self.size
        return f"{self.space_glyph}{int(rest)}"

    def spaced_text(self, text: str, spacing: int) -> Word:
        """Shape a text of several words, ``spacing`` added between its letters.

        Raises:
            UnstampableError: as for a word.
        """
        left = int(spacing / 2)
        right = spacing - left
        pieces = []
        total = 0
        glyphs = self._glyphs_of(text.replace(" ", NO_BREAK_SPACE), text)
        for at, (glyph, natural) in enumerate(glyphs):
            offset = left / self.size if at else 0.0
            width = natural + (left if at else 0) + (right if at < len(glyphs) - 1 else 0)
            rest = int(self._nominal(glyph) + offset - width * _PER_MILLE / self.size)
            pieces.append(f"{-offset:.6f}<{glyph:04x}>{rest} ")
            total += width
        return Word("".join(pieces), total, simple=True)

    def _shaped(self, text: str) -> Word:
        pieces = ["<"]
        total = 0
        for glyph, width in self._glyphs_of(text, text):
            pieces.append(f"{glyph:04x}")
            rest = int(self._nominal(glyph) - width * _PER_MILLE / self.size)
            if rest:
                pieces.append(f">{rest}<")
            total += width
        pieces.append(">")
        return Word("".join(pieces).removesuffix("<>"), total, bool(_SIMPLE.fullmatch(text)))

    def _glyphs_of(self, known: str, text: str) -> list[tuple[int, int]]:
        """Shape a text into glyphs and their widths; ``known`` is what must be in the alphabet."""
        shaped = self._shape(text)
        if (
            not _KNOWN.fullmatch(known)
            or not self._known_glyphs.issuperset(glyph for glyph, *_rest in shaped)
            or any(x_offset or y_offset for _glyph, _width, x_offset, y_offset in shaped)
        ):
            message = f"letters of {text!r}"
            raise UnstampableError(message)
        return [(glyph, width) for glyph, width, *_offsets in shaped]

    def _shape(self, text: str) -> list[tuple[int, int, int, int]]:
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction = "ltr"
        buffer.script = "Latn"
        buffer.language = self._language
        hb.shape(self._font, buffer, self._features)
        return [
            (info.codepoint, position.x_advance, position.x_offset, position.y_offset)
            for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]


def _left_half(extra: int) -> int:
    """Halve as Pango does: whole pixels are parted into whole pixels."""
    left = extra // 2
    if not extra % PANGO_SCALE:
        left = (left + PANGO_SCALE // 2) & -PANGO_SCALE
    return left


@lru_cache(maxsize=256)
def face(path: Path, size: int, features: tuple[tuple[str, int], ...], language: str) -> Face:
    """Return the one face of its kind, with the words it remembers."""
    return Face(path, size, features, language)


@lru_cache(maxsize=16)
def _opened(path: Path) -> tuple[hb.Font, frozenset[int]]:
    """Open a font, with the glyphs of the alphabet alone and of its ligatures."""
    font = hb.Font(hb.Face(path.read_bytes()))
    glyphs = {
        glyph
        for text in [*ALPHABET, NO_BREAK_SPACE, " ", *LIGATURES.split()]
        for glyph in _glyphs(font, text)
    }
    return font, frozenset(glyphs)


def _glyphs(font: hb.Font, text: str) -> list[int]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    return [info.codepoint for info in buffer.glyph_infos]


@lru_cache(maxsize=16)
def _nominal_width(path: Path) -> Callable[[int], int]:
    """Return what answers a glyph's width as the PDF's font says it, in thousandths."""
    font, _known = _opened(path)
    per_mille = 1000 / font.face.upem

    @cache
    def width(glyph: int) -> int:
        rounded: int = round(font.get_glyph_h_advance(glyph) * per_mille)
        return rounded

    return width
