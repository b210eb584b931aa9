"""Postal addresses: lines, what is missing, when two are the same."""

import pytest

from mailing.merge import PostalAddress, duplicate_key, missing_parts, postal_lines
from mailing.merge.addresses import country_line


def address(*, country: str = "ES", **parts: str) -> PostalAddress:
    return PostalAddress(**{"recipient": "Óptica Lumen, S.L.", "country": country, **parts})


MADRID = address(
    contact="Amaia Ruiz",
    line1="Calle Mayor 1",
    line2="3.º B",
    postcode="28013",
    city="Madrid",
    region="Madrid",
)


def test_a_domestic_address_says_the_city_once_and_no_country() -> None:
    assert postal_lines(MADRID, sender_country="ES") == [
        "Amaia Ruiz",
        "Óptica Lumen, S.L.",
        "Calle Mayor 1",
        "3.º B",
        "28013 MADRID",
    ]


@pytest.mark.parametrize(
    ("parts", "last_lines"),
    [
        ({"postcode": "28901", "city": "Getafe", "region": "Madrid"}, ["28901 GETAFE (MADRID)"]),
        (
            {"country": "US", "postcode": "94110", "city": "San Francisco", "region": "California"},
            ["SAN FRANCISCO, CA 94110", "ESTADOS UNIDOS"],
        ),
        (
            {"country": "US", "postcode": "94110", "city": "San Francisco"},
            ["SAN FRANCISCO 94110", "ESTADOS UNIDOS"],
        ),
        ({"country": "FR", "postcode": "75001", "city": "Paris"}, ["75001 PARIS", "FRANCIA"]),
        (
            {"country": "GB", "postcode": "sw1a 2aa", "city": "London"},
            ["LONDON", "SW1A 2AA", "REINO UNIDO"],
        ),
        ({"country": "CH", "postcode": "CH-8000", "city": "Zürich"}, ["CH-8000 ZÜRICH", "SUIZA"]),
        (
            {"country": "MX", "postcode": "06000", "city": "Ciudad de México", "region": "CDMX"},
            ["06000 CIUDAD DE MÉXICO, CDMX", "MÉXICO"],
        ),
        ({"country": "BO", "city": "La Paz"}, ["LA PAZ", "BOLIVIA"]),
        ({"country": "XX", "city": "Nowhere"}, ["NOWHERE", "XX"]),
    ],
)
def test_the_last_lines_from_spain(parts: dict[str, str], last_lines: list[str]) -> None:
    lines = postal_lines(address(line1="1 Main St", **parts), sender_country="ES")
    assert lines[:2] == ["Óptica Lumen, S.L.", "1 Main St"]
    assert lines[2:] == last_lines


def test_the_country_is_named_in_the_language_of_the_sender() -> None:
    named = {sender: country_line("FR", sender) for sender in ("ES", "US", "DE", "CN", "ZZ")}
    assert named == {
        "ES": "FRANCIA",
        "US": "FRANCE",
        "DE": "FRANKREICH",
        "CN": "FRANCE",
        "ZZ": "FRANCE",
    }


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({}, ()),
        ({"region": ""}, ()),
        ({"line1": " "}, ("line1",)),
        ({"postcode": "", "city": ""}, ("postcode", "city")),
        ({"postcode": "2801"}, ("postcode",)),
        ({"country": ""}, ("country",)),
        ({"country": "US", "postcode": "94110", "region": ""}, ("region",)),
        ({"country": "IE", "postcode": ""}, ()),
        ({"country": "CH", "postcode": "CH-8000"}, ()),
    ],
)
def test_what_a_letter_needs_to_arrive(parts: dict[str, str], missing: tuple[str, ...]) -> None:
    usual = {"line1": "Mayor 1", "postcode": "28013", "city": "Madrid", "region": "Madrid"}
    assert missing_parts(address(**usual | parts)) == missing


def test_one_address_in_many_writings() -> None:
    keys = {
        duplicate_key(address(line1=line1, line2=line2, postcode="28013", city=city))
        for line1, line2, city in [
            ("Calle Mayor 1", "3.º B", "Madrid"),
            ("C/ Mayor, 1, 3º B", "", "MADRID"),
            ("calle mayor nº 1", "3 b", "Madrid"),
        ]
    }
    assert keys == {"ES|28013|mayor 1 3 b"}
    assert duplicate_key(address(line1="Avda. de la Paz, 3")) == duplicate_key(
        address(line1="Avenida Paz 3")
    )


def test_neighbours_are_not_the_same() -> None:
    keys = {
        duplicate_key(address(line1=line, postcode="28013"))
        for line in ("Mayor 1", "Mayor 11", "Mayor 1, 3 C", "Mayor 1, 3 D", "Mayor 1, 3", "Menor 1")
    }
    assert len(keys) == 6
    assert duplicate_key(address(postcode="28013")) == ""
