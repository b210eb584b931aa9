"""The letters, envelopes and labels of a mailing, ready to be laid out.

A ``Leaf`` is one document of the PDF writer with the recipients that it is for: one for a letter
or an envelope, as many as a sheet holds for labels, none for a separator sheet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import groupby, islice
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from customers.models import Issuer
from mailing.documents import DEFAULT_LAYOUT, LAYOUTS, Layout, fit
from mailing.documents.addressing import STOCKS
from mailing.merge import postal_lines
from mailing.models import Mailing, Recipient, TemplateVersion
from toolkit.countries import country_name
from toolkit.pdf import Letter as PdfLetter
from toolkit.pdf import ShapeCache

from .field_values import Occasion, postal_address
from .letters import Letter, house_of, letter_of

_SEPARATOR_CSS: Final = """
body { font-family: "IBM Plex Sans"; font-size: 14pt; line-height: 1.5; }
h1 { font-size: 30pt; margin: 60mm 0 8mm; }
"""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A document to be laid out, and for whom it is."""

    letter: PdfLetter
    recipients: tuple[Recipient, ...]


def leaves_of(
    occasion: Occasion, recipients: Iterable[Recipient], *, separators: bool | None = None
) -> Iterator[Leaf]:
    """Yield what is printed for these recipients, in their order.

    Where a mailing of letters wants separator sheets, one stands before each country;
    ``separators`` says otherwise.
    """
    if occasion.mailing.output != Mailing.Output.LETTERS:
        yield from _addresses(occasion, recipients)
        return
    written = (_letter(occasion, recipient) for recipient in recipients)
    if not (occasion.mailing.separators if separators is None else separators):
        yield from written
        return
    for country, leaves in groupby(written, key=lambda leaf: leaf.recipients[0].country):
        together = list(leaves)
        yield _separator(occasion, country, [leaf.recipients[0] for leaf in together])
        yield from together


def fits(occasion: Occasion, recipient: Recipient) -> bool:
    """Say whether the place for the address holds all of it; yes while no letter is chosen."""
    mailing = occasion.mailing
    if mailing.output != Mailing.Output.LETTERS:
        box = STOCKS[mailing.output].places[0]
    elif mailing.letter is None:
        return True
    else:
        box = _layout(mailing).address
    return fit(_lines(occasion, recipient), width=box.width, height=box.height).fits


def _lines(occasion: Occasion, recipient: Recipient) -> list[str]:
    return postal_lines(postal_address(recipient), sender_country=occasion.house.country)


def _layout(mailing: Mailing) -> Layout:
    return LAYOUTS[(mailing.letter and mailing.letter.layout) or DEFAULT_LAYOUT]


def _letter(occasion: Occasion, recipient: Recipient) -> Leaf:
    letter, shapes = _kept_letter(
        occasion.mailing.letter_id, recipient.language, occasion.house.version
    )
    page = letter.page(address=postal_address(recipient), fields=occasion.values(recipient))
    return Leaf((shapes.template(page.html, page.values), page.values), (recipient,))


@lru_cache(maxsize=8)
def _kept_letter(version_id: int, language: str, _house_version: int) -> tuple[Letter, ShapeCache]:
    """Make a letter once for each process: what parts have in common is laid out once for all."""
    version = TemplateVersion.objects.select_related("template").get(pk=version_id)
    house = Issuer.objects.first() or Issuer()
    letter = letter_of(version, language=language, issuer=house)
    return letter, letter.shapes()


def _addresses(occasion: Occasion, recipients: Iterable[Recipient]) -> Iterator[Leaf]:
    stock = STOCKS[occasion.mailing.output]
    shapes = _kept_addresses(occasion.mailing.output)
    house = house_of(occasion.house)
    waiting = iter(recipients)
    while sheet := tuple(islice(waiting, stock.per_page)):
        lines = [_lines(occasion, one) for one in sheet]
        page = stock.page(lines, sender=(house.name, *house.lines))
        yield Leaf((shapes.template(page.html, page.values), page.values), sheet)


@lru_cache(maxsize=4)
def _kept_addresses(output: str) -> ShapeCache:
    return ShapeCache(css=STOCKS[output].css)


def _separator(occasion: Occasion, country: str, there: list[Recipient]) -> Leaf:
    """Return the sheet before the letters to a country: which, how many, from where to where."""
    first, last = there[0], there[-1]
    with translation.override("es" if occasion.house.country == "ES" else "en"):
        name = country_name(country)
        lines = [
            str(occasion.mailing),
            _("Letters: %(count)s") % {"count": len(there)},
            _("Postcodes: %(first)s to %(last)s")
            % {"first": first.postcode or "-", "last": last.postcode or "-"},
            _("Numbers: %(first)s to %(last)s") % {"first": first.position, "last": last.position},
        ]
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    html = f"<html><body><h1>{escape(name)}</h1>{told}</body></html>"
    sheet = _layout(occasion.mailing).sheet
    return Leaf((_kept_separators(sheet.width, sheet.height).template(html, {}), {}), ())


@lru_cache(maxsize=4)
def _kept_separators(width: float, height: float) -> ShapeCache:
    page = f"@page {{ size: {width}mm {height}mm; margin: 25mm; }}"
    return ShapeCache(css=page + _SEPARATOR_CSS, plain=True)
