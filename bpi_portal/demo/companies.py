"""The invented world of the demonstration, read from ``world.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer to be, and how much it talks: conferences a month, people in each."""

    legal_name: str
    trade_name: str = ""
    country: str
    tax_id: str
    currency: str
    timezone: str
    language: str
    street: str
    postcode: str
    city: str
    phone: str
    contact: str
    domain: str
    plan: str
    conferences: int
    people: int
    tags: tuple[str, ...] = ()
    reference: str = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of our own people, with one role."""

    username: str
    first_name: str
    last_name: str
    role: str


_WORLD = tomllib.loads(Path(__file__).with_name("world.toml").read_text(encoding="utf-8"))

COMPANIES: Final = tuple(Company(**company) for company in _WORLD["companies"])
PEOPLE: Final = tuple(Person(**person) for person in _WORLD["people"])
TITLES_ES: Final[list[str]] = _WORLD["titles_es"]
TITLES_EN: Final[list[str]] = _WORLD["titles_en"]
FIRST_NAMES: Final[list[str]] = _WORLD["first_names"]
PASSWORD_WORDS: Final[list[str]] = _WORLD["password_words"]
