"""Tables as files: CSV for programs, XLSX for people. A text stays a text, however it begins.

Moments are written in the time zone that is active when the table is asked for.
"""

import csv
import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice, zip_longest
from typing import IO, Any, Final, TypeVar

from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.http import content_disposition_header

R = TypeVar("R", bound=HttpResponseBase)
Value = str | Promise | int | Decimal | dt.date | dt.time | None
"""What a cell may hold; a ``datetime`` is a ``date`` here, a ``bool`` an ``int``."""

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"

_BOM: Final = "\ufeff"
_LONGEST_SHEET_NAME = 31
_FORBIDDEN_IN_SHEET_NAME = dict.fromkeys(map(ord, "[]:*?/\\"), " ")
# The wide forms of Chinese and Japanese keyboards count as well.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SIGNED_NUMBER = re.compile(r"[+-][0-9][0-9 .,]*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST_TEXT = 32_767  # in one cell of a workbook
_WIDEST = 48
_ROWS_MEASURED = 200


def csv_lines(head: Sequence[Value], rows: Iterable[Sequence[Value]]) -> Iterator[str]:
    """Write a table as CSV, line by line (RFC 4180, UTF-8 with byte order mark).

    Decimal point, ISO dates, moments with their offset. A text that a spreadsheet would take for
    a formula gets an apostrophe before it. ``rows`` is read only as the lines are, in the
    language that was active when this was called.
    """
    language, zone = translation.get_language(), timezone.get_current_timezone()
    labels = [str(label) for label in head]

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        buffer.write(_BOM)
        source = chain([labels], rows)
        while True:
            # A streamed answer is sent after its request has ended, and the language with it.
            with translation.override(language):
                row = next(source, None)
                if row is None:
                    return
                writer.writerow([_csv_cell(cell, zone) for cell in row])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()

    return lines()


def csv_file(head: Sequence[Value], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write a table as CSV in memory; see ``csv_lines``."""
    return "".join(csv_lines(head, rows)).encode()


def xlsx_file(title: str, head: Sequence[Value], rows: Iterable[Sequence[Value]]) -> bytes:
    """Write a table as a workbook in memory; see ``write_xlsx``."""
    content = io.BytesIO()
    write_xlsx(content, title, head, rows)
    return content.getvalue()


def write_xlsx(
    file: IO[bytes], title: str, head: Sequence[Value], rows: Iterable[Sequence[Value]]
) -> None:
    """Write a workbook of one sheet: bold head that stays, numbers as numbers, days as days.

    Row by row: memory stays flat however many there are. Moments lose their zone, as a sheet
    knows none: they show the local time.
    """
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    zone = timezone.get_current_timezone()
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title.translate(_FORBIDDEN_IN_SHEET_NAME)[:_LONGEST_SHEET_NAME])
    sheet.freeze_panes = "A2"
    source = iter(rows)
    first = list(islice(source, _ROWS_MEASURED))
    for column, width in enumerate(_widths([head, *first]), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.append([_xlsx_cell(sheet, str(label), zone, bold=True) for label in head])
    for row in chain(first, source):
        sheet.append([_xlsx_cell(sheet, value, zone) for value in row])
    book.save(file)


def download(content: bytes, *, filename: str, content_type: str) -> HttpResponse:
    """Answer a file to be saved; no cache keeps it, for it depends on who asked."""
    response = HttpResponse(content, content_type=content_type)
    return _to_be_saved(response, filename)


def table_response(
    file_format: str, *, name: str, head: Sequence[Value], rows: Iterable[Sequence[Value]]
) -> HttpResponseBase:
    """Answer a table as the download that an address asked for: ``csv`` or ``xlsx``.

    CSV is sent while ``rows`` is read: give it a generator over a queryset's ``iterator()``.

    Raises:
        Http404: there is no such format.
    """
    match file_format:
        case "csv":
            stream = StreamingHttpResponse(csv_lines(head, rows), content_type=CSV)
            return _to_be_saved(stream, f"{name}.csv")
        case "xlsx":
            file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
            write_xlsx(file, name, head, rows)
            file.seek(0)
            return _to_be_saved(FileResponse(file, content_type=XLSX), f"{name}.xlsx")
    raise Http404


def _to_be_saved(response: R, filename: str) -> R:
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=filename) or "attachment"
    )
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _csv_cell(cell: Value, zone: dt.tzinfo) -> str:
    if isinstance(cell, str | Promise):
        return _harmless(str(cell))
    match cell:
        case None:
            return ""
        case dt.datetime():
            return _local(cell, zone).isoformat(sep=" ", timespec="seconds")
        case dt.date() | dt.time():
            return cell.isoformat()
        case Decimal():
            return f"{cell:f}"
    return str(int(cell))


def _harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run.

    A number with its sign (a phone number, an amount) is left as it is: nothing runs there.
    Source: OWASP, "CSV Injection".
    """
    if text.lstrip(" ").startswith(_FORMULA_STARTS) and not _SIGNED_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _xlsx_cell(sheet: Any, value: Value, zone: dt.tzinfo, *, bold: bool = False) -> Any:  # noqa: ANN401
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell: Any = WriteOnlyCell(sheet)
    if isinstance(value, str | Promise):
        cell.value = _CONTROLS.sub("", str(value))[:_LONGEST_TEXT]
        cell.data_type = "s"  # no formula
    elif isinstance(value, dt.datetime):
        cell.value = _local(value, zone).replace(tzinfo=None)
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    else:
        cell.value = value
        if isinstance(value, dt.date):
            cell.number_format = "yyyy-mm-dd"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _widths(rows: Iterable[Sequence[Value]]) -> list[int]:
    """Return the width of each column in characters, with room for a margin."""
    lengths = ([len(str(value or "")) for value in row] for row in rows)
    columns = zip_longest(*lengths, fillvalue=0)
    return [min(max(column), _WIDEST) + 2 for column in columns]


def _local(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return moment.astimezone(zone) if timezone.is_aware(moment) else moment
