"""Read what people and programs write into a contract, and say of each field what is wrong.

Values come as JSON has them (money and dates as text) or as Python has them (``Decimal``,
``date``): forms and API go through the same reading.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolkit.errors import DomainError
from toolkit.money import InvalidMoneyError, TooManyDecimalsError, from_decimal, parse_micros

Path = tuple[str | int, ...]

MICRO_DIGITS = 6
# NUMERIC(18, 6) keeps twelve digits before the point.
LARGEST_AMOUNT = 10**12 - 1
LARGEST_WHOLE = 2**31 - 1
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fault(NamedTuple):
    """One thing wrong with a contract: where, which kind (stable), and in words."""

    path: Path
    code: str
    message: str

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer: ``/rates/0/price_per_minute``."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in self.path)
        return "".join(f"/{step}" for step in steps)


class ContractInvalidError(DomainError):
    """Some terms of a contract are not possible; ``faults`` says which and why."""

    code = "validation-error"
    title = gettext_lazy("The input is not valid")
    status = 400

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.message}
            for fault in self.faults
        ]
        super().__init__(" ".join(dict.fromkeys(f.message for f in self.faults)), errors=errors)


class Reader:
    """Take fields out of a mapping; collect the faults of all before anything is raised.

    A field that is wrong reads as its default, so that reading can go on.
    """

    def __init__(self, source: object, faults: list[Fault] | None = None, path: Path = ()) -> None:
        self.faults: list[Fault] = [] if faults is None else faults
        self.path = path
        self._seen: set[str] = set()
        self._source: Mapping[str, Any] = {}
        if isinstance(source, Mapping):
            self._source = source
        else:
            self.fault((), "not_an_object", _("Expected an object with named fields."))

    def fault(self, path: Path | str, code: str, message: str) -> None:
        """Remember that something at ``path``, below this object, is wrong."""
        below = (path,) if isinstance(path, str) else path
        self.faults.append(Fault(self.path + below, code, message))

    def raw(self, key: str) -> Any:  # noqa: ANN401 (JSON)
        """Return the value as it came; None where it is absent."""
        self._seen.add(key)
        return self._source.get(key)

    def refuse_unknown(self) -> None:
        """Find fault with every field that was not read: a misspelt fee is no fee."""
        for key in self._source:
            if key not in self._seen:
                self.fault(str(key), "unknown_field", _("There is no such field."))

    def required(self, key: str) -> bool:
        """Tell whether the field is there; find fault if not."""
        if self.raw(key) in (None, ""):
            self.fault(key, "required", _("This is needed."))
            return False
        return True

    def inner(self, key: str) -> "Reader":
        """Return the reader of an object below this one."""
        return Reader(self.raw(key), self.faults, (*self.path, key))

    def items(self, key: str) -> list[Any]:
        """Return a list; absent is empty."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.fault(key, "not_a_list", _("Expected a list."))
            return []
        return list(value)

    def day(self, key: str) -> dt.date | None:
        """Return a local date; None where it is absent."""
        return self._day(key, self.raw(key))

    def days(self, key: str) -> list[dt.date]:
        """Return a list of dates, each once, in the order given."""
        found = (self._day((key, index), item) for index, item in enumerate(self.items(key)))
        return list(dict.fromkeys(day for day in found if day is not None))

    def _day(self, path: Path | str, value: object) -> dt.date | None:
        if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
            return value
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return dt.date.fromisoformat(value)
            except ValueError:
                pass
        self.fault(path, "invalid_date", _("Write the date as year-month-day: 2026-11-24."))
        return None

    def amount(self, key: str, *, at_most: int = LARGEST_AMOUNT) -> Decimal | None:
        """Return an amount or percentage, exactly; None where it is absent.

        At least 0, below ``at_most`` (or equal to it), at most six decimals.
        """
        value = self.raw(key)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                micros = parse_micros(value)
            elif isinstance(value, Decimal):
                micros = from_decimal(value)
            else:
                self.fault(key, "not_text", _("Write amounts as text: “0.12”."))
                return None
        except TooManyDecimalsError:
            self.fault(key, "too_many_decimals", _("At most six decimals are possible."))
            return None
        except InvalidMoneyError:
            self.fault(key, "invalid_amount", _("This is no amount such as 12.50."))
            return None
        if not 0 <= micros <= at_most * 10**MICRO_DIGITS:
            self.fault(key, "out_of_range", _("This must be between 0 and %d.") % at_most)
            return None
        return Decimal(micros).scaleb(-MICRO_DIGITS)

    def whole(
        self, key: str, *, at_least: int = 0, at_most: int = LARGEST_WHOLE, default: int = 0
    ) -> int:
        """Return a whole number; ``default`` where it is absent."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, "not_whole", _("Expected a whole number."))
            return default
        if not at_least <= value <= at_most:
            limits = {"least": at_least, "most": at_most}
            self.fault(
                key, "out_of_range", _("This must be between %(least)d and %(most)d.") % limits
            )
            return default
        return value

    def choice(self, key: str, choices: Collection[str], default: str = "") -> str:
        """Return one of ``choices``; absent is ``default``, or a fault if there is none."""
        value = self.raw(key)
        if value is None and default:
            return default
        if not self.required(key):
            return default
        if not isinstance(value, str) or value not in choices:
            allowed = ", ".join(sorted(choices))
            self.fault(key, "invalid_choice", _("Choose one of: %s.") % allowed)
            return default
        return value

    def choices(self, key: str, choices: Collection[str]) -> list[str]:
        """Return a list of ``choices``, each once, in the order given."""
        chosen: dict[str, None] = {}
        for index, item in enumerate(self.items(key)):
            if isinstance(item, str) and item in choices:
                chosen[item] = None
            else:
                allowed = ", ".join(sorted(choices))
                self.fault((key, index), "invalid_choice", _("Choose one of: %s.") % allowed)
        return list(chosen)

    def text(self, key: str) -> str:
        """Return a text without the blanks around it; absent is empty."""
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str) or "\x00" in value:
            self.fault(key, "not_text", _("Expected a text."))
            return ""
        return value.strip()
