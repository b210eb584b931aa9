"""Pages of both ways put together into one document."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from .parts import filled
from .render import PlainPages
from .writer import PAGES, PdfWriter

if TYPE_CHECKING:
    from .stamping.shape import Layout, Sheet, Stamped


class Assembly:
    """A document being written: fonts, layouts and pictures are written once, when first needed."""

    def __init__(self, out: BinaryIO) -> None:
        self.writer = PdfWriter(out)
        self._fonts: dict[str, int] = {}
        self._layouts: dict[Layout, Sequence[int]] = {}
        self._size = (0.0, 0.0)

    def add_stamped(self, record: "Stamped") -> int:
        """Write the pages of a stamped record, and return how many."""
        layout = record.layout
        numbers = self._numbers_of(layout, record.pictures)
        for sheet, content in zip(layout.sheets, record.contents, strict=True):
            stamp = self.writer.add(
                b"<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream"
                % (len(content), content)
            )
            self.writer.add_page(self._page(sheet, numbers, stamp))
            self._size = sheet.size
        return len(layout.sheets)

    def add_plain(self, pages: PlainPages) -> Sequence[int]:
        """Write the objects of pages made the ordinary way; their turn comes one by one."""
        return self.writer.add_part(pages.part, {})

    def turn_to(self, numbers: Sequence[int], pages: PlainPages, document: int) -> int:
        """Let the pages of one of these documents be the next, and return how many."""
        for place in pages.documents[document]:
            self.writer.append_page(numbers[place])
        self._size = pages.sizes[document][-1]
        return len(pages.documents[document])

    def add_blank(self) -> None:
        """Write a blank page, as large as the one before."""
        self.writer.add_page(
            b"<</Type/Page/Parent %d 0 R/Resources<<>>/MediaBox[0 0 %.6f %.6f]>>"
            % (PAGES, *self._size)
        )

    def output_intents(self, layout: "Layout") -> bytes:
        """Return the entry for the output intents of a layout that is written."""
        return filled(layout.output_intents, self._layouts[layout], self._fonts)

    def _numbers_of(self, layout: "Layout", pictures: Mapping[str, bytes]) -> Sequence[int]:
        """Write a layout when it is first needed, and anew for pictures of its own."""
        if pictures or layout not in self._layouts:
            for name in layout.fonts:
                if f"font {name}" not in self._fonts:
                    self._write_font(name)
            own = {hole: self.writer.add(content) for hole, content in pictures.items()}
            self._layouts[layout] = self.writer.add_part(layout.part, {**self._fonts, **own})
        return self._layouts[layout]

    def _write_font(self, name: str) -> None:
        from .stamping.book import font_book

        font = font_book()[name]
        self._fonts[f"font {name}"] = self.writer.add_part(font.part, {})[font.place]

    def _page(self, sheet: "Sheet", numbers: Sequence[int], stamp: int) -> bytes:
        return b"<</Type/Page/Parent %d 0 R/Resources %d 0 R/Contents[%d 0 R %d 0 R]%s>>" % (
            PAGES,
            numbers[sheet.resources],
            numbers[sheet.content],
            stamp,
            filled(sheet.entries, numbers, self._fonts),
        )
