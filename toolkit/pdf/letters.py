"""Many letters as one PDF, for the printer."""

import io
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO

import pikepdf

from .pages import PageRange
from .render import render_together
from .templates import CompiledTemplate, Values

Letter = tuple[CompiledTemplate, Values]

# Laid out one by one, painted together: they share their fonts.
_TOGETHER = 32


def write_letters(
    letters: Iterable[Letter],
    out: Path | BinaryIO,
    *,
    duplex: bool = False,
    plain: bool = False,  # noqa: ARG001 (every way is the ordinary one as yet)
) -> list[PageRange]:
    """Write letters into one PDF and tell the pages of each, in their order.

    The same letters give the same bytes. A separator sheet is a letter like any other: hand it in
    where it belongs.

    Args:
        letters: templates with the values of their slots; read once, a few at a time.
        out: a file's path (written anew), or a file open for writing bytes.
        duplex: let every letter begin on a front side: a blank page follows an odd number.
        plain: take the ordinary way for all.

    Raises:
        MissingValueError: a slot has no value.
        ValueError: there is no letter.
    """
    ranges: list[PageRange] = []
    with pikepdf.new() as document:
        for batch in _batches(letters):
            pages = [template.html(values) for template, values in batch]
            content, counts = render_together(batch[0][0].stationery, pages)
            with pikepdf.open(io.BytesIO(content)) as part:
                at = 0
                for count in counts:
                    first = len(document.pages) + 1
                    document.pages.extend(part.pages[at : at + count])
                    at += count
                    padding = count % 2 if duplex else 0
                    if padding:
                        size = document.pages[-1].mediabox
                        document.add_blank_page(
                            page_size=(float(size[2] - size[0]), float(size[3] - size[1]))
                        )
                    ranges.append(PageRange(first, first + count - 1, padding))
        if not ranges:
            message = "no letter to write"
            raise ValueError(message)
        document.save(out, deterministic_id=True)
    return ranges


def _batches(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Cut the letters into runs of one stationery."""
    for _stationery, run in groupby(letters, key=lambda letter: id(letter[0].stationery)):
        while batch := list(islice(run, _TOGETHER)):
            yield batch
