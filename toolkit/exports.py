"""Tables as files: CSV for programs, XLSX for people. A text stays a text, however it begins."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from django.http import Http404, HttpResponse

Value = str | int | Decimal | dt.date | None

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"

_LONGEST_SHEET_NAME = 31
_FORBIDDEN_IN_SHEET_NAME = dict.fromkeys(map(ord, "[]:*?/\\"), " ")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 48


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write a table as CSV (RFC 4180, UTF-8 with byte order mark, decimal point, ISO dates).

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_file(title: str, head: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write a table as a workbook of one sheet: bold head, numbers as numbers, days as days."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 (a new workbook has one sheet)
    sheet.title = title.translate(_FORBIDDEN_IN_SHEET_NAME)[:_LONGEST_SHEET_NAME]
    widths = [len(label) for label in head]
    for number, row in enumerate([head, *rows], start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # no formula
            if isinstance(value, dt.date):
                cell.number_format = "yyyy-mm-dd"
            widths[column - 1] = max(widths[column - 1], len(str(value or "")))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = min(width, _WIDEST) + 2
    sheet.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def download(content: bytes, *, filename: str, content_type: str) -> HttpResponse:
    """Answer a file to be saved; no cache keeps it, for it depends on who asked."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store, private"
    return response


def table_response(
    file_format: str, *, name: str, head: Sequence[str], rows: Iterable[Sequence[Value]]
) -> HttpResponse:
    """Answer a table as the download that an address asked for: ``csv`` or ``xlsx``.

    Raises:
        Http404: there is no such format.
    """
    match file_format:
        case "csv":
            return download(csv_file(head, rows), filename=f"{name}.csv", content_type=CSV)
        case "xlsx":
            file = xlsx_file(name, head, rows)
            return download(file, filename=f"{name}.xlsx", content_type=XLSX)
    raise Http404


def _csv_cell(cell: Value) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
        case dt.date():
            return cell.isoformat()
        case Decimal():
            return f"{cell:f}"
    return str(cell)
