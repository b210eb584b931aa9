"""Pages of a PDF: which belong to whom, and taking some out."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pikepdf


@dataclass(frozen=True, slots=True)
class PageRange:
    """The pages of one letter, counted from 1 in its document; ``padding`` blank ones follow.

    ``stamped`` tells whether the fast way was taken.
    """

    first: int
    last: int
    padding: int = 0
    stamped: bool = False


def pages_of(pdf: Path | bytes | BinaryIO, first: int, last: int) -> bytes:
    """Return the pages ``first`` to ``last``, counted from 1, as a PDF of their own.

    The same pages of the same document give the same bytes.

    Raises:
        ValueError: the document has no such pages.
    """
    source = io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf
    with pikepdf.open(source) as document, pikepdf.new() as extract:
        if not 1 <= first <= last <= len(document.pages):
            message = f"no pages {first} to {last} in a document of {len(document.pages)}"
            raise ValueError(message)
        extract.pages.extend(document.pages[first - 1 : last])
        content = io.BytesIO()
        extract.save(
            content,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
        return content.getvalue()
