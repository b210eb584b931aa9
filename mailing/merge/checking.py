"""Check a text before it is kept: everything that would go wrong with somebody's letter."""

from collections.abc import Callable, Collection, Iterable

from .compiling import Problem, Text, TextInvalidError, compile_html, compile_line
from .fields import Field


def check(
    html: str, fields: Iterable[Field], *, pictures: Collection[str] | None = None
) -> list[Problem]:
    """Return all faults of a sanitised text, in the order of the text; none means it merges.

    Args:
        html: what ``sanitise`` returned.
        fields: those that may be named.
        pictures: names of those that may be shown; None lets all be named.
    """
    return _check(compile_html, html, fields, pictures)


def check_line(line: str, fields: Iterable[Field]) -> list[Problem]:
    """Return all faults of one line of plain text: a subject."""
    return _check(compile_line, line, fields, None)


def _check(
    compiler: Callable[[str], Text],
    source: str,
    fields: Iterable[Field],
    pictures: Collection[str] | None,
) -> list[Problem]:
    text: Text | TextInvalidError
    try:
        text = compiler(source)
        problems = []
    except TextInvalidError as error:
        text = error
        problems = list(error.problems)
    known = {field.path for field in fields}
    problems += [
        Problem("unknown_field", place, path)
        for path, place in text.fields.items()
        if path not in known
    ]
    problems += [
        Problem("unknown_picture", place, name)
        for name, place in text.pictures.items()
        if pictures is not None and name not in pictures
    ]
    return sorted(problems, key=lambda each: each.place.line)
