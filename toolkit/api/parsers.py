"""Reading JSON bodies so that no input, however strange, becomes a fault of ours."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import parsers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.utils.json import strict_constant

# How a character that PostgreSQL can't hold may be written in JSON: NUL, half of a pair.
_ESCAPED = re.compile(r"\\u(0000|d[89a-f])", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
Path = tuple[str | int, ...]


class JSONParser(parsers.JSONParser):
    """JSON, refusing also what would exhaust the stack and text that no database holds."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (JSON)
        """Return the value.

        Raises:
            ParseError: it is no JSON in UTF-8.
            ValidationError: a text in it holds a NUL or half a character.
        """
        try:
            text = stream.read().decode()
            value = json.loads(text, parse_constant=strict_constant)
        except json.JSONDecodeError as exc:
            where = {"line": exc.lineno, "column": exc.colno}
            message = _("This is no JSON: see line %(line)d, column %(column)d.") % where
            raise ParseError(message) from None
        except (ValueError, RecursionError):
            raise ParseError(_("This is no JSON in UTF-8, or it is nested too deeply.")) from None
        if _ESCAPED.search(text):
            _refuse_unstorable(value)
        return value


def _refuse_unstorable(value: Any) -> None:  # noqa: ANN401 (JSON)
    message = _("This text holds a NUL or half a character.")
    for path in _unstorable(value):
        detail: Any = [ErrorDetail(str(message), "invalid_characters")]
        for step in reversed(path):
            detail = {step: detail}
        raise ValidationError(detail)


def _unstorable(value: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401 (JSON)
    """Find the texts (names included) that hold a character which can't be stored."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            if _UNSTORABLE.search(name):
                yield path
            yield from _unstorable(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, (*path, index))
