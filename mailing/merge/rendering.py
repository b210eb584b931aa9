"""Merge a text with the fields of one recipient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape

from liquid.exceptions import LiquidError

from .compiling import Text, compile_html, compile_line
from .conditions import PATH
from .fields import plain


class MergeError(ValueError):
    """The text can't be merged with these fields: one is not among them, or it grows too long."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A merged text whose conditions are decided and whose fields are slots.

    ``html`` has ``<span data-slot="name"></span>`` where a value goes, ``values`` are plain text.
    Blank fields have no slot: texts with and without them are different shapes.
    """

    html: str
    values: Mapping[str, str]


def render(html: str, fields: Mapping[str, object]) -> str:
    """Return the HTML of a sanitised text with the fields of a recipient, escaped.

    Args:
        html: the text as ``sanitise`` wrote it; parsed once and kept.
        fields: nested plain dicts, as ``fields.blank_fields`` has them.

    Raises:
        TextInvalidError: the text itself is wrong.
        MergeError: a field is not among those given, or the output is too long.
        TypeError: a value is no plain data.
    """
    return _write(compile_html(html), fields, _escaped)


def render_line(line: str, fields: Mapping[str, object]) -> str:
    """Return one line of plain text, a subject, with the fields of a recipient.

    Raises:
        As ``render``.
    """
    merged = _write(compile_line(line), fields, _escaped)
    return " ".join(unescape(merged).split())


def shape(html: str, fields: Mapping[str, object], *, prefix: str = "") -> Shape:
    """Return what ``render`` would, in two parts: the shape of the text and the values in it.

    Recipients whose texts differ in values only have the same shape. ``prefix`` (letters) keeps
    the slots of several texts on one page apart.

    Raises:
        As ``render``.
    """
    return _shape(compile_html(html), fields, prefix)


def shape_line(line: str, fields: Mapping[str, object], *, prefix: str = "") -> Shape:
    """Return the shape of one line of plain text, as HTML.

    Raises:
        As ``render``.
    """
    return _shape(compile_line(line), fields, prefix)


def missing_fields(html: str, fields: Mapping[str, object]) -> list[str]:
    """Return the fields that the text of this recipient would print and that are blank.

    What no branch taken prints, and what ``default`` fills, is not missing.

    Raises:
        As ``render``.
    """
    return _missing(compile_html(html), fields)


def missing_in_line(line: str, fields: Mapping[str, object]) -> list[str]:
    """Return the fields that one line of plain text would print and that are blank."""
    return _missing(compile_line(line), fields)


def fields_named(html: str) -> list[str]:
    """Return the paths of the fields that a text names, in its conditions too.

    Raises:
        TextInvalidError: the text itself is wrong.
    """
    return list(compile_html(html).fields)


def pictures_named(html: str) -> list[str]:
    """Return the names of the pictures that a text shows.

    Raises:
        TextInvalidError: the text itself is wrong.
    """
    return list(compile_html(html).pictures)


def fields_in_line(line: str) -> list[str]:
    """Return the paths of the fields that one line of plain text names."""
    return list(compile_line(line).fields)


def _escaped(_statement: str, value: str, *, blank: bool) -> str:
    return "" if blank else escape(value)


def _shape(text: Text, fields: Mapping[str, object], prefix: str) -> Shape:
    values: dict[str, str] = {}
    names: dict[str, str] = {}

    def slot(statement: str, value: str, *, blank: bool) -> str:
        if blank:
            return ""
        name = names.get(statement)
        if name is None:
            path = statement if PATH.fullmatch(statement) else f"x{len(names)}"
            name = names[statement] = prefix + path
        values[name] = value
        return f'<span data-slot="{name}"></span>'

    return Shape(_write(text, fields, slot), values)


def _missing(text: Text, fields: Mapping[str, object]) -> list[str]:
    missing: dict[str, None] = {}

    def note(statement: str, _value: str, *, blank: bool) -> str:
        if blank:
            missing[statement.partition(" | ")[0]] = None
        return ""

    _write(text, fields, note)
    return list(missing)


def _write(text: Text, fields: Mapping[str, object], writer: Callable[..., str]) -> str:
    try:
        return text.template.write(plain(fields), writer)
    except LiquidError as error:
        raise MergeError(str(error.message)) from error
