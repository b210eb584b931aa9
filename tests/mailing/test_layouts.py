"""Layouts measured on paper: the address in the window, nothing else there, page numbers."""

import html
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailing.documents import LAYOUTS, Box, House, Layout, LetterPage, LetterPaper, fit
from mailing.documents.window import capacity, width_of
from toolkit.pdf import compile_template

MM = 25.4 / 72
HOUSE = House(
    name="Conferencias Ibéricas",
    legal_name="Conferencias Ibéricas, S.A.",
    tax_id="A58818501",
    lines=("Calle de Serrano 88", "28006 Madrid"),
    city="Madrid",
    country="ES",
    phone="+34 915 550 100",
    email="hola@conferencias.example",
    registry="Registro Mercantil de Madrid, tomo 31.415",
)
SHORT = ["Óptica Lumen, S.L.", "Calle del Urumea 12", "20012 DONOSTIA"]
LONG = [
    "María de las Mercedes Fernández-Villaverde y Ruiz de Arcaute",
    "Instalaciones Eléctricas y Redes Telemáticas del Cantábrico, S.L.U.",
    "Avenida de la Constitución 122, torre norte",
    "39004 SANTANDER",
    "ESPAÑA",
]
ENDLESS = ["Sociedad " * 30, *LONG]
BODY = "<p>Texto de la carta.</p>" + "<p>Una línea más de la carta.</p>" * 60


@dataclass(frozen=True)
class Word:
    text: str
    box: Box


def paper(layout: Layout, **given: object) -> LetterPaper:
    usual = {"letterhead": True, "language": "es", "title": "Tarifas", "house": HOUSE}
    return LetterPaper(layout=layout, **usual | given)  # type: ignore[arg-type]


def page_of(sheet: LetterPaper, lines: list[str], **given: str) -> LetterPage:
    texts = {"subject": "Asunto", "body": BODY, "enclosure": "", **given}
    date = {"letter.date": "24 de noviembre de 2026", "letter.number": "C-000123"}
    return sheet.page(lines=lines, values=date, **texts)


def printed(sheet: LetterPaper, page: LetterPage, folder: Path) -> list[list[Word]]:
    """Return the words of every page with their places in millimetres."""
    template = compile_template(page.html, css=sheet.css, assets=sheet.assets, plain=True)
    (folder / "letter.pdf").write_bytes(template.pdf(page.values))
    command = ["pdftotext", "-bbox", "letter.pdf", "-"]
    found = subprocess.run(  # noqa: S603
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    pattern = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
    pages = []
    for text in found.split("<page ")[1:]:
        words = []
        for *corners, word in re.findall(pattern, text):
            left, top, right, bottom = (float(corner) * MM for corner in corners)
            words.append(Word(html.unescape(word), Box(left, top, right - left, bottom - top)))
        pages.append(words)
    return pages


def is_in(box: Box, outer: Box) -> bool:
    return (
        outer.left <= box.left
        and box.right <= outer.right
        and outer.top <= box.top
        and box.bottom <= outer.bottom
    )


def touches(box: Box, outer: Box) -> bool:
    return (
        box.left < outer.right
        and outer.left < box.right
        and box.top < outer.bottom
        and outer.top < box.bottom
    )


@pytest.mark.pango
@pytest.mark.poppler
@pytest.mark.parametrize("lines", [SHORT, LONG, ENDLESS], ids=["short", "long", "endless"])
@pytest.mark.parametrize("code", LAYOUTS)
def test_the_window_shows_the_address_and_nothing_else(
    code: str, lines: list[str], tmp_path: Path
) -> None:
    layout = LAYOUTS[code]
    sheet = paper(layout)
    page = page_of(sheet, lines)
    assert page.fits == (lines != ENDLESS)
    first = printed(sheet, page, tmp_path)[0]
    shown = [word for word in first if touches(word.box, layout.window)]
    assert [word for word in shown if not is_in(word.box, layout.window)] == []
    expected = [HOUSE.sender, *lines] if layout.sender else lines
    words = " ".join(expected).split()
    if page.fits:
        assert [word.text for word in shown] == words
    else:  # what is too long is left out, never printed beside the window
        assert [word.text for word in shown] == words[: len(shown)]


@pytest.mark.pango
@pytest.mark.poppler
@pytest.mark.parametrize("code", LAYOUTS)
def test_the_text_begins_below_the_window_and_stays_on_the_sheet(code: str, tmp_path: Path) -> None:
    layout = LAYOUTS[code]
    sheet = paper(layout, has_enclosure=True)
    pages = printed(sheet, page_of(sheet, SHORT, enclosure="<h2>Anexo</h2>"), tmp_path)
    assert len(pages) >= 3
    subject = next(word for word in pages[0] if word.text == "Asunto")
    assert layout.window.bottom + 8 < subject.box.top < layout.folds[0] + 12
    assert all(is_in(word.box, layout.sheet) for words in pages for word in words)
    # The number stands on every page but the first; attachments have a page of their own.
    last = len(pages)
    numbers = [" ".join(word.text for word in words[-3:]) for words in pages]
    assert numbers[1:] == [f"{at} / {last}" for at in range(2, last + 1)]
    assert numbers[0] != f"1 / {last}"
    assert [word.text for word in pages[-1]] == ["Anexo", str(last), "/", str(last)]


@pytest.mark.pango
@pytest.mark.poppler
def test_paper_that_is_printed_already_gets_no_letterhead(tmp_path: Path) -> None:
    sheet = paper(LAYOUTS["dl_left"], letterhead=False)
    page = page_of(sheet, SHORT, body="<p>Texto.</p>")
    (words,) = printed(sheet, page, tmp_path)
    texts = [word.text for word in words]
    assert texts[:3] == ["Óptica", "Lumen,", "S.L."]
    assert not {"Conferencias", "Registro", HOUSE.tax_id} & set(texts)
    assert min(word.box.top for word in words) > 45


def test_letters_that_differ_in_words_have_one_shape() -> None:
    sheet = paper(LAYOUTS["dl_left"])
    one = page_of(sheet, SHORT)
    other = page_of(sheet, ["Otro", "Calle 2", "28013 MADRID"])
    assert one.html == other.html
    assert one.values != other.values
    assert page_of(sheet, [*SHORT, "FRANCIA"]).html != one.html
    assert page_of(sheet, SHORT, subject="").html != one.html
    assert sheet.css == paper(LAYOUTS["dl_left"], letterhead=False).css


def test_a_value_can_not_take_the_place_of_another_part() -> None:
    sheet = paper(LAYOUTS["dl_left"])
    body = "<p>\x00enclosure\x00 \x00address\x00</p>"
    assert body in page_of(sheet, SHORT, body=body).html


def test_lines_shrink_before_they_break() -> None:
    wide = fit(["x" * 40], width=79, height=36)
    assert (wide.lines, wide.size, wide.fits) == (("x" * 40,), 10.0, True)
    narrow = fit(["m" * 29], width=79, height=36)
    assert (narrow.lines, narrow.size, narrow.fits) == (("m" * 29,), 8.5, True)
    broken = fit(["largo " * 20], width=79, height=36)
    assert (len(broken.lines), broken.size, broken.fits) == (3, 10.0, True)
    assert fit(["x" * 200], width=79, height=36).fits
    assert not fit(["línea"] * 12, width=79, height=26).fits
    assert capacity(36, 10) == 8


WORDS = st.lists(st.text("aáñWiü.,-9 ", min_size=1, max_size=70), min_size=1, max_size=7)


@settings(max_examples=60)
@given(WORDS, st.sampled_from(sorted(LAYOUTS)))
def test_whatever_fits_is_not_wider_than_its_place(lines: list[str], code: str) -> None:
    box = LAYOUTS[code].address
    fitted = fit(lines, width=box.width, height=box.height)
    assert all(width_of(line, fitted.size) <= box.width + 0.001 for line in fitted.lines)
    assert len(fitted.lines) <= capacity(box.height, fitted.size)
    said, wanted = ("".join(each).replace(" ", "") for each in (fitted.lines, lines))
    assert said == wanted if fitted.fits else wanted.startswith(said)
