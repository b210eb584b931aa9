"""The bytes of an IPP message (RFC 8010): requests out of attributes, answers into attributes."""

import datetime as dt
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

Sent: TypeAlias = "int | bool | str | tuple[int, int] | Sequence[Attribute]"
Value: TypeAlias = (
    "int | bool | str | bytes | dt.datetime | tuple[int, int] | tuple[int, int, int] | Collection"
)
Collection: TypeAlias = "Mapping[str, list[Value]]"
Attributes: TypeAlias = dict[str, list[Value]]

_DEEPEST: Final = 8
_FIRST_STRING: Final = 0x40  # RFC 8010 3.5.2
_LARGEST: Final = 32_767  # a length is a signed 16-bit number
_HEADER: Final = struct.Struct(">BBHi")
_INTEGER: Final = struct.Struct(">i")
_RANGE: Final = struct.Struct(">ii")
_RESOLUTION: Final = struct.Struct(">iib")
_DATETIME: Final = struct.Struct(">HBBBBBBcBB")


class Group(IntEnum):
    """Delimiters: what the attributes behind one are about."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Kinds of values. What is below INTEGER says that there is none."""

    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    DATETIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


class IppFormatError(ValueError):
    """These bytes are no IPP message."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute to be sent: one kind, one or more values.

    A value of the kind ``BEGIN_COLLECTION`` is itself a sequence of attributes, its members.
    """

    tag: Tag
    name: str
    values: tuple[Sent, ...]


def attribute(tag: Tag, name: str, *values: Sent) -> Attribute:
    """Return an attribute with its values."""
    return Attribute(tag, name, values)


def encode_request(
    operation: int,
    request_id: int,
    groups: Iterable[tuple[Group, Sequence[Attribute]]],
    *,
    version: tuple[int, int] = (2, 0),
) -> bytes:
    """Return the head of a request; the document, if any, follows it in the same body.

    Raises:
        ValueError: a name or value is longer than the format allows.
    """
    parts = [_HEADER.pack(*version, operation, request_id)]
    for group, attributes in groups:
        parts.append(bytes([group]))
        parts += [_encoded(one) for one in attributes]
    parts.append(bytes([Group.END]))
    return b"".join(parts)


def _encoded(one: Attribute) -> bytes:
    """Write the first value under the attribute's name and the others under an empty one."""
    names = [one.name, *[""] * (len(one.values) - 1)]
    return b"".join(
        _encoded_value(one.tag, name, value) for name, value in zip(names, one.values, strict=True)
    )


def _encoded_value(tag: Tag, name: str, value: Sent) -> bytes:
    if tag is not Tag.BEGIN_COLLECTION:
        return _field(tag, name, _packed(tag, value))
    parts = [_field(tag, name, b"")]
    for member in value:  # type: ignore[union-attr]  # the tag says what it is
        assert isinstance(member, Attribute)  # noqa: S101
        parts.append(_field(Tag.MEMBER_NAME, "", member.name.encode()))
        parts += [_encoded_value(member.tag, "", each) for each in member.values]
    parts.append(_field(Tag.END_COLLECTION, "", b""))
    return b"".join(parts)


def _packed(tag: Tag, value: object) -> bytes:
    match tag, value:
        case (Tag.BOOLEAN, bool()):
            return b"\1" if value else b"\0"
        case (Tag.INTEGER | Tag.ENUM, int()):
            return _INTEGER.pack(value)
        case (Tag.RANGE, (int(), int())):
            return _RANGE.pack(*value)
        case (_, str()) if tag >= _FIRST_STRING:
            return value.encode()
    msg = f"{value!r} cannot be sent as {tag.name}"
    raise ValueError(msg)


def _field(tag: int, name: str, value: bytes) -> bytes:
    written = name.encode()
    if max(len(written), len(value)) > _LARGEST:
        msg = f"the value of {name} is longer than {_LARGEST} octets"
        raise ValueError(msg)
    return struct.pack(f">BH{len(written)}sH", tag, len(written), written, len(value)) + value


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed message. ``groups`` in their order: Get-Jobs answers one JOB group for each job."""

    status: int
    request_id: int
    groups: Sequence[tuple[int, Attributes]]

    def all(self, group: Group) -> list[Attributes]:
        """Return every group of a kind."""
        return [attributes for tag, attributes in self.groups if tag == group]

    def first(self, group: Group) -> Attributes:
        """Return the first group of a kind, empty where there is none."""
        return next(iter(self.all(group)), {})


def decode(message: bytes) -> Answer:
    """Read an IPP message; what follows its attributes (a document) is left alone.

    Every attribute is a list of values; one that is unknown or has no value is an empty list.

    Raises:
        IppFormatError: it is cut off, nested too deeply, or none at all.
    """
    try:
        return _decoded(_Reader(message))
    except (struct.error, UnicodeDecodeError, ValueError, OverflowError) as error:
        if isinstance(error, IppFormatError):
            raise
        raise IppFormatError(str(error)) from error


class _Reader:
    """A place in the bytes of a message."""

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._place = 0

    def take(self, length: int) -> bytes:
        piece = self._message[self._place : self._place + length]
        if len(piece) < length:
            msg = "the message is cut off"
            raise IppFormatError(msg)
        self._place += length
        return piece

    def tag(self) -> int:
        return self.take(1)[0]

    def sized(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))


def _decoded(reader: _Reader) -> Answer:
    _major, _minor, status, request_id = _HEADER.unpack(reader.take(_HEADER.size))
    groups: list[tuple[int, Attributes]] = []
    values: list[Value] = []  # of the attribute that additional values belong to
    while (tag := reader.tag()) != Group.END:
        if tag < 0x10:  # RFC 8010 3.5.1: delimiters
            groups.append((tag, {}))
            continue
        if not groups:
            msg = "an attribute stands before all groups"
            raise IppFormatError(msg)
        name = reader.sized().decode()
        if name:
            values = groups[-1][1].setdefault(name, [])
        values += _values(tag, reader, depth=0)
    return Answer(status, request_id, groups)


def _values(tag: int, reader: _Reader, *, depth: int) -> list[Value]:
    """Read one value, or none where the tag says that there is none."""
    raw = reader.sized()
    if tag == Tag.BEGIN_COLLECTION:
        return [_collection(reader, depth=depth + 1)]
    value = _value(tag, raw)
    return [] if value is None else [value]


def _collection(reader: _Reader, *, depth: int) -> Collection:
    if depth > _DEEPEST:
        msg = "collections are nested too deeply"
        raise IppFormatError(msg)
    members: Attributes = {}
    values: list[Value] = []
    while True:
        tag = reader.tag()
        reader.sized()  # members have no name of their own
        if tag == Tag.END_COLLECTION:
            reader.sized()
            return members
        if tag == Tag.MEMBER_NAME:
            values = members.setdefault(reader.sized().decode(), [])
        else:
            values += _values(tag, reader, depth=depth)


def _value(tag: int, raw: bytes) -> "Value | None":
    if tag in _SYNTAXES:
        return _SYNTAXES[tag](raw)
    if tag < Tag.INTEGER:
        return None
    return raw.decode(errors="replace") if tag >= _FIRST_STRING else raw


def _with_language(raw: bytes) -> str:
    """Read a text and forget its language."""
    parts = _Reader(raw)
    parts.sized()
    return parts.sized().decode(errors="replace")


def _moment(raw: bytes) -> dt.datetime:
    """Read a date and time of RFC 2579: local, with its distance from UTC."""
    year, month, day, hour, minute, second, tenth, sign, hours, minutes = _DATETIME.unpack(raw)
    distance = dt.timedelta(hours=hours, minutes=minutes) * (-1 if sign == b"-" else 1)
    return dt.datetime(
        year, month, day, hour, minute, min(second, 59), tenth * 100_000, dt.timezone(distance)
    )


_SYNTAXES: Final[dict[int, Callable[[bytes], Value]]] = {
    Tag.INTEGER: lambda raw: int(_INTEGER.unpack(raw)[0]),
    Tag.ENUM: lambda raw: int(_INTEGER.unpack(raw)[0]),
    Tag.BOOLEAN: lambda raw: raw == b"\1",
    Tag.RANGE: _RANGE.unpack,
    Tag.RESOLUTION: _RESOLUTION.unpack,
    Tag.DATETIME: _moment,
    Tag.TEXT_WITH_LANGUAGE: _with_language,
    Tag.NAME_WITH_LANGUAGE: _with_language,
}
