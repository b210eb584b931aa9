"""Paragraphs broken into lines where WeasyPrint breaks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .bits import Bit, Bits, Piece, Run, bits_of, spaced_bits, texts_of_runs
from .words import NO_BREAK_SPACE, PANGO_SCALE, Face, UnstampableError

_REMEMBERED_TEXTS = 256
# A line that ends this near its limit (in Pango's units, a hundredth of a pixel) is not decided
# here: floating point might decide otherwise there.
_NEAR = 10
_FAR = 4 * PANGO_SCALE


class Span(NamedTuple):
    """Text at ``x`` pixels from the line's anchor, as operands of TJ."""

    x: float
    run: int
    glyphs: str


Line = Sequence[Span]


class _Filled(NamedTuple):
    """A line's words; ``last`` of its segment, with ``tail`` as in ``Bits`` before a break."""

    bits: Sequence[Bit]
    last: bool = False
    tail: int = -1


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
            lines = self._known[key] = self._one_line(values) or self._broken(values)
        return lines

    def _one_line(self, values: Mapping[str, str]) -> Sequence[Line]:
        """Write a short text at once; return nothing where it isn't one.

        What fits into a line needs no look at where the line may end.
        """
        justified = (self.align, self.align_last) == ("justify", "auto")
        if len(self.segments) > 1 or justified or any(run.spacing for run in self.runs):
            return ()
        spans: list[tuple[int, int, str]] = []
        used = end = 0
        blank, alone = True, False
        for run, text in texts_of_runs(self.runs, self.segments[0], values):
            face = self.runs[run].face
            parts = text.split(" ")
            words = [face.word(part) for part in parts if part]
            leads, trails = not parts[0], not parts[-1]
            if text == " " and not blank and self.align in ("start", "left"):
                used += face.space_width
                blank = alone = True
                continue
            alone = False
            if not words or len(words) + leads + trails < len(parts) or (leads and blank):
                return ()
            glyphs = face.space_glyph.join([word.glyphs for word in words])
            spans.append((used, run, face.space_glyph + glyphs if leads else glyphs))
            used += sum([word.width for word in words]) + face.space_width * (len(parts) - 1)
            end = used - face.space_width * trails
            blank = trails
        if not spans or alone or not (self.nowrap or used < self._limit() - _NEAR):
            return ()
        x = self._offset(end / PANGO_SCALE, self.align_last)
        return ([Span(x + start / PANGO_SCALE, run, glyphs) for start, run, glyphs in spans],)

    def texts(self, values: Mapping[str, str]) -> Sequence[str]:
        """Return the text of each line, for comparing it with WeasyPrint's."""
        if self._one_line(values):
            runs = texts_of_runs(self.runs, self.segments[0], values)
            return ["".join(text for _run, text in runs).rstrip(" ")]
        return [
            "".join(
                (" " if at and bit.space >= 0 else "") + bit.text
                for at, bit in enumerate(line.bits)
            )
            for line in self._lines_of_bits(values)
        ]

    def _broken(self, values: Mapping[str, str]) -> Sequence[Line]:
        return tuple(
            self._placed(line) if line.bits else () for line in self._lines_of_bits(values)
        )

    def _lines_of_bits(self, values: Mapping[str, str]) -> list[_Filled]:
        """Break each segment into lines."""
        lines: list[_Filled] = []
        final = len(self.segments) - 1
        for at, segment in enumerate(self.segments):
            bits = self._bits(segment, values)
            if bits.words:
                broken = self._segment_lines(bits.words)
                if bits.loose and (len(broken) > 1 or self.align not in ("start", "left")):
                    message = "loose blanks between styles"
                    raise UnstampableError(message)
                lines += [_Filled(line) for line in broken[:-1]]
                # WeasyPrint counts a space before a forced break.
                tail = bits.tail if at < final else -1
                lines.append(_Filled(broken[-1], last=True, tail=tail))
            elif at < final:
                lines.append(_Filled([], last=True))
        if self.shrunk and len(lines) > 1:
            message = "a shrunk block of more than one line"
            raise UnstampableError(message)
        return lines

    def _bits(self, segment: Sequence[Piece], values: Mapping[str, str]) -> Bits:
        if not any(run.spacing for run in self.runs):
            return bits_of(self.runs, segment, values)
        bits = spaced_bits(self.runs, segment, values)
        far = self.nowrap or self._width(bits.words) < self._limit() - _FAR
        if self.align == "justify" or not far:
            message = "letter-spaced text that is justified or may not fit"
            raise UnstampableError(message)
        return bits

    def _segment_lines(self, bits: Sequence[Bit]) -> Sequence[Sequence[Bit]]:
        if not self.nowrap and not self.shrunk:
            return self._wrapped(bits)
        if self.shrunk and self._width(bits) > self._limit() - _NEAR:
            message = "a shrunk block of more than one line"
            raise UnstampableError(message)
        return [bits]

    def _limit(self) -> int:
        return int(self.width * PANGO_SCALE)

    def _width(self, bits: Sequence[Bit]) -> int:
        width = 0
        for at, bit in enumerate(bits):
            width += bit.word.width
            if at and bit.space >= 0:
                width += self.runs[bit.space].face.space_width
        return width

    def _wrapped(self, bits: Sequence[Bit]) -> list[list[Bit]]:
        """Fill lines from the first word to the last, as many words to a line as fit."""
        limit = self._limit()
        lines: list[list[Bit]] = []
        line: list[Bit] = []
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

    def _kept(self, line: Sequence[Bit], used: int, limit: int) -> int:
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

    def _cut(self, unit: list[Bit], room: int) -> tuple[list[Bit], list[Bit]] | None:
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

    def _placed(self, filled: _Filled) -> Line:
        """Align a line, and write its runs."""
        line, last = filled.bits, filled.last
        units = self._width(line)
        if filled.tail >= 0:
            units += self.runs[filled.tail].face.space_width
        width = units / PANGO_SCALE
        align = self.align_last if last else "auto"
        spacing = 0.0
        if (self.align if align == "auto" else align) == "justify":
            spacing = self._spacing(line, self.width - width)
        return self._spans(line, self._offset(width, align), spacing)

    def _offset(self, width: float, align: str) -> float:
        """Return where a line begins, from the anchor; ``auto`` is the paragraph's alignment."""
        if self.shrunk:
            return -width if self.from_right else 0.0
        left = max(0.0, self.width - width)
        kind = self.align if align == "auto" else align
        return {"end": left, "right": left, "center": left / 2}.get(kind, 0.0)

    def _spacing(self, line: Sequence[Bit], left: float) -> float:
        """Return what each space of a justified line is wider.

        Raises:
            UnstampableError: WeasyPrint would widen no-break spaces, too.
        """
        if any(NO_BREAK_SPACE in bit.text for bit in line):
            message = "a no-break space in a justified line"
            raise UnstampableError(message)
        spaces = sum(bit.space >= 0 for bit in line[1:])
        return left / spaces if spaces and left > 0 else 0.0

    def _spans(self, line: Sequence[Bit], x: float, spacing: float) -> Line:
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


def _units(bits: Sequence[Bit]) -> list[list[Bit]]:
    """Join the bits that no space parts."""
    units: list[list[Bit]] = []
    for bit in bits:
        if bit.joined:
            units[-1].append(bit)
        else:
            units.append([bit])
    return units
