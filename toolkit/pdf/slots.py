"""A document's HTML with slots for the text that changes: ``<span data-slot="name"></span>``."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SLOT = re.compile(r'<span data-slot="([A-Za-z_][\w.-]*)"></span>')


class MalformedSlotError(ValueError):
    """A slot is written in another way than ``<span data-slot="name"></span>``."""


class MissingValueError(LookupError):
    """A slot of the template has no value."""


@dataclass(frozen=True, slots=True)
class SlottedHtml:
    """HTML cut at its slots: ``texts`` has one piece more than ``names``, which stand between."""

    texts: Sequence[str]
    names: Sequence[str]

    @classmethod
    def parse(cls, source: str) -> "SlottedHtml":
        """Cut the HTML at its slots.

        Raises:
            MalformedSlotError: ``data-slot`` is left where no slot was read.
        """
        pieces = _SLOT.split(source)
        if any("data-slot" in text for text in pieces[::2]):
            raise MalformedSlotError(source[:200])
        return cls(tuple(pieces[::2]), tuple(pieces[1::2]))

    def check(self, values: Mapping[str, str]) -> None:
        """See that every slot has its value.

        Raises:
            MissingValueError: a slot has none.
        """
        for name in self.names:
            if name not in values:
                raise MissingValueError(name)

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the HTML with the values in place of the slots, as plain text.

        Raises:
            MissingValueError: a slot has no value.
        """
        self.check(values)
        texts = [html.escape(values[name]) for name in self.names]
        return "".join(
            piece for pair in zip(self.texts, [*texts, ""], strict=True) for piece in pair
        )
