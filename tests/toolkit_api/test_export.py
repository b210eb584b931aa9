"""Tables as downloads: sent while they are read, and no cell becomes a formula."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from openpyxl import load_workbook

from toolkit.exports import csv_file, table_response, xlsx_file

# Closing an answer looks at the connections that tests before have left open.
pytestmark = pytest.mark.django_db
MADRID = "Europe/Madrid"
MOMENT = dt.datetime(2026, 11, 24, 11, 30, 5, tzinfo=dt.UTC)


def body(response):
    content = b"".join(response.streaming_content)
    response.close()
    return content


def sheet_of(content):
    return load_workbook(io.BytesIO(content)).active


def test_csv_is_a_download():
    with timezone.override(MADRID):
        response = table_response(
            "csv",
            name="tarifas ñ 2026",
            head=["a", "b"],
            rows=[
                ("Peña, S.A.", Decimal("-1234.50")),
                (MOMENT, dt.date(2026, 11, 24)),
                (None, True),
                (0, 'say "hi"'),
                (dt.time(9, 5), Decimal("1E+3")),
            ],
        )
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''tarifas%20%C3%B1%202026.csv"
    )
    assert body(response).decode("utf-8") == (
        "\ufeffa,b\r\n"
        '"Peña, S.A.",-1234.50\r\n'
        "2026-11-24 12:30:05+01:00,2026-11-24\r\n"
        ",1\r\n"
        '0,"say ""hi"""\r\n'
        "09:05:00,1000\r\n"
    )


def test_csv_keeps_the_language_of_its_request():
    yes = gettext_lazy("Yes")
    with translation.override("es"):
        response = table_response("csv", name="x", head=[yes], rows=[(yes,)])
    with translation.override("en"):
        assert body(response).decode("utf-8-sig") == "Sí\r\nSí\r\n"


def test_csv_is_sent_while_the_rows_are_read():
    read = []

    def rows():
        for number in range(3):
            read.append(number)
            yield (number,)

    response = table_response("csv", name="x", head=["a"], rows=rows())
    assert read == []
    sent = iter(response.streaming_content)
    next(sent)
    assert next(sent) == b"0\r\n"
    assert read == [0]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        '=HYPERLINK("http://x")',
        "\uff1d1",
    ],
)
def test_a_formula_is_text(text):
    sent = csv_file([text], [(text, text)]).decode("utf-8-sig")
    head, line = list(csv.reader(io.StringIO(sent, newline="")))
    assert head == [f"'{text}"]
    assert line == [f"'{text}"] * 2

    sheet = sheet_of(xlsx_file("x", [text], [(text, text)]))
    assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("text", ["+34 944 123 456", "-12,50", "a=1", "'", ""])
def test_what_is_no_formula_stays(text):
    sent = csv_file(["a", "b"], [(text, "")]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(sent, newline="")))[1] == [text, ""]


def test_a_sheet_holds_numbers_days_and_local_moments():
    with timezone.override(MADRID):
        response = table_response(
            "xlsx",
            name="x",
            head=["Name", "Amount"],
            rows=[
                ("Peña\x00", Decimal("1234.50")),
                (MOMENT, dt.date(2026, 11, 24)),
                (None, 7),
            ],
        )
    assert response["Content-Disposition"] == 'attachment; filename="x.xlsx"'
    assert response["Content-Type"] == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    sheet = sheet_of(body(response))
    assert [[cell.value for cell in row] for row in sheet] == [
        ["Name", "Amount"],
        ["Peña", 1234.5],
        [
            dt.datetime(2026, 11, 24, 12, 30, 5),  # noqa: DTZ001 (sheets know no zones)
            dt.datetime(2026, 11, 24),  # noqa: DTZ001
        ],
        [None, 7],
    ]
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width == pytest.approx(len(str(MOMENT)) + 2)


def test_no_other_format():
    with pytest.raises(Http404):
        table_response("pdf", name="x", head=["a"], rows=[])
