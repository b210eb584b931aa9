"""A version of a template as one customer would get it: the pages as pictures, what is missing."""

import base64
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import get_language
from PIL import ImageDraw
from PIL.Image import Image

from customers.models import Issuer
from customers.selectors import issuer
from mailing import merge
from mailing.documents import DEFAULT_LAYOUT, LAYOUTS, Layout
from mailing.merge import PostalAddress
from mailing.models import Mailing, Template, TemplateVersion
from toolkit.pdf import render_pdf
from toolkit.pdf.pictures import page_pictures

from .audience import Reader
from .copies import copies_of
from .field_values import occasion, postal_address
from .letters import Mail, email_of, letter_of

_DPI: Final = 96
_AT_MOST: Final = 4  # pages that a screen shows
_EMAIL_CSS: Final = "@page { size: 640px 1800px; margin: 0; }"
_WINDOW: Final = "#d1495b"


class NoSuchCustomerError(LookupError):
    """Nobody has that number, or nobody whom the reader may see."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody whom a text can be written to: a customer, or the examples of the catalogue."""

    name: str
    fields: dict[str, dict[str, Any]]
    address: PostalAddress


@dataclass(frozen=True, slots=True)
class Preview:
    """What one recipient would get. ``pictures`` are of the first of ``pages`` pages."""

    sample: Sample
    language: str
    pdf: bytes
    pictures: list[str] = field(repr=False)
    pages: int
    missing: list[str]
    missing_parts: tuple[str, ...] = ()
    fits: bool = True
    mail: Mail | None = None

    @property
    def missing_names(self) -> list[str]:
        """Name the blank fields in the active language."""
        names = merge.by_path(merge.CATALOGUE)
        language = (get_language() or "es")[:2]
        return [names[path].name(language) if path in names else path for path in self.missing]

    @property
    def hidden_pages(self) -> int:
        """Return how many pages are not shown."""
        return self.pages - len(self.pictures)


def sample_of(
    version: TemplateVersion, *, customer: str, language: str, user: Reader, now: dt.datetime
) -> Sample:
    """Return a customer by its number as recipient of ``version``, or the examples where it is "".

    Values are in ``language``, whatever the customer's own is.

    Raises:
        NoSuchCustomerError: nobody has that number.
    """
    if not customer:
        return _example(language)
    is_letter = version.template.kind == Template.Kind.LETTER
    mailing = Mailing(
        name=version.template.name,
        output=Mailing.Output.LETTERS if is_letter else Mailing.Output.NOTHING,
        audience={"numbers": [customer]},
        letter=version if is_letter else None,
        notice=None if is_letter else version,
    )
    found = copies_of(mailing, user, now=now)
    if not found:
        raise NoSuchCustomerError(customer)
    recipient = found[0]
    recipient.language = language
    countries = {recipient.country, recipient.customer.country}
    values = occasion(mailing, now=now, countries=countries).values(recipient)
    return Sample(recipient.customer_name, values, postal_address(recipient))


def preview_of(version: TemplateVersion, *, sample: Sample, language: str) -> Preview:
    """Return what ``sample`` would get of a version, saved or not.

    Raises:
        TextInvalidError, MergeError: as ``mailing.merge.render``.
    """
    house = issuer() or Issuer()  # blank before the settings were filled in
    if version.template.kind != Template.Kind.LETTER:
        return _preview_of_email(version, sample, language, house)
    letter = letter_of(version, language=language, issuer=house)
    page = letter.page(address=sample.address, fields=sample.fields)
    pdf = letter.pdf(page)
    pictures, pages = page_pictures(pdf, dpi=_DPI, at_most=_AT_MOST)
    _draw_window(pictures[0], LAYOUTS[version.layout or DEFAULT_LAYOUT])
    return Preview(
        sample=sample,
        language=letter.text.language,
        pdf=pdf,
        pictures=_encoded(pictures),
        pages=pages,
        missing=letter.missing(sample.fields),
        missing_parts=merge.missing_parts(sample.address),
        fits=page.fits,
    )


def _preview_of_email(
    version: TemplateVersion, sample: Sample, language: str, house: Issuer
) -> Preview:
    email = email_of(version, language=language, issuer=house)
    mail = email.message(fields=sample.fields)
    pdf = render_pdf(mail.html, css=_EMAIL_CSS)
    pictures, pages = page_pictures(pdf, dpi=_DPI, at_most=_AT_MOST)
    return Preview(
        sample=sample,
        language=email.text.language,
        pdf=pdf,
        pictures=_encoded(pictures),
        pages=pages,
        missing=email.missing(sample.fields),
        mail=mail,
    )


def _example(language: str) -> Sample:
    fields = merge.example_fields(language)
    address = fields["address"]
    return Sample(
        name="",
        fields=fields,
        address=PostalAddress(
            contact=str(fields["contact"]["name"]),
            **{
                name: str(address[name])
                for name in ("recipient", "line1", "line2", "postcode", "city", "region", "country")
            },
        ),
    )


def _draw_window(picture: Image, layout: Layout) -> None:
    """Draw the envelope's window over the first page, for the eye only."""
    scale, box = _DPI / 25.4, layout.window
    corners = [round(edge * scale) for edge in (box.left, box.top, box.right, box.bottom)]
    ImageDraw.Draw(picture).rectangle(corners, outline=_WINDOW)


def _encoded(pictures: Sequence[Image]) -> list[str]:
    """Return the pictures as addresses of their own content."""
    encoded = []
    for picture in pictures:
        out = io.BytesIO()
        # Text on paper needs few colours: a third of the size.
        picture.convert("RGB").quantize(64).save(out, format="PNG", optimize=True)
        encoded.append("data:image/png;base64," + base64.b64encode(out.getvalue()).decode())
    return encoded
