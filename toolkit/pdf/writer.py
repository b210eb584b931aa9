"""Writing a PDF from its first byte to its last, never holding more than one page of it."""

import zlib
from array import array
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import BinaryIO

from .parts import PdfPart, filled

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
# Numbers that every document has: its catalogue and its tree of pages.
CATALOG = 1
PAGES = 2


class PdfWriter:
    """A PDF written straight through; only the places of its objects are kept.

    The same calls write the same bytes: the identifier is the digest of the content.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._places = array("Q", [0, 0, 0])
        self._kids = array("Q")
        self._digest = md5(usedforsecurity=False)
        self._at = 0
        self._write(_HEADER)

    @property
    def pages(self) -> int:
        """Return the number of pages so far."""
        return len(self._kids)

    def add(self, content: bytes) -> int:
        """Write an object and return its number."""
        number = self._new_number()
        self._write_object(number, content)
        return number

    def add_stream(self, data: bytes, entries: bytes = b"") -> int:
        """Write a stream, compressed, and return its number."""
        packed = zlib.compress(data, 6)
        return self.add(
            b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream"
            % (entries, len(packed), packed)
        )

    def add_part(self, part: PdfPart, outside: Mapping[str, int]) -> Sequence[int]:
        """Write the objects of a part and return their numbers in its order."""
        numbers = [self._new_number() for _ in part.objects]
        names = {"pages": PAGES, **outside}
        for number, chunks in zip(numbers, part.objects, strict=True):
            self._write_object(number, filled(chunks, numbers, names))
        return numbers

    def add_page(self, content: bytes) -> None:
        """Write a page, whose ``/Parent`` is ``PAGES``."""
        self._kids.append(self.add(content))

    def append_page(self, number: int) -> None:
        """Let a page that is written already be the next one."""
        self._kids.append(number)

    def finish(self, catalog: bytes = b"", info: bytes = b"") -> None:
        """Write the tree of pages, the catalogue with these entries, and the table of places."""
        kids = b" ".join(b"%d 0 R" % number for number in self._kids)
        self._write_object(PAGES, b"<</Type/Pages/Count %d/Kids[%s]>>" % (self.pages, kids))
        self._write_object(CATALOG, b"<</Type/Catalog/Pages %d 0 R%s>>" % (PAGES, catalog))
        about = self.add(b"<<%s>>" % info) if info else 0
        table = self._at
        identifier = self._digest.hexdigest().encode()
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % len(self._places))
        for place in self._places[1:]:
            self._write(b"%010d 00000 n \n" % place)
        entries = b"/Info %d 0 R" % about if about else b""
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R%s/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (len(self._places), CATALOG, entries, identifier, identifier, table)
        )

    def _new_number(self) -> int:
        self._places.append(0)
        return len(self._places) - 1

    def _write_object(self, number: int, content: bytes) -> None:
        self._places[number] = self._at
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, content))

    def _write(self, content: bytes) -> None:
        self._digest.update(content)
        self._out.write(content)
        self._at += len(content)
