"""A template laid out once for each way its lines fall, and stamped for every record."""

import io
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from weasyprint.document import Document
from weasyprint.formatting_structure import boxes

from toolkit.pdf.archive import Metadata
from toolkit.pdf.parts import Chunks, PartBuilder, PdfPart
from toolkit.pdf.render import Stationery, metadata_of, number_of, size_of
from toolkit.pdf.slots import SlottedHtml

from .book import STAMPED, font_book
from .capture import Key, read_contents
from .frames import Frame, Spot, frames_of, paragraph_of
from .images import check_sizes, picture_object, resource_names
from .lines import Line, Paragraph
from .words import UnstampableError

Values = Mapping[str, str]
Pictures = Mapping[str, bytes]
# For each paragraph, for each of its copies, for each line: page, anchor and base line.
Places = Sequence[Sequence[Sequence[tuple[int, float, str]]]]

_NEAR = 0.02  # pixels
# A layout takes some 20 kB; a letter of six paragraphs has some dozens.
_KEPT_LAYOUTS = 256
# Of so many stamped records one is laid out all the same, and its lines compared.
_AUDITED = 500


class MismatchError(Exception):
    """What would be stamped is not what WeasyPrint shows: the template must not be stamped."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page without its changing text: objects in the layout's part, and the page's entries."""

    content: int
    resources: int
    entries: Chunks
    size: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Pages for one way the lines fall, and where each copy of each paragraph's lines stands.

    ``fonts`` are those of the book that the part has holes for. ``pictures`` are holes, too, with
    the name of the record's picture and whether it is smoothed. ``metadata`` is what WeasyPrint
    read of the page, with the title of one record.
    """

    part: PdfPart
    fonts: Sequence[str]
    pictures: Mapping[str, tuple[str, bool]]
    output_intents: Chunks
    metadata: Metadata
    sheets: Sequence[Sheet]
    places: Places


@dataclass(frozen=True, slots=True)
class Stamped:
    """A record: its layout, the packed content for each page, and its pictures by their holes."""

    layout: Layout
    contents: Sequence[bytes]
    pictures: Mapping[str, bytes]


class Shape:
    """The stamps of one template.

    Raises:
        UnstampableError: the template can't be stamped.
    """

    def __init__(
        self, slotted: SlottedHtml, stationery: Stationery, pictures: Pictures | None = None
    ) -> None:
        self._slotted = slotted
        self._stationery = stationery
        self._pictures = frozenset(pictures or ())
        self._stamped = 0
        self._contents = read_contents(slotted, stationery.with_pictures(pictures or {}))
        self._paragraphs: dict[Key | str, Paragraph] = {}
        self._layouts: OrderedDict[tuple[int, ...], Layout | str] = OrderedDict()
        # Strings of page margins are learnt as they come: a page without them has no room for them.
        self._blocks = len(self._contents.blocks)
        if not self._contents.blocks and not self._contents.strings:
            message = "nothing changes"
            raise UnstampableError(message)

    def title(self, values: Values) -> str:
        """Return the title of a record's page."""
        return " ".join(
            "".join(
                values[piece.slot] if piece.slot else piece.text for piece in self._contents.title
            ).split()
        )

    def stamped(self, values: Values, pictures: Pictures | None = None) -> Stamped:
        """Return a record's layout and what is to be stamped on each of its pages.

        Raises:
            UnstampableError: this record can't be stamped.
            MismatchError: no record of the template may be.
        """
        pictures = pictures or {}
        if pictures.keys() != self._pictures:
            message = "other pictures than the template's"
            raise UnstampableError(message)
        layout, lines = self._laid_out(values, pictures)
        return Stamped(
            layout,
            [zlib.compress(content, 6) for content in self._contents_of_pages(layout, lines)],
            {
                hole: picture_object(pictures[name], smooth=smooth)
                for hole, (name, smooth) in layout.pictures.items()
            },
        )

    def _laid_out(
        self, values: Values, pictures: Pictures
    ) -> tuple[Layout, Sequence[Sequence[Line]]]:
        lines = self._lines(values)
        fall = tuple(map(len, lines))
        self._stamped += 1
        known = fall in self._layouts and not self._shows_more(values)
        if known and self._stamped % _AUDITED:
            self._layouts.move_to_end(fall)
            layout = self._layouts[fall]
        else:
            layout, lines = self._new_layout(values, pictures)
            # One audited stays as it was, so that a document holds it once.
            layout = self._layouts.setdefault(tuple(map(len, lines)), layout)
            if len(self._layouts) > _KEPT_LAYOUTS:
                self._layouts.popitem(last=False)
        if isinstance(layout, str):
            raise UnstampableError(layout)
        return layout, lines

    def _lines(self, values: Values) -> Sequence[Sequence[Line]]:
        return [paragraph.lines(values) for paragraph in self._paragraphs.values()]

    def _shows_more(self, values: Values) -> bool:
        """Tell whether a block has text that had none in any record so far."""
        if self._blocks <= sum(isinstance(key, tuple) for key in self._paragraphs):
            return False
        return any(
            (values[piece.slot] if piece.slot else piece.text).strip()
            for key, content in self._contents.blocks.items()
            if key not in self._paragraphs
            for segment in content.segments
            for piece in segment
        )

    def _contents_of_pages(
        self, layout: Layout, lines: Sequence[Sequence[Line]]
    ) -> Iterator[bytes]:
        """Write the operators for each page, in the units that WeasyPrint's own have."""
        pages: list[list[str]] = [["q 0.75 0 0 0.75 0 0 cm BT"] for _ in layout.sheets]
        styles = [""] * len(pages)
        paragraphs = self._paragraphs.values()
        for paragraph, own, copies in zip(paragraphs, lines, layout.places, strict=True):
            runs = paragraph.runs
            for copy in copies:
                for line, (page, x, y) in zip(own, copy, strict=True):
                    out = pages[page]
                    for span in line:
                        style = runs[span.run].style
                        if style != styles[page]:
                            out.append(style)
                            styles[page] = style
                        out.append(f"1 0 0 -1 {x + span.x:.6f} {y} Tm [{span.glyphs}] TJ")
        for out in pages:
            out.append("ET Q\n")
            yield "\n".join(out).encode()

    def _new_layout(
        self, values: Values, pictures: Pictures
    ) -> tuple[Layout | str, Sequence[Sequence[Line]]]:
        """Lay a record out, and see that its lines fall as they would be stamped.

        Instead of a layout that can't be stamped its reason is returned.
        """
        stationery = self._stationery.with_pictures(pictures)
        page = stationery.page(self._slotted.filled(values))
        document = stationery.lay_out(page)
        try:
            check_sizes([each._page_box for each in document.pages], pictures)
            frames = frames_of(document, page, self._contents)
            self._learn(frames)
            lines = self._lines(values)
            places = self._placed(frames, values, lines)
            fonts = {run.font for each in self._paragraphs.values() for run in each.runs}
            return _painted(document, stationery, pictures, fonts, places), lines
        except UnstampableError as error:
            return str(error), self._lines(values)

    def _placed(
        self,
        frames: Mapping[Key | str, Frame],
        values: Values,
        lines: Sequence[Sequence[Line]],
    ) -> Places:
        """Note where each line stands, and let WeasyPrint paint none of them.

        Raises:
            MismatchError: WeasyPrint made other lines.
        """
        places = []
        for (key, paragraph), own in zip(self._paragraphs.items(), lines, strict=True):
            frame = frames.get(key)
            if frame is None and own and not isinstance(key, str):
                message = f"a block without lines: {paragraph.texts(values)}"
                raise MismatchError(message)
            copies = frame.copies if frame else []
            if frame:
                _compare(paragraph, frame, values, own)
            places.append(
                [[(spot.page, spot.x, f"{spot.y:.6f}") for spot in copy] for copy in copies]
            )
            for copy in copies:
                for spot in copy:
                    _blank(spot.box)
        return places

    def _learn(self, frames: Mapping[Key | str, Frame]) -> None:
        """Take the widths of blocks that had no line in the layouts so far."""
        for key, frame in frames.items():
            if key not in self._paragraphs:
                self._paragraphs[key] = paragraph_of(key, frame, self._contents)
                self._layouts.clear()


def _compare(paragraph: Paragraph, frame: Frame, values: Values, own: Sequence[Line]) -> None:
    """Compare the lines to be stamped with those that WeasyPrint made.

    Raises:
        MismatchError: they differ.
    """
    if not paragraph.shrunk and abs(paragraph.width - frame.width) > _NEAR:
        message = f"a width that changes: {paragraph.width}, {frame.width}"
        raise MismatchError(message)
    texts = paragraph.texts(values)
    for copy in frame.copies:
        theirs = [_text(spot.box) for spot in copy]
        if theirs != list(texts):
            message = f"other lines: {texts}, {theirs}"
            raise MismatchError(message)
        for line, spot in zip(own, copy, strict=True):
            if line and abs(_start(spot) - spot.x - line[0].x) > _NEAR:
                message = f"another place for {_text(spot.box)!r}"
                raise MismatchError(message)


def _text(box: Any) -> str:  # noqa: ANN401 (WeasyPrint's)
    return "".join(text.text for text in _text_boxes(box)).strip(" ")


def _start(spot: Spot) -> float:
    start: float = next(_text_boxes(spot.box)).position_x
    return start


def _text_boxes(box: Any) -> Iterator[Any]:  # noqa: ANN401
    for child in box.descendants():
        if isinstance(child, boxes.TextBox) and child.text:
            if "::first-" in (child.element_tag or ""):
                raise MismatchError(child.element_tag)
            yield child


def _blank(box: Any) -> None:  # noqa: ANN401
    """Let nothing of a line be painted."""
    for child in box.descendants():
        if isinstance(child, boxes.TextBox):
            child.text = ""


def _painted(
    document: Document,
    stationery: Stationery,
    pictures: Collection[str],
    fonts: Collection[str],
    places: Places,
) -> Layout:
    """Paint the pages, without their changing text, into objects to be written many times."""
    if any(kind != "external" for page in document.pages for kind, *_rest in page.links):
        message = "a link within the document"
        raise UnstampableError(message)
    content = stationery.paint(document)
    book = font_book()
    glyphs: dict[str, set[int]] = {}
    for font in document.fonts.values():
        glyphs.setdefault(font.hash, set()).update(font.to_unicode)
    holes = {
        f"/{name}": f"font {name}"
        for name, own in glyphs.items()
        if name in book and own <= book[name].glyphs
    }
    changing: dict[str, tuple[str, bool]] = {}
    for picture in pictures:
        for name, smooth in resource_names(picture).items():
            holes[name] = f"picture {name}"
            changing[holes[name]] = (picture, smooth and not stationery.archival)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        resources: Any = pdf.pages[0].obj.Resources
        known = {
            thing.objgen: holes[name]
            for kind in ("/Font", "/XObject")
            for name, thing in resources.get(kind, {}).items()
            if name in holes
        }
        builder = PartBuilder(lambda thing: known.get(number_of(thing)), stationery.dropped)
        sheets = _sheets(pdf, builder, fonts)
        intents = pdf.Root.get("/OutputIntents")
        taken = () if intents is None else builder.take(intents)
    used = {hole: changing[hole] for hole in known.values() if hole in changing}
    needed = {name for name in book if f"font {name}" in known.values()}.union(fonts)
    return Layout(builder.part, sorted(needed), used, taken, metadata_of(document), sheets, places)


def _sheets(pdf: pikepdf.Pdf, builder: PartBuilder, fonts: Collection[str]) -> list[Sheet]:
    resources = _resources(builder, pdf.pages[0].obj.Resources, fonts)
    sheets = []
    for page in pdf.pages:
        if page.obj.Resources.objgen != pdf.pages[0].obj.Resources.objgen:
            message = "pages with resources of their own"
            raise UnstampableError(message)
        entries: list[bytes | int | str] = []
        for key, value in page.obj.items():
            if key not in ("/Type", "/Parent", "/Resources", "/Contents"):
                entries += [key.encode(), b" ", *builder.take(value)]
        content = builder.take_object(page.obj.Contents)
        sheets.append(Sheet(content, resources, tuple(entries), size_of(page)))
    return sheets


def _resources(builder: PartBuilder, resources: Any, fonts: Collection[str]) -> int:  # noqa: ANN401
    """Take the resources, with the fonts of the stamps beside their own."""
    entries: list[bytes | int | str] = [b"<<"]
    for key, value in resources.items():
        if key != "/Font":
            entries += [key.encode(), b" ", *builder.take(value)]
    entries.append(b"/Font<<")
    for name in sorted(fonts):
        entries += [f"/{STAMPED}{name} ".encode(), f"font {name}", b" 0 R"]
    for key, value in resources.Font.items():
        entries += [key.encode(), b" ", *builder.take(value)]
    entries.append(b">>>>")
    return builder.add(entries)
