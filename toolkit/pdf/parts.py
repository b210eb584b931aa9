"""Pieces of PDF that are written many times: objects as bytes, with holes for object numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pikepdf

Hole = int | str
# Bytes as they are; a whole number is an object of the part itself, a name one from outside.
Chunks = tuple[bytes | Hole, ...]


@dataclass(slots=True)
class PdfPart:
    """Objects that name each other by their place in the part, and others by name."""

    objects: list[Chunks] = field(default_factory=list)


def filled(chunks: Chunks, numbers: Sequence[int], names: Mapping[str, int]) -> bytes:
    """Put object numbers into the holes."""
    return b"".join(
        chunk
        if isinstance(chunk, bytes)
        else b"%d" % (numbers[chunk] if isinstance(chunk, int) else names[chunk])
        for chunk in chunks
    )


class PartBuilder:
    """Take objects of an open PDF, each once, into a part.

    ``outside`` answers a name for the objects that the writer of the part provides, None for
    those to be taken along. Entries of dictionaries that are called as in ``dropped`` are left
    out.
    """

    def __init__(
        self,
        outside: Callable[[Any], str | None] = lambda _thing: None,
        dropped: frozenset[str] = frozenset(),
    ) -> None:
        self.part = PdfPart()
        self._outside = outside
        self._dropped = dropped
        self._places: dict[tuple[int, int], int] = {}

    def take(self, thing: Any) -> Chunks:  # noqa: ANN401 (any object of a PDF)
        """Return a value as chunks; what it refers to is taken along."""
        chunks: list[bytes | Hole] = []
        self._write(thing, chunks)
        return _joined(chunks)

    def take_object(self, thing: Any) -> int:  # noqa: ANN401
        """Take an indirect object along and return its place in the part."""
        place = self._places.get(thing.objgen) if thing.is_indirect else None
        if place is not None:
            return place
        place = len(self.part.objects)
        self.part.objects.append(())
        if thing.is_indirect:
            self._places[thing.objgen] = place
        chunks: list[bytes | Hole] = []
        self._write_value(thing, chunks)
        self.part.objects[place] = _joined(chunks)
        return place

    def add(self, chunks: Iterable[bytes | Hole]) -> int:
        """Add an object of one's own making and return its place in the part."""
        self.part.objects.append(_joined(chunks))
        return len(self.part.objects) - 1

    def _write(self, thing: Any, chunks: list[bytes | Hole]) -> None:  # noqa: ANN401
        name = self._outside(thing)
        if name is not None:
            chunks += (name, b" 0 R")
        elif isinstance(thing, pikepdf.Object) and thing.is_indirect:
            chunks += (self.take_object(thing), b" 0 R")
        else:
            self._write_value(thing, chunks)

    def _write_value(self, thing: Any, chunks: list[bytes | Hole]) -> None:  # noqa: ANN401
        if isinstance(thing, pikepdf.Stream):
            data = thing.read_raw_bytes()
            items = {key: value for key, value in thing.items() if key != "/Length"}
            self._write_dictionary({**items, "/Length": len(data)}, chunks)
            chunks.append(b"\nstream\n" + data + b"\nendstream")
        elif isinstance(thing, pikepdf.Dictionary):
            self._write_dictionary(dict(thing.items()), chunks)
        elif isinstance(thing, pikepdf.Array):
            chunks.append(b"[")
            for value in list(thing):
                chunks.append(b" ")
                self._write(value, chunks)
            chunks.append(b"]")
        else:
            chunks.append(_scalar(thing))

    def _write_dictionary(self, items: dict[str, Any], chunks: list[bytes | Hole]) -> None:
        chunks.append(b"<<")
        for key in sorted(items.keys() - self._dropped):
            chunks += (pikepdf.Name(key).unparse(), b" ")
            self._write(items[key], chunks)
        chunks.append(b">>")


def _scalar(value: Any) -> bytes:  # noqa: ANN401
    if isinstance(value, pikepdf.Object):
        return value.unparse()
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int | Decimal):
        return str(value).encode()
    message = f"no value of a PDF: {value!r}"
    raise TypeError(message)


def _joined(chunks: Iterable[bytes | Hole]) -> Chunks:
    """Join neighbouring bytes."""
    joined: list[bytes | Hole] = []
    for chunk in chunks:
        if isinstance(chunk, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += chunk
        else:
            joined.append(chunk)
    return tuple(joined)
