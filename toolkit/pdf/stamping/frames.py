"""Where WeasyPrint puts the blocks whose text changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weasyprint.document import Document
from weasyprint.formatting_structure import boxes

from .capture import Content, Contents, Key, has_lines, inline_texts, lines_of
from .lines import Paragraph
from .styles import check_block, run_of
from .words import UnstampableError

Box = Any  # WeasyPrint's, which carries no types

_FLOW = (
    boxes.BlockBox,
    boxes.TableBox,
    boxes.TableRowGroupBox,
    boxes.TableRowBox,
    boxes.TableCellBox,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a line stands: its page (from 0), its anchor and its base line, in pixels."""

    page: int
    x: float
    y: float
    box: Box


@dataclass(frozen=True, slots=True)
class Frame:
    """A block as it was laid out; ``copies`` of its lines: one, or one for each page's margin."""

    width: float
    align: str
    align_last: str
    shrunk: bool
    from_right: bool
    copies: Sequence[Sequence[Spot]]


def frames_of(document: Document, page: Any, contents: Contents) -> dict[Key | str, Frame]:  # noqa: ANN401
    """Find the blocks of ``contents`` in a laid-out document.

    Raises:
        UnstampableError: a block's width depends on its text, or what it shows is cut off.
    """
    places = {id(element): place for place, element in enumerate(page.etree_element.iter())}
    finder = _Finder(places, contents)
    for number, each in enumerate(document.pages):
        finder.find_page(number, each._page_box)
    return finder.frames


class _Finder:
    """Walk through laid-out pages."""

    def __init__(self, places: Mapping[int, int], contents: Contents) -> None:
        self.frames: dict[Key | str, Frame] = {}
        self._places = places
        self._contents = contents

    def find_page(self, number: int, page_box: Box) -> None:
        for child in page_box.children:
            if isinstance(child, boxes.MarginBox):
                self._find_margin(number, child, page_box)
            else:
                self._find(number, child, [page_box])

    def _find(self, number: int, box: Box, around: list[Box]) -> None:
        box = getattr(box, "_box", box)
        if box.is_floated():
            message = "a floating box"
            raise UnstampableError(message)
        if has_lines(box):
            key = (self._places.get(id(box.element), -1), box.element_tag)
            if key in self._contents.blocks:
                self._add(key, number, box, around)
                return
        for child in getattr(box, "children", ()):
            self._find(number, child, [*around, box])

    def _add(self, key: Key | str, number: int, box: Box, around: list[Box]) -> None:
        shrunk, from_right, width = _anchoring(box, around)
        left = box.content_box_x()
        x = left + box.width if from_right else left
        # What stands behind the last break, if only blanks do, makes a line without height.
        lines = [line for line in lines_of(box) if line.height]
        spots = [Spot(number, x, line.position_y + line.baseline, line) for line in lines]
        for line in lines:
            _check_visible(line, box, around)
        known = self.frames.get(key)
        if known is not None:
            if known.width != width or shrunk:
                message = "a block that is parted into different widths"
                raise UnstampableError(message)
            spots = [*known.copies[0], *spots]
        style = lines_of(box)[0].style
        self.frames[key] = Frame(
            width, style["text_align_all"], style["text_align_last"], shrunk, from_right, [spots]
        )

    def _find_margin(self, number: int, box: Box, page_box: Box) -> None:
        """Find text in a page's margin that strings of the document are set into."""
        names = {
            value[0]
            for kind, value in (box.style["content"] if has_lines(box) else ())
            if kind == "string()" and value[0] in self._contents.strings
        }
        if not names:
            return
        if len(names) > 1 or len(box.style["content"]) > 1 or len(lines_of(box)) != 1:
            message = "a page margin with more than one string"
            raise UnstampableError(message)
        side = box.at_keyword.split("-")[0]
        others = [
            other
            for other in page_box.children
            if isinstance(other, boxes.MarginBox) and other.at_keyword.startswith(side)
        ]
        line = lines_of(box)[0]
        if (box.style["width"] == "auto" and len(others) > 1) or line.style[
            "text_align_all"
        ] not in ("start", "left"):
            message = "a page margin whose text moves"
            raise UnstampableError(message)
        check_block(box.style)
        key = f"{box.at_keyword} {names.pop()}"
        spot = Spot(number, box.content_box_x(), line.position_y + line.baseline, line)
        known = self.frames.get(key)
        copies = [*(known.copies if known else ()), [spot]]
        shrunk = box.style["width"] == "auto"
        width = page_box.width if shrunk else box.width
        self.frames[key] = Frame(
            width, "start", "auto", shrunk=shrunk, from_right=False, copies=copies
        )


def _anchoring(block: Box, around: Sequence[Box]) -> tuple[bool, bool, float]:
    """Tell whether a block is shrunk to its text, hangs at its right edge, and its width.

    Raises:
        UnstampableError: its place or its width depends on text in another way.
    """
    shrunk = from_right = False
    width = block.width
    for box in [block, *reversed(around[1:])]:
        check_block(box.style)
        _check_flow(box)
        if box.style["position"] == "absolute" and _width_of(box) == "auto":
            free = [side for side in ("left", "right") if box.style[side] == "auto"]
            if free and (box is not block or len(free) > 1):
                message = "a block as wide as its text"
                raise UnstampableError(message)
            if free:
                shrunk, from_right = True, free == ["left"]
                width = _room(box, around, from_right=from_right)
    return shrunk, from_right, width


def _width_of(box: Box) -> Any:  # noqa: ANN401 (a value of CSS)
    """Return the width that the style gives a box; a table's is not on its wrapper."""
    return (box.get_wrapped_table() if box.is_table_wrapper else box).style["width"]


def _check_flow(box: Box) -> None:
    """Refuse boxes whose width or place depends on text.

    Raises:
        UnstampableError: it may.
    """
    message = ""
    if not isinstance(box, _FLOW):
        message = f"text in a {type(box).__name__}"
    elif box.style["position"] == "fixed":
        message = "text that stands on every page"
    elif isinstance(box, boxes.TableBox) and (
        box.style["table_layout"] != "fixed" or box.style["width"] == "auto"
    ):
        message = "a table whose columns depend on their text"
    if message:
        raise UnstampableError(message)


def _room(box: Box, around: Sequence[Box], *, from_right: bool) -> float:
    """Return how wide a shrunk block may become at least, whichever box it is placed in."""
    edge = box.content_box_x() + box.width
    rooms: list[float] = [
        edge - each.content_box_x()
        if from_right
        else each.content_box_x() + each.width - box.content_box_x()
        for each in around
    ]
    return max(0.0, min(rooms))


def _check_visible(line: Box, block: Box, around: Sequence[Box]) -> None:
    """Refuse a line that stands outside of a box that cuts off what is outside.

    Raises:
        UnstampableError: it does.
    """
    for box in [block, *around[1:]]:
        if box.style["overflow"] == "visible":
            continue
        top, left = box.padding_box_y(), box.padding_box_x()
        bottom, right = top + box.padding_height(), left + box.padding_width()
        inside = (
            top <= line.position_y
            and line.position_y + line.height <= bottom
            and left <= block.content_box_x()
            and block.content_box_x() + block.width <= right
        )
        if not inside:
            message = "text that is cut off"
            raise UnstampableError(message)


def paragraph_of(key: Key | str, frame: Frame, contents: Contents) -> Paragraph:
    """Return what breaks a block's content into lines as wide as its frame.

    Raises:
        UnstampableError: text in a page's margin is in an unusual style.
    """
    if isinstance(key, str):
        line = frame.copies[0][0].box
        (text,) = (part for part in inline_texts(line) if part is not None)
        pieces = contents.strings[key.split(" ", 1)[1]]
        content = Content([run_of(text.style)], [pieces], text.style["white_space"] == "nowrap")
    else:
        content = contents.blocks[key]
    return Paragraph(
        content.runs,
        content.segments,
        frame.width,
        align=frame.align,
        align_last=frame.align_last,
        nowrap=content.nowrap,
        shrunk=frame.shrunk,
        from_right=frame.from_right,
    )
