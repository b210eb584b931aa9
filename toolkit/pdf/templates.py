"""Documents that are written once and filled in many times."""

import datetime as dt
import io
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .archive import Attachment, Metadata, finish_archive, finish_plainly
from .assembly import Assembly
from .parts import filled
from .render import Stationery, render_together
from .slots import SlottedHtml

if TYPE_CHECKING:
    from .stamping.shape import Shape, Stamped

logger = logging.getLogger(__name__)

Values = Mapping[str, str]
Pictures = Mapping[str, bytes]

# How many of the samples are rendered both ways.
_COMPARED = 3


class CompiledTemplate:
    """One shape of a document: its HTML with slots, its style and its assets.

    ``plain`` templates are laid out by WeasyPrint for every record; the others are laid out once
    for each way their lines fall, and the changing text is stamped. ``reason`` says why a template
    is plain, ``refused`` why a record of the others was not stamped last. Either way a record's
    pages look the same.
    """

    def __init__(
        self, source: str, stationery: Stationery, *, reason: str = "not compiled"
    ) -> None:
        self.slotted = SlottedHtml.parse(source)
        self.stationery = stationery
        self.reason = reason
        self.refused = ""
        self._shape: Shape | None = None

    @property
    def plain(self) -> bool:
        """Tell whether the ordinary way is taken for every record."""
        return self._shape is None

    @property
    def slots(self) -> frozenset[str]:
        """Return the names of the slots."""
        return frozenset(self.slotted.names)

    def html(self, values: Values) -> str:
        """Return the whole page of a record.

        Raises:
            MissingValueError: a slot has no value.
        """
        return self.slotted.filled(values)

    def pdf(
        self,
        values: Values,
        *,
        pictures: Pictures | None = None,
        attachment: Attachment | None = None,
        created_at: dt.datetime | None = None,
        plain: bool = False,
    ) -> bytes:
        """Return one record as a document of its own.

        Args:
            values: texts of the slots.
            pictures: this record's own pictures, called like assets. Their ``<img>`` needs a width
                and a height.
            attachment: a file to be carried by a document of an ``archival`` template.
            created_at: when the document says it was made.
            plain: take the ordinary way.

        Raises:
            MissingValueError: a slot has no value.
        """
        out = io.BytesIO()
        assembly = Assembly(out)
        stamped = None if plain else self.stamp(values, pictures)
        if stamped is not None and self._shape is not None:
            assembly.add_stamped(stamped)
            intents = assembly.output_intents(stamped.layout)
            metadata = replace(stamped.layout.metadata, title=self._shape.title(values))
        else:
            stationery = self.stationery.with_pictures(pictures or {})
            pages = render_together(stationery, [self.html(values)])
            numbers = assembly.add_plain(pages)
            assembly.turn_to(numbers, pages, 0)
            intents = filled(pages.output_intents, numbers, {})
            metadata = pages.metadata
        self._finish(assembly, replace(metadata, created_at=created_at), intents, attachment)
        return out.getvalue()

    def _finish(
        self,
        assembly: Assembly,
        metadata: Metadata,
        intents: bytes,
        attachment: Attachment | None,
    ) -> None:
        if self.stationery.archival:
            finish_archive(assembly.writer, metadata, intents, attachment)
        elif attachment is not None:
            message = "only an archival document carries a file"
            raise ValueError(message)
        else:
            finish_plainly(assembly.writer, metadata)

    def stamp(self, values: Values, pictures: Pictures | None = None) -> "Stamped | None":
        """Return a record's layout and what is stamped on its pages, None for the ordinary way.

        Raises:
            MissingValueError: a slot has no value.
        """
        if self._shape is None:
            return None
        from .stamping.shape import MismatchError
        from .stamping.words import UnstampableError

        self.slotted.check(values)
        try:
            return self._shape.stamped(values, pictures)
        except UnstampableError as error:
            self.refused = str(error)
        except MismatchError as error:
            self._give_up(str(error))
        except Exception as error:
            # Letters go out all the same: WeasyPrint made something that nobody foresaw.
            logger.exception("Stamping failed.")
            self._give_up(repr(error))
        return None

    def compile(self, samples: Sequence[Values], pictures: Pictures | None = None) -> None:
        """Try to stamp; render samples both ways, and stay plain where they differ."""
        from .stamping.shape import Shape
        from .stamping.words import UnstampableError

        if not samples:
            self._give_up("no samples")
            return
        try:
            self._shape = Shape(self.slotted, self.stationery, pictures)
        except UnstampableError as error:
            self._give_up(str(error))
            return
        compared = [self._compare(values, pictures) for values in _telling(samples)]
        if self.plain:
            return
        if any(compared):
            self.reason = ""
        else:
            self._give_up(f"no sample can be stamped: {self.refused}")

    def _compare(self, values: Values, pictures: Pictures | None) -> bool:
        """Render a record both ways; tell whether it could be stamped, give up if it differs."""
        from .stamping.check import difference

        if self.stamp(values, pictures) is None:
            return False
        ways = (self.pdf(values, pictures=pictures, plain=plain) for plain in (False, True))
        found = difference(*ways)
        if found:
            self._give_up(found)
        return True

    def _give_up(self, reason: str) -> None:
        logger.info("A template is laid out the ordinary way: %s.", reason)
        self._shape = None
        self.reason = reason


def _telling(samples: Sequence[Values]) -> list[Values]:
    """Choose samples that differ: the longest and the shortest, and some between."""
    ordered = sorted(samples, key=lambda values: sum(map(len, values.values())))
    step = max(1, (len(ordered) - 1) / (_COMPARED - 1))
    places = {round(at * step) for at in range(_COMPARED)}
    return [ordered[place] for place in sorted(places) if place < len(ordered)]


def compile_template(
    html: str,
    *,
    css: str = "",
    assets: Mapping[str, bytes] | None = None,
    samples: Sequence[Values] = (),
    pictures: Pictures | None = None,
    archival: bool = False,
    plain: bool = False,
) -> CompiledTemplate:
    """Prepare a document for many records.

    Args:
        html: the whole page, with ``<span data-slot="name"></span>`` where text changes. Optional
            parts make another template: a template is one shape.
        css: trusted style of the document.
        assets: pictures, called ``asset:<name>`` in ``html`` and ``css``.
        samples: values of some records; some are rendered both ways and compared. Without any the
            template stays plain.
        pictures: pictures of one record, where each has its own.
        archival: make PDF/A-3b, which may carry an attachment.
        plain: take the ordinary way for all records.

    Raises:
        MalformedSlotError: a slot is not written as above.
    """
    stationery = Stationery(css=css, assets=dict(assets or {}), archival=archival)
    template = CompiledTemplate(html, stationery, reason="asked for")
    if not plain:
        template.compile(samples, pictures)
    return template


class ShapeCache:
    """The templates of one letter: one for each shape its conditions give it.

    A shape seen rarely is laid out the ordinary way; it is compiled once ``compile_after`` of its
    records have come by, which are its samples. The shapes not used for longest are forgotten.
    """

    def __init__(
        self,
        *,
        css: str = "",
        assets: Mapping[str, bytes] | None = None,
        archival: bool = False,
        compile_after: int = 12,
        keep: int = 64,
        plain: bool = False,
    ) -> None:
        self._stationery = Stationery(css=css, assets=dict(assets or {}), archival=archival)
        self._compile_after = compile_after
        self._keep = keep
        self._plain = plain
        self._templates: OrderedDict[str, CompiledTemplate] = OrderedDict()
        self._samples: dict[str, list[Values]] = {}

    def template(
        self, html: str, values: Values, pictures: Pictures | None = None
    ) -> CompiledTemplate:
        """Return the template of the shape ``html`` for a record with these ``values``.

        Raises:
            MalformedSlotError: a slot is not written as it must be.
        """
        template = self._templates.get(html)
        if template is None:
            template = self._templates[html] = CompiledTemplate(html, self._stationery)
            if not self._plain:
                self._samples[html] = []
            if len(self._templates) > self._keep:
                forgotten, _template = self._templates.popitem(last=False)
                self._samples.pop(forgotten, None)
        else:
            self._templates.move_to_end(html)
        samples = self._samples.get(html)
        if samples is not None:
            samples.append(dict(values))
            if len(samples) >= self._compile_after:
                template.compile(self._samples.pop(html), pictures)
        return template
