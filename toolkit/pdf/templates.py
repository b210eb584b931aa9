"""Documents that are written once and filled in many times."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from .render import Stationery
from .slots import SlottedHtml

Values = Mapping[str, str]


class CompiledTemplate:
    """One shape of a document: its HTML with slots, its style and its assets.

    ``plain`` templates are laid out by WeasyPrint for every record; the others are laid out once
    for each way their lines fall, and the changing text is stamped. ``reason`` says why a template
    is plain. Either way a record's pages look the same.
    """

    def __init__(
        self, source: str, stationery: Stationery, *, plain: bool = True, reason: str = ""
    ) -> None:
        self.slotted = SlottedHtml.parse(source)
        self.stationery = stationery
        self.plain = plain
        self.reason = reason

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

    def pdf(self, values: Values) -> bytes:
        """Return one record as a PDF of its own, laid out the ordinary way."""
        content: bytes = self.stationery.lay_out(self.html(values)).write_pdf()
        return content


def compile_template(
    html: str,
    *,
    css: str = "",
    assets: Mapping[str, bytes] | None = None,
    samples: Sequence[Values] = (),  # noqa: ARG001 (none is stamped as yet)
    plain: bool = False,
) -> CompiledTemplate:
    """Prepare a document for many records.

    Args:
        html: the whole page, with ``<span data-slot="name"></span>`` where text changes. Optional
            parts make another template: a template is one shape.
        css: trusted style of the document.
        assets: pictures, called ``asset:<name>`` in ``html`` and ``css``.
        samples: values of some records; they are rendered both ways and compared.
        plain: take the ordinary way for all records.

    Raises:
        MalformedSlotError: a slot is not written as above.
    """
    stationery = Stationery(css=css, assets=dict(assets or {}))
    return CompiledTemplate(html, stationery, plain=True, reason="asked for" if plain else "")


class ShapeCache:
    """The templates of one letter: one for each shape its conditions give it.

    A shape seen rarely is laid out the ordinary way; it is compiled once ``compile_after`` of its
    records have come by, which are its samples. The least used shapes are forgotten.
    """

    def __init__(
        self,
        *,
        css: str = "",
        assets: Mapping[str, bytes] | None = None,
        compile_after: int = 20,
        keep: int = 64,
        plain: bool = False,
    ) -> None:
        self._stationery = Stationery(css=css, assets=dict(assets or {}))
        self._compile_after = compile_after
        self._keep = keep
        self._plain = plain
        self._templates: OrderedDict[str, CompiledTemplate] = OrderedDict()

    def template(self, html: str, values: Values) -> CompiledTemplate:  # noqa: ARG002
        """Return the template of the shape ``html`` for a record with these ``values``."""
        template = self._templates.get(html)
        if template is None:
            template = CompiledTemplate(html, self._stationery)
            self._templates[html] = template
            if len(self._templates) > self._keep:
                self._templates.popitem(last=False)
        self._templates.move_to_end(html)
        return template
