"""Envelopes and sheets of labels: addresses without a letter. Measures are in millimetres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .layouts import Box
from .window import PITCH, SIZES, fit


@dataclass(frozen=True, slots=True)
class AddressPage:
    """An envelope or a sheet of labels with slots, and what goes into them.

    ``fits`` says of each address whether its place holds it.
    """

    html: str
    values: Mapping[str, str]
    fits: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What is printed on: the size of a page, and where addresses stand on it, row by row.

    ``media`` is its name at a printer (PWG 5101.1), blank where it is the printer's usual paper.
    ``sender`` is the place of our own address.
    """

    width: float
    height: float
    places: tuple[Box, ...]
    sender: Box | None = None
    media: str = ""

    @property
    def per_page(self) -> int:
        """Return how many addresses a page holds."""
        return len(self.places)

    @property
    def css(self) -> str:
        """Return the style of its pages."""
        rules = [
            f"@page {{ size: {self.width:g}mm {self.height:g}mm; margin: 0; }}",
            'body { font-family: "IBM Plex Sans"; margin: 0; }',
            ".to, .from { position: absolute; }",
            ".to div, .from div { white-space: nowrap; }",
            *(_rule(f".at{number}", box) for number, box in enumerate(self.places)),
            *(
                f".s{int(size * 10)} {{ font-size: {size}pt; line-height: {size * PITCH}pt; }}"
                for size in SIZES
            ),
        ]
        if self.sender:
            rules.append(_rule(".from", self.sender))
        return "\n".join(rules)

    def page(
        self, addresses: Sequence[Sequence[str]], *, sender: Sequence[str] = ()
    ) -> AddressPage:
        """Return a page with these addresses, each given as its lines, plain text.

        Raises:
            ValueError: there are more addresses than places.
        """
        values: dict[str, str] = {}
        fits = []
        parts = []
        if self.sender and sender:
            parts.append(_block("from", "from", sender, self.sender, values)[0])
        for number, (lines, box) in enumerate(zip(addresses, self.places, strict=False)):
            html, does_fit = _block(f"to at{number}", f"a{number}", lines, box, values)
            parts.append(html)
            fits.append(does_fit)
        if len(addresses) > self.per_page:
            msg = f"{len(addresses)} addresses for {self.per_page} places"
            raise ValueError(msg)
        page = f"<html><body>{''.join(parts)}</body></html>"
        return AddressPage(page, values, tuple(fits))


def _block(
    classes: str, slot: str, lines: Sequence[str], box: Box, values: dict[str, str]
) -> tuple[str, bool]:
    fitted = fit(lines, width=box.width, height=box.height)
    written = ""
    for place, line in enumerate(fitted.lines):
        values[f"{slot}.l{place}"] = line
        written += f'<div><span data-slot="{slot}.l{place}"></span></div>'
    return f'<div class="{classes} s{int(fitted.size * 10)}">{written}</div>', fitted.fits


def _rule(selector: str, box: Box) -> str:
    return (
        f"{selector} {{ left: {box.left:g}mm; top: {box.top:g}mm; "
        f"width: {box.width:g}mm; height: {box.height:g}mm; }}"
    )


_INSIDE: Final = (4.0, 3.5)  # what stays free within a label, beside and above the words


def _labels(columns: int, rows: int, *, width: float, height: float, pitch: float) -> Stock:
    """Return a sheet of A4 on which labels stand in the middle, rows without a gap."""
    left = (210 - (columns - 1) * pitch - width) / 2
    top = (297 - rows * height) / 2
    beside, above = _INSIDE
    return Stock(
        width=210,
        height=297,
        places=tuple(
            Box(
                round(left + column * pitch + beside, 3),
                round(top + row * height + above, 3),
                width - 2 * beside,
                height - 2 * above,
            )
            for row in range(rows)
            for column in range(columns)
        ),
    )


# Sources: Avery L7160 (21 labels of 63.5 x 38.1 mm) and L7163 (14 of 99.1 x 38.1 mm) on A4, with
# 2.54 mm between columns: 15.15 mm stay free above, 7.21 and 4.68 mm at the left.
# DL is ISO 269 (110 x 220 mm); #10 is 4 1/8 x 9 1/2 in. The address keeps 15 mm from the right
# and lower edge and 40 mm from the upper one (UPU, Letter Post Regulations, addressing), on #10
# within the reading area of USPS DMM 602: 5/8 to 2 3/4 in above the lower edge.
STOCKS: Final[Mapping[str, Stock]] = {
    "labels_l7160": _labels(3, 7, width=63.5, height=38.1, pitch=66.04),
    "labels_l7163": _labels(2, 7, width=99.1, height=38.1, pitch=101.6),
    "envelopes_dl": Stock(
        width=220,
        height=110,
        places=(Box(105, 48, 100, 40),),
        sender=Box(12, 10, 85, 26),
        media="iso_dl_110x220mm",
    ),
    "envelopes_10": Stock(
        width=241.3,
        height=104.775,
        places=(Box(115, 46, 110, 38),),
        sender=Box(12, 10, 95, 26),
        media="na_number-10_4.125x9.5in",
    ),
}
