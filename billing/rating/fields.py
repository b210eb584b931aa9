"""Read fields of a JSON object one by one, collecting every error with its JSON pointer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from toolkit.money import InvalidMoneyError, TooManyDecimalsError, parse_micros
from toolkit.periods import to_microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 2**31 - 1
"""The largest whole number read: that of an integer column."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
# Calls are of these years; the bound keeps the walk over days short.
_FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT: Final = datetime(2200, 1, 1, tzinfo=UTC)
_MISSING: Final = object()


class InputError(NamedTuple):
    """Where an input is wrong (JSON pointer), a stable code, and an English sentence."""

    pointer: str
    code: str
    detail: str


class Fields:
    """A JSON object at a pointer; each reader answers a value that fits or collects an error.

    After an error a harmless value stands in, so that reading goes on and finds the others:
    nothing read may be used while ``errors`` holds anything.
    """

    __slots__ = ("_content", "errors", "pointer")

    def __init__(self, content: object, pointer: str, errors: list[InputError]) -> None:
        """Read ``content``; anything but an object is an error, then all of it is missing."""
        self.pointer = pointer
        self.errors = errors
        self._content: dict[str, Any] | None = content if isinstance(content, dict) else None
        if self._content is None:
            errors.append(InputError(pointer, "type", "must be an object"))

    def pointer_to(self, *path: str | int) -> str:
        """Answer the JSON pointer (RFC 6901) of what lies in this object under ``path``."""
        escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
        return "/".join([self.pointer, *escaped])

    def refuse(self, name: str, code: str, detail: str) -> None:
        """Collect an error of a field."""
        self.refuse_at(self.pointer_to(name), code, detail)

    def refuse_at(self, pointer: str, code: str, detail: str) -> None:
        """Collect an error at a pointer."""
        self.errors.append(InputError(pointer, code, detail))

    def has(self, name: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._content is not None and self._content.get(name) is not None

    def child(self, name: str) -> Fields:
        """Answer the object in a required field."""
        content = self._required(name)
        if content is _MISSING:
            # One error, about the missing object, and none about all that it lacks.
            return Fields({}, self.pointer_to(name), [])
        return Fields(content, self.pointer_to(name), self.errors)

    def items(self, name: str, *, required: bool = False) -> Iterator[tuple[object, str]]:
        """Answer what a list holds, each with its pointer; absent is empty unless required."""
        content = self._required(name) if required or self.has(name) else []
        if content is _MISSING:
            return
        if not isinstance(content, list):
            self.refuse(name, "type", "must be a list")
            return
        for index, item in enumerate(content):
            yield item, self.pointer_to(name, index)

    def children(self, name: str, *, required: bool = False) -> Iterator[Fields]:
        """Answer the objects of a list."""
        for item, pointer in self.items(name, required=required):
            yield Fields(item, pointer, self.errors)

    def text(self, name: str, *, may_be_empty: bool = False) -> str:
        """Answer a required text."""
        content = self._required(name)
        if content is _MISSING:
            return ""
        if not isinstance(content, str):
            self.refuse(name, "type", "must be a text")
            return ""
        if not content and not may_be_empty:
            self.refuse(name, "blank", "must not be empty")
        return content

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Answer a required text out of ``choices``."""
        return self.checked_choice(self.text(name), choices, self.pointer_to(name))

    def checked_choice(self, value: object, choices: tuple[str, ...], pointer: str) -> str:
        """Answer ``value`` if it is one of ``choices``; an empty one was refused before."""
        if isinstance(value, str) and (value in choices or not value):
            return value
        self.refuse_at(pointer, "choice", f"must be one of {', '.join(choices)}")
        return ""

    def flag(self, name: str) -> bool:
        """Answer true or false; absent is false."""
        content = self._content.get(name) if self._content else None
        if content is None or isinstance(content, bool):
            return bool(content)
        self.refuse(name, "type", "must be true or false")
        return False

    def whole(self, name: str, minimum: int) -> int:
        """Answer a required whole number of at least ``minimum``."""
        content = self._required(name)
        return minimum if content is _MISSING else self._whole(name, content, minimum)

    def whole_or_none(self, name: str, minimum: int) -> int | None:
        """Answer a whole number of at least ``minimum``, None where absent or null."""
        return self.whole(name, minimum) if self.has(name) else None

    def micros(self, name: str) -> int:
        """Answer a required amount or percentage, written as text, in millionths."""
        content = self._required(name)
        if content is _MISSING:
            return 0
        if not isinstance(content, str):
            self.refuse(name, "type", "must be a number written as text, such as '0.06'")
            return 0
        try:
            return parse_micros(content)
        except TooManyDecimalsError as error:
            self.refuse(name, "too_many_decimals", str(error))
        except InvalidMoneyError as error:
            self.refuse(name, "number", str(error))
        return 0

    def micros_or_none(self, name: str) -> int | None:
        """Answer an amount in micros, None where absent or null."""
        return self.micros(name) if self.has(name) else None

    def day(self, name: str) -> date:
        """Answer a required local date."""
        content = self._required(name)
        if content is _MISSING:
            return date.min
        return self.checked_day(content, self.pointer_to(name))

    def day_or_none(self, name: str) -> date | None:
        """Answer a local date, None where absent or null."""
        return self.day(name) if self.has(name) else None

    def checked_day(self, value: object, pointer: str) -> date:
        """Answer a text such as 2026-11-01 as date."""
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self.refuse_at(pointer, "date", "must be a date such as '2026-11-01'")
        return date.min

    def moment(self, name: str) -> int:
        """Answer a required moment with its offset from UTC, in UTC microseconds."""
        content = self._required(name)
        if content is _MISSING:
            return 0
        if isinstance(content, str) and _MOMENT.fullmatch(content):
            try:
                moment = datetime.fromisoformat(content)
                if _FIRST_MOMENT <= moment < _LAST_MOMENT:
                    return to_microseconds(moment)
            except (ValueError, OverflowError):
                pass
        self.refuse(
            name,
            "moment",
            "must be a moment in UTC such as '2026-11-10T10:00:00.000000Z', of 1970 to 2199",
        )
        return 0

    def moment_or_none(self, name: str) -> int | None:
        """Answer a moment, None where absent or null."""
        return self.moment(name) if self.has(name) else None

    def _required(self, name: str) -> object:
        if self._content is None:
            return _MISSING
        if self._content.get(name) is None:
            self.refuse(name, "required", "is required")
            return _MISSING
        return self._content[name]

    def _whole(self, name: str, content: object, minimum: int) -> int:
        if not isinstance(content, int) or isinstance(content, bool):
            self.refuse(name, "type", "must be a whole number")
            return minimum
        if not minimum <= content <= MOST:
            self.refuse(name, "out_of_range", f"must be between {minimum} and {MOST}")
            return minimum
        return content
