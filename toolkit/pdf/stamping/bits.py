"""Inline content cut into words, with what WeasyPrint does between them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .words import PANGO_SCALE, Face, UnstampableError, Word

# White space of HTML, which is one blank on paper.
_WHITE = str.maketrans("\t\n\r", "   ")


class Piece(NamedTuple):
    """Text of a run: constant, or a slot's where it has a name."""

    run: int
    text: str
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style; ``style`` is what the content stream says before it.

    ``font`` is its name in the book; ``spacing`` is put between letters, in pixels;
    ``transform`` changes the text of slots.
    """

    face: Face
    font: str
    style: str
    language: str
    spacing: float = 0.0
    transform: Callable[[str], str] | None = None


class Bit(NamedTuple):
    """A word, or its part in one run; ``joined`` to the bit before without a space.

    ``space`` is the run of the space before it, ``cuts`` where else a line may end in it;
    ``trailing`` tells that its run ends with a space behind it.
    """

    run: int
    text: str
    word: Word
    joined: bool
    space: int
    cuts: tuple[int, ...]
    trailing: bool = False


@dataclass(frozen=True, slots=True)
class Bits:
    """The words of a segment; ``loose`` where blanks meet other blanks or stand alone in a run.

    WeasyPrint measures such blanks in ways of its own when a line ends near them. ``tail`` is the
    run of a space that the segment ends with, -1 where there is none.
    """

    words: Sequence[Bit]
    loose: bool = False
    tail: int = -1


def bits_of(runs: Sequence[Run], segment: Sequence[Piece], values: Mapping[str, str]) -> Bits:
    """Cut a segment into words; a space belongs to the run that it came first in.

    Raises:
        UnstampableError: letters are not in the fonts, or lines may end where they can't be cut.
    """
    texts = texts_of_runs(runs, segment, values)
    bits: list[Bit] = []
    space = -1
    loose = False
    for run, text in texts:
        if len(texts) > 1 and ((space >= 0 and text.startswith(" ")) or not text.strip(" ")):
            loose = True
        space = _add_run(bits, runs, run, text, space)
    if len(texts) > 1 and bits and not (_has_word(texts[0]) and _has_word(texts[-1])):
        message = "blanks alone at an end of a paragraph with several styles"
        raise UnstampableError(message)
    return Bits(_with_trailing(bits, space), loose, space)


def spaced_bits(runs: Sequence[Run], segment: Sequence[Piece], values: Mapping[str, str]) -> Bits:
    """Take letter-spaced text as one word.

    Raises:
        UnstampableError: letters are not in the fonts, or the style changes.
    """
    texts = [each for each in texts_of_runs(runs, segment, values) if _has_word(each)]
    if not texts:
        return Bits([])
    if len(texts) > 1:
        message = "letter-spaced text that changes its style"
        raise UnstampableError(message)
    ((number, text),) = texts
    run = runs[number]
    text = " ".join(part for part in text.split(" ") if part)
    spacing = int(run.spacing * PANGO_SCALE)
    word = run.face.spaced_text(text, spacing)
    # WeasyPrint counts the space behind the last letter, which Pango leaves out.
    word = word._replace(width=word.width + round(run.spacing * PANGO_SCALE))
    return Bits([Bit(number, text, word, joined=False, space=-1, cuts=())])


def _add_run(bits: list[Bit], runs: Sequence[Run], run: int, text: str, space: int) -> int:
    """Add the words of one run; ``space`` and the result are the run of the last space."""
    cuts = None
    shape = runs[run].face.word
    language = runs[run].language
    at = 0
    for position, part in enumerate(text.split(" ")):
        if position and space < 0:
            space = run
        if part:
            word = shape(part)
            if not word.simple and cuts is None:
                cuts = _cuts(text, language)
            inside = () if word.simple or cuts is None else _inside(cuts, at, part)
            joined = bool(bits) and space < 0
            if bits and bits[-1].run != run:
                _check_seam(bits[-1].text, part, language, parted=space >= 0)
            bits.append(Bit(run, part, word, joined, space if bits else -1, inside))
            space = -1
        at += len(part) + 1
    return space


def texts_of_runs(
    runs: Sequence[Run], segment: Sequence[Piece], values: Mapping[str, str]
) -> list[tuple[int, str]]:
    """Join the pieces of each run, white space made blanks.

    Raises:
        UnstampableError: a run is empty.
    """
    texts: list[tuple[int, str]] = []
    for piece in segment:
        text = piece.text
        if piece.slot:
            text = values[piece.slot].translate(_WHITE)
            transform = runs[piece.run].transform
            if transform is not None:
                text = transform(text)
        if texts and texts[-1][0] == piece.run:
            texts[-1] = (piece.run, texts[-1][1] + text)
        else:
            texts.append((piece.run, text))
    if len(texts) > 1 and not all(text for _run, text in texts):
        message = "nothing inside of a change of style"
        raise UnstampableError(message)
    return texts


def _has_word(run_and_text: tuple[int, str]) -> bool:
    return bool(run_and_text[1].strip(" "))


def _with_trailing(bits: Sequence[Bit], last_space: int) -> list[Bit]:
    """Mark the bits whose run ends with the space behind them."""
    after = [*((bit.space, bit.run) for bit in bits[1:]), (last_space, -1)]
    return [
        bit._replace(trailing=True) if space == bit.run and run != bit.run else bit
        for bit, (space, run) in zip(bits, after, strict=False)
    ]


@lru_cache(maxsize=8192)
def _cuts(text: str, language: str) -> bytes:
    """Ask Pango where lines may end: a byte for each place in the text, 1 where one may."""
    from weasyprint.text.ffi import ffi
    from weasyprint.text.line_break import get_log_attrs

    attributes = get_log_attrs(text, language)
    # Whether a line may end is the lowest bit of each PangoLogAttr, which has 32.
    return bytes(byte & 1 for byte in bytes(ffi.buffer(attributes))[::4])


def _inside(cuts: bytes, at: int, part: str) -> tuple[int, ...]:
    """Return where lines may end inside a word at ``at``.

    Raises:
        UnstampableError: no line may end at a space beside the word.
    """
    end = at + len(part)
    if (at and not cuts[at]) or (end + 1 < len(cuts) and not cuts[end + 1]):
        message = f"a space beside {part!r} that no line may end at"
        raise UnstampableError(message)
    return tuple(place for place in range(1, len(part)) if cuts[at + place])


def _check_seam(before: str, after: str, language: str, *, parted: bool) -> None:
    """Let lines end at a change of style where there is a space, and only there.

    Raises:
        UnstampableError: they may elsewhere, or may not there.
    """
    letter = " " if parted else before[-1]
    if _may_end(letter + after[0], language) is not parted:
        message = "a line that may or may not end where the style changes"
        raise UnstampableError(message)


@lru_cache(maxsize=8192)
def _may_end(letters: str, language: str) -> bool:
    from weasyprint.text.line_break import can_break_text

    return bool(can_break_text(letters, language))
