"""Tables as files, and PDFs that fetch nothing."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest

from toolkit.exports import Value, csv_file, xlsx_file
from toolkit.pdf import render_pdf

ROW: list[Value] = ["=1+1", "Café, «ñ»", Decimal("0.0612"), dt.date(2026, 11, 24), None, 60]


def test_csv_defuses_formulas_and_keeps_exact_numbers():
    content = csv_file(["a", "b", "c", "d", "e", "f"], [ROW])
    assert content.decode("utf-8-sig").splitlines() == [
        "a,b,c,d,e,f",
        """'=1+1,"Café, «ñ»",0.0612,2026-11-24,,60""",
    ]


def test_xlsx_holds_texts_numbers_and_days():
    book = openpyxl.load_workbook(io.BytesIO(xlsx_file("C-1: a/b", list("abcdef"), [ROW])))
    sheet = book.active
    assert sheet is not None
    assert sheet.title == "C-1  a b"
    text, _name, price, day, empty, seconds = next(sheet.iter_rows(min_row=2))
    assert (text.value, text.data_type) == ("=1+1", "s")
    assert price.value == pytest.approx(0.0612)
    assert day.value == dt.datetime(2026, 11, 24)  # noqa: DTZ001 (a day has no zone)
    assert (empty.value, seconds.value) == (None, 60)


@pytest.mark.pango
def test_a_pdf_fetches_nothing_but_its_own_images():
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
        "6060f80f0001040100e221bc330000000049454e44ae426082"
    )
    html = "<html><body><img src='asset:a.png' alt='A'><img src='file:///etc/hostname'></body>"
    with_image = render_pdf(html, images={"a.png": pixel})
    assert b"/Subtype /Image" in with_image
    assert b"/Subtype /Image" not in render_pdf(html)
