"""Paragraphs broken into lines where WeasyPrint breaks them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .words import NO_BREAK_SPACE, PANGO_SCALE, Face, UnstampableError, Word

_REMEMBERED_TEXTS = 2_000
# A line that ends this near its limit (in Pango's units, a hundredth of a pixel) is not decided
# here: floating point might decide otherwise there.
_NEAR = 10
_FAR = 4 * PANGO_SCALE
_WHITE = str.maketrans("\t\n\r", "   ")


class Piece(NamedTuple):
    """Text of a run: constant, or a slot's where it has a name."""

    run: int
    text: str
    slot: str = ""


class Span(NamedTuple):
    """Text at ``x`` pixels from the line's anchor, as operands of TJ."""

    x: float
    run: int
    glyphs: str


Line = Sequence[Span]


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style; ``style`` is what the content stream says before it.

    ``spacing`` is put between letters, in pixels; ``transform`` changes the text of slots.
    """

    face: Face
    style: str
    language: str
    spacing: float = 0.0
    transform: Callable[[str], str] | None = None


class _Bit(NamedTuple):
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


@dataclass(slots=True)
class Paragraph:
    """Inline content of one block, ``segments`` parted by ``<br>``, ``width`` in pixels.

    ``nowrap`` keeps a segment on one line; ``shrunk`` blocks have the width of their text, which
    must be a single line. Lines are placed from the left edge, or from the right edge of a
    ``from_right`` block.
    """

    runs: Sequence[Run]
    segments: Sequence[Sequence[Piece]]
    width: float
    align: str = "start"
    align_last: str = "start"
    nowrap: bool = False
    shrunk: bool = False
    from_right: bool = False
    _known: dict[str, Sequence[Line]] = field(default_factory=dict, repr=False)

    def lines(self, values: Mapping[str, str]) -> Sequence[Line]:
        """Break the paragraph into lines; the same text is broken once.

        Raises:
            UnstampableError: a word is too long, a line ends too near its limit, or letters are
                not in the fonts.
        """
        key = "\x00".join(
            values[piece.slot] for segment in self.segments for piece in segment if piece.slot
        )
        lines = self._known.get(key)
        if lines is None:
            if len(self._known) >= _REMEMBERED_TEXTS:
                self._known.clear()
            lines = self._known[key] = self._broken(values)
        return lines

    def texts(self, values: Mapping[str, str]) -> Sequence[str]:
        """Return the text of each line, for comparing it with WeasyPrint's."""
        return [
            "".join(
                (" " if at and bit.space >= 0 else "") + bit.text for at, bit in enumerate(line)
            )
            for line, _last in self._lines_of_bits(values)
        ]

    def _broken(self, values: Mapping[str, str]) -> Sequence[Line]:
        return tuple(
            self._placed(line, last=last) if line else ()
            for line, last in self._lines_of_bits(values)
        )

    def _lines_of_bits(self, values: Mapping[str, str]) -> list[tuple[list[_Bit], bool]]:
        """Break each segment into lines, telling which is its last."""
        lines: list[tuple[list[_Bit], bool]] = []
        final = len(self.segments) - 1
        for at, segment in enumerate(self.segments):
            bits = self._bits(segment, values)
            if bits:
                broken = self._segment_lines(bits)
                lines += [(line, line is broken[-1]) for line in broken]
            elif at < final:
                lines.append(([], True))
        if self.shrunk and len(lines) > 1:
            message = "a shrunk block of more than one line"
            raise UnstampableError(message)
        return lines

    def _bits(self, segment: Sequence[Piece], values: Mapping[str, str]) -> list[_Bit]:
        """Cut a segment into words; a space belongs to the run that it came first in."""
        if any(run.spacing for run in self.runs):
            return self._spaced_bits(segment, values)
        bits: list[_Bit] = []
        space = -1
        for run, text in self._texts_of_runs(segment, values):
            cuts = None
            shape = self.runs[run].face.word
            at = 0
            for position, part in enumerate(text.split(" ")):
                if position and space < 0:
                    space = run
                if part:
                    word = shape(part)
                    if not word.simple and cuts is None:
                        cuts = _cuts(text, self.runs[run].language)
                    inside = () if word.simple or cuts is None else _inside(cuts, at, part)
                    joined = bool(bits) and space < 0
                    if joined and _may_part(bits[-1].text, part, self.runs[run].language):
                        message = "a line may end where the style changes"
                        raise UnstampableError(message)
                    bits.append(_Bit(run, part, word, joined, space if bits else -1, inside))
                    space = -1
                at += len(part) + 1
        return _with_trailing(bits, space)

    def _spaced_bits(self, segment: Sequence[Piece], values: Mapping[str, str]) -> list[_Bit]:
        """Take letter-spaced text as one word, which must be far from the end of its line."""
        texts = [(run, text) for run, text in self._texts_of_runs(segment, values) if text.strip()]
        if not texts:
            return []
        if len(texts) > 1 or self.align == "justify":
            message = "letter-spaced text that changes its style or is justified"
            raise UnstampableError(message)
        ((number, text),) = texts
        run = self.runs[number]
        text = " ".join(part for part in text.split(" ") if part)
        word = run.face.spaced_text(text, int(run.spacing * PANGO_SCALE))
        # WeasyPrint counts the space behind the last letter, which Pango leaves out.
        word = word._replace(width=word.width + round(run.spacing * PANGO_SCALE))
        if not self.nowrap and word.width > self._limit() - _FAR:
            message = "letter-spaced text that may not fit"
            raise UnstampableError(message)
        return [_Bit(number, text, word, joined=False, space=-1, cuts=())]

    def _texts_of_runs(
        self, segment: Sequence[Piece], values: Mapping[str, str]
    ) -> Sequence[tuple[int, str]]:
        """Join the pieces of each run, white space made blanks."""
        texts: list[tuple[int, str]] = []
        for piece in segment:
            text = piece.text
            if piece.slot:
                text = values[piece.slot].translate(_WHITE)
                transform = self.runs[piece.run].transform
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

    def _segment_lines(self, bits: list[_Bit]) -> list[list[_Bit]]:
        if not self.nowrap and not self.shrunk:
            return self._wrapped(bits)
        if self.shrunk and self._width(bits) > self._limit() - _NEAR:
            message = "a shrunk block of more than one line"
            raise UnstampableError(message)
        return [bits]

    def _limit(self) -> int:
        return int(self.width * PANGO_SCALE)

    def _width(self, bits: Sequence[_Bit]) -> int:
        width = 0
        for at, bit in enumerate(bits):
            width += bit.word.width
            if at and bit.space >= 0:
                width += self.runs[bit.space].face.space_width
        return width

    def _wrapped(self, bits: list[_Bit]) -> list[list[_Bit]]:
        """Fill lines from the first word to the last, as many words to a line as fit."""
        limit = self._limit()
        lines: list[list[_Bit]] = []
        line: list[_Bit] = []
        used = 0
        units = _units(bits)
        units.reverse()
        while units:
            unit = units.pop()
            width = self._width(unit)
            gap = self.runs[unit[0].space].face.space_width if line else 0
            if _fits(used + gap + width, limit):
                line += unit
                used += gap + width
                kept = self._kept(line, used, limit)
                if kept == len(line):
                    continue
                units += reversed(_units(line[kept:]))
                lines.append(line[:kept])
                line, used = [], 0
                continue
            parts = self._cut(unit, limit - used - gap)
            if parts:
                line += parts[0]
                units.append(parts[1])
            elif line:
                units.append(unit)
            else:
                message = f"overlong word {unit[0].text!r}"
                raise UnstampableError(message)
            lines.append(line)
            line, used = [], 0
        lines.append(line)
        return [each for each in lines if each]

    def _kept(self, line: Sequence[_Bit], used: int, limit: int) -> int:
        """Return how much of a line WeasyPrint keeps, which errs where a style ends with a space.

        Where such text fits but for that space, it breaks the line after the text's first word.
        """
        bit = line[-1]
        if not bit.trailing or _fits(used + self.runs[bit.run].face.space_width, limit):
            return len(line)
        first = len(line) - 1
        while first and line[first - 1].run == bit.run:
            first -= 1
        if first == len(line) - 1 or (first and line[first].space == bit.run):
            return len(line)
        if line[first].cuts:
            message = "a word that a line may end in, where WeasyPrint breaks early"
            raise UnstampableError(message)
        return first + 1

    def _cut(self, unit: list[_Bit], room: int) -> tuple[list[_Bit], list[_Bit]] | None:
        """Part a word where a line may end in it, as late as there is room for."""
        if not any(bit.cuts for bit in unit):
            return None
        if len(unit) > 1:
            message = "a word in several styles that a line may end in"
            raise UnstampableError(message)
        (bit,) = unit
        shape = self.runs[bit.run].face.word
        for cut in reversed(bit.cuts):
            head = shape(bit.text[:cut])
            if _fits(head.width, room):
                tail = bit.text[cut:]
                later = tuple(each - cut for each in bit.cuts if each > cut)
                return (
                    [bit._replace(text=bit.text[:cut], word=head, cuts=())],
                    [bit._replace(text=tail, word=shape(tail), cuts=later, space=bit.run)],
                )
        return None

    def _placed(self, line: Sequence[_Bit], *, last: bool) -> Line:
        """Align a line, and write its runs."""
        width = self._width(line) / PANGO_SCALE
        left = self.width - width
        align = self.align if not last or self.align_last == "auto" else self.align_last
        x = -width if self.from_right else 0.0
        spacing = 0.0
        if not self.shrunk and left > 0:
            if align == "justify":
                spaces = sum(bit.space >= 0 for bit in line[1:])
                if any(NO_BREAK_SPACE in bit.text for bit in line):
                    message = "a no-break space in a justified line"
                    raise UnstampableError(message)
                spacing = left / spaces if spaces else 0.0
            elif align in ("end", "right"):
                x += left
            elif align == "center":
                x += left / 2
        return self._spans(line, x, spacing)

    def _spans(self, line: Sequence[_Bit], x: float, spacing: float) -> Line:
        extra = int(spacing * PANGO_SCALE)
        spans: list[Span] = []
        pieces: list[str] = []
        run, start = line[0].run, x
        for at, bit in enumerate(line):
            face = self.runs[bit.space].face
            gap = 0.0
            if at and bit.space >= 0:
                gap = face.space_width / PANGO_SCALE + spacing
            if bit.run != run:
                if gap and bit.space == run:
                    pieces.append(_space(face, extra, first=not pieces))
                if bit.space != bit.run:
                    x += gap
                    gap = 0.0
                spans.append(Span(start, run, "".join(pieces)))
                pieces, run, start = [], bit.run, x
            if gap:
                pieces.append(_space(face, extra, first=not pieces))
                x += gap
            pieces.append(bit.word.glyphs)
            x += bit.word.width / PANGO_SCALE
        spans.append(Span(start, run, "".join(pieces)))
        return tuple(spans)


def _space(face: Face, extra: int, *, first: bool) -> str:
    if not extra:
        return face.space_glyph
    return face.leading_space(extra) if first else face.stretched_space(extra)


def _fits(width: int, limit: int) -> bool:
    if abs(width - limit) <= _NEAR:
        message = "a line that ends at its limit"
        raise UnstampableError(message)
    return width < limit


def _with_trailing(bits: Sequence[_Bit], last_space: int) -> list[_Bit]:
    """Mark the bits whose run ends with the space behind them."""
    after = [*((bit.space, bit.run) for bit in bits[1:]), (last_space, -1)]
    return [
        bit._replace(trailing=True) if space == bit.run and run != bit.run else bit
        for bit, (space, run) in zip(bits, after, strict=False)
    ]


def _units(bits: Sequence[_Bit]) -> list[list[_Bit]]:
    """Join the bits that no space parts."""
    units: list[list[_Bit]] = []
    for bit in bits:
        if bit.joined:
            units[-1].append(bit)
        else:
            units.append([bit])
    return units


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


def _may_part(before: str, after: str, language: str) -> bool:
    from weasyprint.text.line_break import can_break_text

    return bool(can_break_text(before[-1] + after[0], language))
