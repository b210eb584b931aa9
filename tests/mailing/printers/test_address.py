"""Addresses that people write, and those that would make the portal speak with something else."""

import pytest

from mailing.printers.address import AddressError, normal_address
from mailing.printers.media import Size, media_in_words, size_of, tray_in_words


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("folder:", "folder:"),
        ("192.168.1.20", "ipp://192.168.1.20/ipp/print"),
        (" Printer.Example:631/ ", "ipp://printer.example/ipp/print"),
        ("ipp://printer.example:8631/ipp/print", "ipp://printer.example:8631/ipp/print"),
        ("ipps://printer.example:443/ipp/print", "ipps://printer.example:443/ipp/print"),
        ("ipp://cups.example/printers/Letters_2", "ipp://cups.example/printers/Letters_2"),
        ("ipp://[fe80::1]:631/ipp/print", "ipp://[fe80::1]/ipp/print"),
    ],
)
def test_addresses_are_written_in_one_way(written, kept) -> None:
    assert normal_address(written) == kept


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("http://printer.example/", "bpi-address-scheme"),
        ("file:///etc/passwd", "bpi-address-scheme"),
        ("folder:/etc", "bpi-address-wrong"),
        ("socket://printer.example:9100", "bpi-address-scheme"),
        ("ipp://printer.example:25/ipp/print", "bpi-address-port"),
        ("ipp://printer.example:443/ipp/print", "bpi-address-port"),
        ("ipp://printer.example:99999/", "bpi-address-wrong"),
        ("ipp://user:secret@printer.example/ipp/print", "bpi-address-wrong"),
        ("ipp://printer.example/ipp/print?x=1", "bpi-address-wrong"),
        ("ipp://printer.example/ipp/print\r\nHost: other", "bpi-address-wrong"),
        ("ipp:///ipp/print", "bpi-address-wrong"),
        ("", "bpi-address-wrong"),
    ],
)
def test_what_is_no_printer_is_refused(written, reason) -> None:
    with pytest.raises(AddressError) as refused:
        normal_address(written)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("media", "size", "words"),
    [
        ("iso_a4_210x297mm", Size(21000, 29700), "A4 (210 × 297 mm)"),  # noqa: RUF001
        ("na_letter_8.5x11in", Size(21590, 27940), "Letter (8.5 × 11 in)"),  # noqa: RUF001
        ("iso_dl_110x220mm", Size(11000, 22000), "DL (110 × 220 mm)"),  # noqa: RUF001
        ("custom_banner_210x900mm", Size(21000, 90000), "Banner (210 × 900 mm)"),  # noqa: RUF001
        ("whatever", None, "whatever"),
    ],
)
def test_paper(media, size, words) -> None:
    assert (size_of(media), media_in_words(media)) == (size, words)


def test_trays() -> None:
    assert [tray_in_words(tray) for tray in ("tray-2", "main", "roll-7")] == [
        "Tray 2",
        "Main tray",
        "roll-7",
    ]
