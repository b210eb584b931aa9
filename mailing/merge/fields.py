"""The catalogue of fields: what a letter may name, in the words of its writers.

Values travel as plain nested dicts, ``{"customer": {"name": "…"}}``, of text, numbers, booleans
and None; ``blank_fields`` is all of them, empty.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

Value: TypeAlias = str | int | float | bool | None
Fields: TypeAlias = Mapping[str, Mapping[str, Value]]
Words: TypeAlias = tuple[str, str]  # in Spanish, in English


class Kind(StrEnum):
    """What can be asked of a field in a condition."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``path`` is its name in templates; ``names`` and ``example`` are (es, en).

    ``shown`` tells whether it is offered for the text; a code is only asked in conditions.
    ``choices`` are (value, Spanish, English).
    """

    path: str
    names: Words
    example: Words
    kind: Kind = Kind.TEXT
    shown: bool = True
    choices: tuple[tuple[str, str, str], ...] = ()

    @property
    def group(self) -> str:
        """Return the first word of the path."""
        return self.path.partition(".")[0]

    def name(self, language: str) -> str:
        """Return what the field is called in ``language``, Spanish where it is not English."""
        return self.names[language == "en"]

    def sample(self, language: str) -> str:
        """Return an example of its value."""
        return self.example[language == "en"]


GROUPS: Final[Mapping[str, Words]] = {
    "customer": ("Cliente", "Customer"),
    "contact": ("Contacto", "Contact"),
    "address": ("Dirección", "Address"),
    "account_manager": ("Comercial", "Account manager"),
    "issuer": ("Nuestra empresa", "Our company"),
    "mailing": ("Envío", "Mailing"),
    "notice": ("Aviso", "Notice"),
}
_LANGUAGES = (("es", "español", "Spanish"), ("en", "inglés", "English"))


def _same(text: str) -> Words:
    return text, text


CATALOGUE: Final[tuple[Field, ...]] = (
    Field("customer.name", ("Nombre del cliente", "Customer's name"), _same("Óptica Lumen")),
    Field(
        "customer.legal_name",
        ("Razón social", "Legal name"),
        _same("Óptica Lumen, S.L."),
    ),
    Field("customer.number", ("Número de cliente", "Customer number"), _same("C-000123")),
    Field("customer.tax_id", ("NIF", "Tax id"), _same("B64717838")),
    Field(
        "customer.email", ("Correo del cliente", "Customer's e-mail"), _same("hola@lumen.example")
    ),
    Field("customer.phone", ("Teléfono del cliente", "Customer's phone"), _same("+34 943 555 010")),
    Field("customer.language_name", ("Idioma", "Language"), ("español", "Spanish")),
    Field("customer.country_name", ("País del cliente", "Customer's country"), ("España", "Spain")),
    Field("customer.currency", ("Moneda", "Currency"), _same("EUR")),
    Field(
        "customer.since",
        ("Cliente desde el año", "Customer since the year"),
        _same("2019"),
        kind=Kind.NUMBER,
    ),
    Field(
        "customer.language",
        ("Idioma", "Language"),
        _same("es"),
        kind=Kind.CHOICE,
        shown=False,
        choices=_LANGUAGES,
    ),
    Field(
        "customer.country",
        ("País del cliente (código)", "Customer's country (code)"),
        _same("ES"),
        shown=False,
    ),
    Field("contact.name", ("Nombre del contacto", "Contact's name"), _same("Amaia Ruiz")),
    Field(
        "contact.email", ("Correo del contacto", "Contact's e-mail"), _same("amaia@lumen.example")
    ),
    Field("contact.phone", ("Teléfono del contacto", "Contact's phone"), _same("+34 600 555 011")),
    Field("address.recipient", ("Destinatario", "Recipient"), _same("Óptica Lumen, S.L.")),
    Field("address.line1", ("Calle y número", "Street and number"), _same("Calle del Urumea 12")),
    Field("address.line2", ("Piso, edificio", "Floor, building"), _same("2.º B")),
    Field("address.postcode", ("Código postal", "Postcode"), _same("20012")),
    Field("address.city", ("Localidad", "City"), _same("Donostia")),
    Field("address.region", ("Provincia o estado", "Province or state"), _same("Gipuzkoa")),
    Field(
        "address.country_name",
        ("País de la dirección", "Country of the address"),
        ("España", "Spain"),
    ),
    Field(
        "address.country",
        ("País de la dirección (código)", "Country of the address (code)"),
        _same("ES"),
        shown=False,
    ),
    Field(
        "account_manager.name",
        ("Nombre del comercial", "Account manager's name"),
        _same("Sara Gil"),
    ),
    Field(
        "account_manager.email",
        ("Correo del comercial", "Account manager's e-mail"),
        _same("sara.gil@bpi.example"),
    ),
    Field(
        "issuer.name", ("Nombre de la empresa", "Company's name"), _same("Conferencias Ibéricas")
    ),
    Field(
        "issuer.legal_name",
        ("Razón social de la empresa", "Company's legal name"),
        _same("Conferencias Ibéricas, S.A."),
    ),
    Field("issuer.tax_id", ("NIF de la empresa", "Company's tax id"), _same("A58818501")),
    Field(
        "issuer.address",
        ("Dirección de la empresa", "Company's address"),
        _same("Calle de Serrano 88, 28006 Madrid"),
    ),
    Field("issuer.city", ("Localidad de la empresa", "Company's city"), _same("Madrid")),
    Field("issuer.email", ("Correo de la empresa", "Company's e-mail"), _same("hola@bpi.example")),
    Field("issuer.phone", ("Teléfono de la empresa", "Company's phone"), _same("+34 915 550 100")),
    Field(
        "issuer.website", ("Web de la empresa", "Company's web site"), _same("https://bpi.example")
    ),
    Field(
        "issuer.iban",
        ("IBAN de la empresa", "Company's IBAN"),
        _same("ES91 2100 0418 4502 0005 1332"),
    ),
    Field("mailing.name", ("Nombre del envío", "Name of the mailing"), _same("Tarifas 2027")),
    Field(
        "mailing.date",
        ("Fecha de la carta", "Date of the letter"),
        ("24 de noviembre de 2026", "24 November 2026"),
    ),
    Field(
        "notice.arrival",
        ("Día en que llega la carta", "Day when the letter arrives"),
        ("27 de noviembre de 2026", "27 November 2026"),
    ),
)
# Fields that a kind of template can't know: a letter says nothing of its own arrival.
ONLY_IN: Final[Mapping[str, str]] = {"notice": "notice"}


def fields_for(kind: str, extra: Iterable[str] = ()) -> list[Field]:
    """Return the fields that templates of a kind (letter, notice, email) may name.

    ``extra`` are paths of data that come with the recipients, as columns of a file.
    """
    known = [field for field in CATALOGUE if ONLY_IN.get(field.group, kind) == kind]
    return known + [Field(path, _same(path.partition(".")[2]), _same("…")) for path in extra]


def by_path(fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields by their paths."""
    return {field.path: field for field in fields}


def grouped(fields: Sequence[Field]) -> Iterator[tuple[str, list[Field]]]:
    """Yield groups with their fields, in the order of the catalogue."""
    for group in dict.fromkeys(field.group for field in fields):
        yield group, [field for field in fields if field.group == group]


def blank_fields() -> dict[str, dict[str, Value]]:
    """Return all fields of the catalogue without values."""
    blank: dict[str, dict[str, Value]] = {}
    for field in CATALOGUE:
        group, name = field.path.split(".")
        blank.setdefault(group, {})[name] = None
    return blank


def example_fields(language: str) -> dict[str, dict[str, Value]]:
    """Return the examples of the catalogue as values, for checks and first drafts."""
    values = blank_fields()
    for field in CATALOGUE:
        group, name = field.path.split(".")
        sample = field.sample(language)
        values[group][name] = int(sample) if field.kind is Kind.NUMBER else sample
    return values


def plain(fields: Mapping[str, object]) -> dict[str, dict[str, Value]]:
    """Return the values as the merge takes them: plain dicts, blank text as None.

    Liquid takes "" for true; None is false and prints nothing.

    Raises:
        TypeError: a value is anything but text, number, boolean or None, in groups of a dict.
    """
    return {group: _plain_group(group, values) for group, values in fields.items()}


def _plain_group(group: str, values: object) -> dict[str, Value]:
    if not isinstance(values, dict):
        msg = f"fields of {group!r}: a dict is expected, not {type(values).__name__}"
        raise TypeError(msg)
    return {name: _plain_value(f"{group}.{name}", value) for name, value in values.items()}


def _plain_value(path: str, value: object) -> Value:
    if isinstance(value, str):
        # A subclass may carry methods and say of itself that it is safe HTML.
        return " ".join(str.__str__(value).split()) or None
    if value is None or type(value) in (int, float, bool):
        return value  # type: ignore[return-value]
    msg = f"field {path!r}: text or a number is expected, not {type(value).__name__}"
    raise TypeError(msg)
