"""What of a template changes, and where WeasyPrint puts it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weasyprint.document import Document
from weasyprint.formatting_structure import boxes
from weasyprint.formatting_structure.build import build_formatting_structure
from weasyprint.html import get_html_metadata

from toolkit.pdf.fonts import fonts
from toolkit.pdf.render import Stationery
from toolkit.pdf.slots import SlottedHtml

from .bits import Piece, Run
from .styles import check_inline, run_of
from .words import UnstampableError

Box = Any  # WeasyPrint's, which carries no types

# Each slot is marked by a letter of its own from a plane that no text uses.
_FIRST_MARK = 0xF0000
_MOST_MARKS = 0xFFFD
_MARKS = re.compile("([\U000f0000-\U000ffffd])")

# A block is known by the place of its element in the document and by its tag.
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Content:
    """Inline content with slots, before any layout."""

    runs: Sequence[Run]
    segments: Sequence[Sequence[Piece]]
    nowrap: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """All changing text of a template: blocks, strings of page margins, and metadata."""

    blocks: Mapping[Key, Content]
    strings: Mapping[str, Sequence[Piece]]
    title: Sequence[Piece]


def read_contents(slotted: SlottedHtml, stationery: Stationery) -> Contents:
    """Find the changing text in the boxes that WeasyPrint makes of the page.

    Raises:
        UnstampableError: a slot stands where its text can't be stamped.
    """
    if len(slotted.names) > _MOST_MARKS:
        message = "too many slots"
        raise UnstampableError(message)
    page = stationery.page(_marked(slotted))
    places = {id(element): place for place, element in enumerate(page.etree_element.iter())}
    for element in page.etree_element.iter():
        if any(_MARKS.search(value) for value in element.attrib.values()):
            message = "a slot in an attribute"
            raise UnstampableError(message)
    reader = _Reader(slotted.names, places)
    reader.read(_structure(page, stationery))
    metadata = get_html_metadata(page)
    title = reader.pieces(0, metadata.pop("title") or "")
    if _MARKS.search(repr(metadata)):
        message = "a slot in the metadata"
        raise UnstampableError(message)
    strings = {name: pieces[0] for name, pieces in reader.strings.items() if len(pieces) == 1}
    if len(strings) < len(reader.strings):
        message = "a running string that is set twice"
        raise UnstampableError(message)
    return Contents(reader.blocks, strings, title)


def _marked(slotted: SlottedHtml) -> str:
    marks = [chr(_FIRST_MARK + at) for at in range(len(slotted.names))]
    return "".join(
        piece for pair in zip(slotted.texts, [*marks, ""], strict=True) for piece in pair
    )


def _structure(page: Any, stationery: Stationery) -> Box:  # noqa: ANN401
    """Make the boxes of a page, as WeasyPrint does before it lays them out."""
    from weasyprint import DEFAULT_OPTIONS
    from weasyprint.css.counters import CounterStyle

    counters = CounterStyle()
    context = Document._build_layout_context(
        page, fonts()[0], counters, {}, {**DEFAULT_OPTIONS, **stationery.options()}
    )
    return build_formatting_structure(
        page.etree_element,
        context.style_for,
        context.get_image_from_uri,
        page.base_url,
        context.target_collector,
        counters,
        context.footnotes,
    )


class _Reader:
    """Walk through boxes and keep the blocks with slots."""

    def __init__(self, names: Sequence[str], places: Mapping[int, int]) -> None:
        self.blocks: dict[Key, Content] = {}
        self.strings: dict[str, list[Sequence[Piece]]] = {}
        self._names = names
        self._places = places
        self._seen: set[Key] = set()

    def pieces(self, run: int, text: str) -> list[Piece]:
        """Cut a text at its marks."""
        return [
            Piece(run, "", self._names[ord(part) - _FIRST_MARK]) if at % 2 else Piece(run, part)
            for at, part in enumerate(_MARKS.split(text))
            if part
        ]

    def read(self, box: Box) -> None:
        """Read a box and those in it.

        Raises:
            UnstampableError: a slot stands where its text can't be stamped.
        """
        for name, text in getattr(box, "string_set", None) or ():
            if _MARKS.search(text):
                self.strings.setdefault(name, []).append(self.pieces(0, text))
        if isinstance(box, boxes.TextBox) and _MARKS.search(box.text):
            message = "a slot outside of any block"
            raise UnstampableError(message)
        if has_lines(box):
            self._read_block(box)
        for child in getattr(box, "children", ()):
            if not (has_lines(box) and isinstance(child, boxes.LineBox)):
                self.read(child)

    def _read_block(self, box: Box) -> None:
        parts = [part for line in lines_of(box) for part in inline_texts(line)]
        changing = any(part is not None and _MARKS.search(part.text) for part in parts)
        if not changing:
            for line in lines_of(box):
                self._read_inside(line)
            return
        key = (self._places[id(box.element)], box.element_tag)
        if key in self._seen:
            message = "text beside blocks in one element"
            raise UnstampableError(message)
        self._seen.add(key)
        self.blocks[key] = self._content(box, parts)

    def _read_inside(self, box: Box) -> None:
        """Look for blocks in lines, and for strings that inline boxes set."""
        for child in getattr(box, "children", ()):
            self.read(child)

    def _content(self, box: Box, parts: Sequence[Box | None]) -> Content:
        for line in lines_of(box):
            _check_line(line)
        if box.style["text_indent"].value:
            message = "an indented first line"
            raise UnstampableError(message)
        runs: list[Run] = []
        segments: list[list[Piece]] = [[]]
        styles = []
        for part in parts:
            if part is None:
                segments.append([])
                continue
            segments[-1] += self.pieces(len(runs), part.text)
            runs.append(run_of(part.style))
            styles.append(part.style)
        for name in ("font_size", "line_height", "white_space"):
            if any(style[name] != box.style[name] for style in styles):
                message = f"{name} changes within a paragraph"
                raise UnstampableError(message)
        return Content(runs, segments, box.style["white_space"] == "nowrap")


def has_lines(box: Box) -> bool:
    """Tell whether text flows directly in a box."""
    return isinstance(box, boxes.BlockContainerBox) and any(
        isinstance(child, boxes.LineBox) for child in box.children
    )


def lines_of(box: Box) -> list[Box]:
    """Return the lines directly in a box."""
    return [child for child in box.children if isinstance(child, boxes.LineBox)]


def inline_texts(box: Box) -> Iterator[Box | None]:
    """Yield the text boxes in a line, None for each forced break."""
    for child in box.children:
        if isinstance(child, boxes.TextBox):
            is_break = child.element_tag == "br::before" and child.text == "\n"
            yield None if is_break else child
        elif isinstance(child, boxes.InlineBox):
            yield from inline_texts(child)


def _check_line(box: Box) -> None:
    """Refuse a line that holds anything but text, breaks and plain changes of style."""
    for child in box.children:
        if isinstance(child, boxes.InlineBox) and not isinstance(child, boxes.AtomicInlineLevelBox):
            check_inline(child)
            _check_line(child)
        elif not isinstance(child, boxes.TextBox):
            message = f"a {type(child).__name__} in a line"
            raise UnstampableError(message)
