"""Many letters as one PDF, for the printer."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .archive import Metadata, finish_plainly
from .assembly import Assembly
from .pages import PageRange
from .render import PlainPages, Stationery, render_together
from .templates import CompiledTemplate, Values

if TYPE_CHECKING:
    from .stamping.shape import Stamped

Letter = tuple[CompiledTemplate, Values]

# Held at a time; those among them that go the ordinary way are painted together.
_AT_A_TIME = 32


def write_letters(
    letters: Iterable[Letter],
    out: Path | BinaryIO,
    *,
    duplex: bool = False,
    plain: bool = False,
    metadata: Metadata | None = None,
) -> list[PageRange]:
    """Write letters into one PDF and tell the pages of each, in their order.

    The document is written as it goes: memory doesn't grow with the number of letters. A
    separator sheet is a letter like any other: hand it in where it belongs.

    Args:
        letters: templates with the values of their slots; read once, a few at a time.
        out: a file's path (written anew), or a file open for writing bytes.
        duplex: let every letter begin on a front side: a blank page follows an odd number.
        plain: take the ordinary way for all.
        metadata: what the document says of itself.

    Raises:
        MissingValueError: a slot has no value.
        ValueError: there is no letter.
    """
    with _opened(out) as file:
        assembly = Assembly(file)
        ranges: list[PageRange] = []
        remaining = iter(letters)
        while batch := list(islice(remaining, _AT_A_TIME)):
            for count, stamped in _written(assembly, batch, plain=plain):
                padding = count % 2 if duplex else 0
                if padding:
                    assembly.add_blank()
                last = assembly.writer.pages - padding
                ranges.append(PageRange(last - count + 1, last, padding, stamped))
        if not ranges:
            message = "no letter to write"
            raise ValueError(message)
        finish_plainly(assembly.writer, metadata or Metadata())
    return ranges


def _written(assembly: Assembly, batch: list[Letter], *, plain: bool) -> Iterator[tuple[int, bool]]:
    """Write a few letters, and yield the number of pages of each and whether it was stamped."""
    stamps = [None if plain else template.stamp(values) for template, values in batch]
    turns = iter(_ordinary(assembly, batch, stamps))
    for stamp in stamps:
        if stamp is None:
            numbers, pages, document = next(turns)
            yield assembly.turn_to(numbers, pages, document), False
        else:
            yield assembly.add_stamped(stamp), True


def _ordinary(
    assembly: Assembly,
    batch: list[Letter],
    stamps: "Sequence[Stamped | None]",
) -> Iterator[tuple[Sequence[int], PlainPages, int]]:
    """Render those that aren't stamped, together where they share their style and pictures."""
    groups: dict[Stationery, list[int]] = {}
    for at, stamp in enumerate(stamps):
        if stamp is None:
            groups.setdefault(batch[at][0].stationery, []).append(at)
    found = {}
    for stationery, places in groups.items():
        pages = render_together(
            stationery,
            [template.html(values) for template, values in map(batch.__getitem__, places)],
        )
        numbers = assembly.add_plain(pages)
        found.update({at: (numbers, pages, turn) for turn, at in enumerate(places)})
    for at in sorted(found):
        yield found[at]


@contextmanager
def _opened(out: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(out, Path):
        with out.open("wb") as file:
            yield file
    else:
        yield out
