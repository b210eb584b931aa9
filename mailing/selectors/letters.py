"""A version of a template, ready to be merged for one recipient after another."""

from collections.abc import Mapping
from dataclasses import dataclass

from customers.models import Issuer
from mailing import merge
from mailing.documents import (
    DEFAULT_LAYOUT,
    LAYOUTS,
    House,
    LetterPage,
    LetterPaper,
    email_html,
    email_text,
)
from mailing.merge import PostalAddress, Shape
from mailing.models import TemplateVersion
from toolkit.pdf import ShapeCache, compile_template

from .templates import pictures_of
from .texts import Text, text_in

_NO_SHAPE = Shape("", {})


@dataclass(frozen=True)
class Letter:
    """One version in one language: made once, then merged for each recipient.

    ``text.language`` is the language it is written in, which is the other one where the wanted
    one was left blank.
    """

    text: Text
    paper: LetterPaper

    def page(self, *, address: PostalAddress, fields: Mapping[str, object]) -> LetterPage:
        """Return the letter of one recipient: HTML with slots, and their values.

        Args:
            address: the recipient's; its lines go into the window.
            fields: as ``mailing.merge`` takes them; ``mailing.date`` and ``customer.number``
                stand beside the address.

        Raises:
            As ``mailing.merge.render``.
        """
        subject = merge.shape_line(self.text.subject, fields, prefix="subject.")
        body = merge.shape(self.text.body, fields, prefix="body.")
        enclosure = (
            merge.shape(self.text.enclosure, fields, prefix="enclosure.")
            if self.text.enclosure
            else _NO_SHAPE
        )
        return self.paper.page(
            lines=merge.postal_lines(address, sender_country=self.paper.house.country),
            subject=subject.html,
            body=body.html,
            enclosure=enclosure.html,
            values={
                **subject.values,
                **body.values,
                **enclosure.values,
                "letter.date": _value(fields, "mailing", "date"),
                "letter.number": _value(fields, "customer", "number"),
            },
        )

    def missing(self, fields: Mapping[str, object]) -> list[str]:
        """Return the fields that this recipient's letter would print and that are blank."""
        return _missing(self.text, fields)

    def shapes(self, *, plain: bool = False) -> ShapeCache:
        """Return a new cache for the pages of this letter."""
        return ShapeCache(css=self.paper.css, assets=self.paper.assets, plain=plain)

    def pdf(self, page: LetterPage) -> bytes:
        """Return one page as a PDF of its own, laid out the ordinary way."""
        template = compile_template(
            page.html, css=self.paper.css, assets=self.paper.assets, plain=True
        )
        return template.pdf(page.values)


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail of one recipient, ready to be queued."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Email:
    """One version of a notice or an e-mail in one language, merged for each recipient."""

    text: Text
    house: House

    def message(self, *, fields: Mapping[str, object], preferences_url: str = "") -> Mail:
        """Return the e-mail of one recipient, as HTML and as plain text.

        Raises:
            As ``mailing.merge.render``.
        """
        subject = merge.render_line(self.text.subject, fields)
        body = merge.render(self.text.body, fields)
        language = self.text.language
        return Mail(
            subject=subject,
            text=email_text(
                body=merge.plain_text(body),
                language=language,
                house=self.house,
                preferences_url=preferences_url,
            ),
            html=email_html(
                body=body,
                subject=subject,
                language=language,
                house=self.house,
                preferences_url=preferences_url,
            ),
        )

    def missing(self, fields: Mapping[str, object]) -> list[str]:
        """Return the fields that this recipient's e-mail would print and that are blank."""
        return _missing(self.text, fields)


def letter_of(version: TemplateVersion, *, language: str, issuer: Issuer) -> Letter:
    """Return a version, saved or not, as a letter in ``language``, on our own paper."""
    text = text_in(version, language)
    named = {name for html in (text.body, text.enclosure) for name in merge.pictures_named(html)}
    paper = LetterPaper(
        layout=LAYOUTS[version.layout or DEFAULT_LAYOUT],
        letterhead=version.letterhead,
        language=text.language,
        title=version.template.name,
        house=house_of(issuer),
        has_enclosure=bool(text.enclosure),
        pictures=pictures_of(named) if named else {},
    )
    return Letter(text, paper)


def email_of(version: TemplateVersion, *, language: str, issuer: Issuer) -> Email:
    """Return a version, saved or not, as an e-mail in ``language``."""
    return Email(text_in(version, language), house_of(issuer))


def house_of(issuer: Issuer) -> House:
    """Return our company as letters and e-mails show it."""
    street = ", ".join(filter(None, (issuer.line1, issuer.line2)))
    return House(
        name=str(issuer),
        legal_name=issuer.legal_name,
        tax_id=issuer.tax_id,
        lines=(street, f"{issuer.postcode} {issuer.city}"),
        city=issuer.city,
        country=issuer.country,
        phone=issuer.phone,
        email=issuer.email,
        website=issuer.website,
        registry=issuer.registry,
        logo=bytes(issuer.logo or b""),
    )


def _missing(text: Text, fields: Mapping[str, object]) -> list[str]:
    found = merge.missing_in_line(text.subject, fields)
    for html in filter(None, (text.body, text.enclosure)):
        found += merge.missing_fields(html, fields)
    return list(dict.fromkeys(found))


def _value(fields: Mapping[str, object], group: str, name: str) -> str:
    values = fields.get(group)
    value = values.get(name) if isinstance(values, dict) else None
    return str(value or "")
