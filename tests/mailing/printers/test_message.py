"""The bytes of IPP: the examples of RFC 8010, appendix A, and what is none of it."""

import contextlib
import datetime as dt
import random

import pytest

from mailing.printers.ipp_message import (
    Group,
    IppFormatError,
    Tag,
    attribute,
    decode,
    encode_request,
)

URI = "ipp://printer.example.com/ipp/print/pinetree"
FIRST = (
    attribute(Tag.CHARSET, "attributes-charset", "utf-8"),
    attribute(Tag.LANGUAGE, "attributes-natural-language", "en-us"),
    attribute(Tag.URI, "printer-uri", URI),
)


def octets(*parts: str | bytes) -> bytes:
    """Put hexadecimal numbers, written as in the RFC, and texts together."""
    return b"".join(
        bytes.fromhex(part.removeprefix("0x")) if isinstance(part, str) else part for part in parts
    )


CHARSET_AND_LANGUAGE = octets(
    *("0x47", "0x0012", b"attributes-charset", "0x0005", b"utf-8"),
    *("0x48", "0x001b", b"attributes-natural-language", "0x0005", b"en-us"),
)
TARGET = octets("0x45", "0x000b", b"printer-uri", "0x002c", URI.encode())
SAID_OK = octets("0x41", "0x000e", b"status-message", "0x000d", b"successful-ok")


def test_a1_print_job_request() -> None:
    request = encode_request(
        0x0002,
        1,
        [
            (
                Group.OPERATION,
                [
                    *FIRST,
                    attribute(Tag.NAME, "job-name", "foobar"),
                    attribute(Tag.BOOLEAN, "ipp-attribute-fidelity", True),  # noqa: FBT003
                ],
            ),
            (
                Group.JOB,
                [
                    attribute(Tag.INTEGER, "copies", 20),
                    attribute(Tag.KEYWORD, "sides", "two-sided-long-edge"),
                ],
            ),
        ],
        version=(1, 1),
    )
    assert request == octets(
        *("0x0101", "0x0002", "0x00000001", "0x01"),
        CHARSET_AND_LANGUAGE,
        TARGET,
        *("0x42", "0x0008", b"job-name", "0x0006", b"foobar"),
        *("0x22", "0x0016", b"ipp-attribute-fidelity", "0x0001", "0x01"),
        "0x02",
        *("0x21", "0x0006", b"copies", "0x0004", "0x00000014"),
        *("0x44", "0x0005", b"sides", "0x0013", b"two-sided-long-edge"),
        "0x03",
    )


def test_a2_print_job_response() -> None:
    answer = decode(
        octets(
            *("0x0101", "0x0000", "0x00000001", "0x01"),
            CHARSET_AND_LANGUAGE,
            SAID_OK,
            "0x02",
            *("0x21", "0x0006", b"job-id", "0x0004", "0x00000093"),
            *("0x45", "0x0007", b"job-uri", "0x0030", URI.encode(), b"/147"),
            *("0x23", "0x0009", b"job-state", "0x0004", "0x00000003"),
            "0x03",
        )
    )
    assert (answer.status, answer.request_id) == (0, 1)
    assert answer.first(Group.JOB) == {
        "job-id": [147],
        "job-uri": [f"{URI}/147"],
        "job-state": [3],
    }


def test_a3_print_job_response_failure() -> None:
    message = b"client-error-attributes-or-values-not-supported"
    answer = decode(
        octets(
            *("0x0101", "0x040b", "0x00000001", "0x01"),
            CHARSET_AND_LANGUAGE,
            *("0x41", "0x000e", b"status-message", "0x002f", message),
            "0x05",
            *("0x21", "0x0006", b"copies", "0x0004", "0x00000014"),
            *("0x10", "0x0005", b"sides", "0x0000"),
            "0x03",
        )
    )
    assert answer.status == 0x040B
    assert answer.first(Group.UNSUPPORTED) == {"copies": [20], "sides": []}
    assert answer.first(Group.JOB) == {}


def test_a7_create_job_request_with_a_collection() -> None:
    size = [
        attribute(Tag.INTEGER, "x-dimension", 21000),
        attribute(Tag.INTEGER, "y-dimension", 29700),
    ]
    media_col = [
        attribute(Tag.BEGIN_COLLECTION, "media-size", size),
        attribute(Tag.KEYWORD, "media-type", "stationery"),
    ]
    groups = [
        (Group.OPERATION, FIRST),
        (Group.JOB, [attribute(Tag.BEGIN_COLLECTION, "media-col", media_col)]),
    ]
    expected = octets(
        *("0x0101", "0x0005", "0x00000001", "0x01"),
        CHARSET_AND_LANGUAGE,
        TARGET,
        "0x02",
        *("0x34", "0x0009", b"media-col", "0x0000"),
        *("0x4a", "0x0000", "0x000a", b"media-size"),
        *("0x34", "0x0000", "0x0000"),
        *("0x4a", "0x0000", "0x000b", b"x-dimension"),
        *("0x21", "0x0000", "0x0004", "0x00005208"),
        *("0x4a", "0x0000", "0x000b", b"y-dimension"),
        *("0x21", "0x0000", "0x0004", "0x00007404"),
        *("0x37", "0x0000", "0x0000"),
        *("0x4a", "0x0000", "0x000a", b"media-type"),
        *("0x44", "0x0000", "0x000a", b"stationery"),
        *("0x37", "0x0000", "0x0000"),
        "0x03",
    )
    assert encode_request(0x0005, 1, groups, version=(1, 1)) == expected
    assert decode(expected).first(Group.JOB) == {
        "media-col": [
            {
                "media-size": [{"x-dimension": [21000], "y-dimension": [29700]}],
                "media-type": ["stationery"],
            }
        ]
    }


def test_a8_get_jobs_request_with_additional_values() -> None:
    names = ("job-id", "job-name", "document-format")
    request = encode_request(
        0x000A,
        123,
        [
            (
                Group.OPERATION,
                [
                    *FIRST,
                    attribute(Tag.INTEGER, "limit", 50),
                    attribute(Tag.KEYWORD, "requested-attributes", *names),
                ],
            )
        ],
        version=(1, 1),
    )
    assert request == octets(
        *("0x0101", "0x000a", "0x0000007b", "0x01"),
        CHARSET_AND_LANGUAGE,
        TARGET,
        *("0x21", "0x0005", b"limit", "0x0004", "0x00000032"),
        *("0x44", "0x0014", b"requested-attributes", "0x0006", b"job-id"),
        *("0x44", "0x0000", "0x0008", b"job-name"),
        *("0x44", "0x0000", "0x000f", b"document-format"),
        "0x03",
    )


def test_a9_get_jobs_response_one_group_for_each_job() -> None:
    answer = decode(
        octets(
            *("0x0101", "0x0000", "0x0000007b", "0x01"),
            CHARSET_AND_LANGUAGE,
            SAID_OK,
            "0x02",
            *("0x21", "0x0006", b"job-id", "0x0004", "0x00000093"),
            *("0x36", "0x0008", b"job-name", "0x000c", "0x0005", b"fr-ca", "0x0003", b"fou"),
            "0x02",
            "0x02",
            *("0x21", "0x0006", b"job-id", "0x0004", "0x00000094"),
            *("0x36", "0x0008", b"job-name", "0x0012"),
            *("0x0005", b"de-CH", "0x0009", b"isch guet"),
            "0x03",
        )
    )
    assert answer.all(Group.JOB) == [
        {"job-id": [147], "job-name": ["fou"]},
        {},
        {"job-id": [148], "job-name": ["isch guet"]},
    ]


def test_other_syntaxes() -> None:
    answer = decode(
        octets(
            *("0x0200", "0x0000", "0x00000001", "0x04"),
            *("0x33", "0x0001", b"r", "0x0008", "0x00000001", "0x000003e7"),
            *("0x32", "0x0001", b"d", "0x0009", "0x00000258", "0x00000258", "0x03"),
            *("0x31", "0x0001", b"t", "0x000b", "0x07ea0b18100705032b0100"),
            *("0x30", "0x0001", b"o", "0x0002", "0xff00"),
            *("0x22", "0x0001", b"b", "0x0001", "0x00"),
            *("0x13", "0x0001", b"n", "0x0000"),
            "0x03",
        )
    )
    zone = dt.timezone(dt.timedelta(hours=1))
    assert answer.first(Group.PRINTER) == {
        "r": [(1, 999)],
        "d": [(600, 600, 3)],
        "t": [dt.datetime(2026, 11, 24, 16, 7, 5, 300_000, zone)],
        "o": [b"\xff\x00"],
        "b": [False],
        "n": [],
    }


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n<html></html>",
        octets("0x0101", "0x0000", "0x00000001", "0x01"),  # no end
        octets("0x0101", "0x0000", "0x00000001", "0x21", "0x0001", b"a", "0x0004", "0x00000001"),
        octets(
            "0x0101", "0x0000", "0x00000001", "0x01", "0x21", "0x0001", b"a", "0x0002", "0x0001"
        ),
        octets("0x0101", "0x0000", "0x00000001", "0x01", "0x44", "0xffff", b"a"),
        octets("0x0101", "0x0000", "0x00000001", "0x01", "0x34", "0x0001", b"c", "0x0000")
        + octets("0x34", "0x0000", "0x0000") * 2000,  # nested without end
        octets(
            "0x0101", "0x0000", "0x00000001", "0x01", "0x31", "0x0001", b"t", "0x000b", "00" * 11
        ),
    ],
)
def test_what_is_no_message_is_refused(message) -> None:
    with pytest.raises(IppFormatError):
        decode(message)


def test_broken_bytes_never_break_the_reader() -> None:
    chance = random.Random(8010)  # noqa: S311
    whole = octets(
        *("0x0101", "0x0000", "0x00000001", "0x01"),
        CHARSET_AND_LANGUAGE,
        *("0x34", "0x0009", b"media-col", "0x0000"),
        *("0x4a", "0x0000", "0x000a", b"media-type", "0x44", "0x0000", "0x0001", b"x"),
        *("0x37", "0x0000", "0x0000", "0x03"),
    )
    for _ in range(2000):
        broken = bytearray(whole)
        for _hit in range(chance.randint(1, 4)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with contextlib.suppress(IppFormatError):
            decode(bytes(broken[: chance.randint(0, len(broken))]))


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        encode_request(2, 1, [(Group.JOB, [attribute(Tag.NAME, "job-name", "x" * 40_000)])])
    with pytest.raises(ValueError, match="cannot be sent"):
        encode_request(2, 1, [(Group.JOB, [attribute(Tag.INTEGER, "copies", "many")])])
