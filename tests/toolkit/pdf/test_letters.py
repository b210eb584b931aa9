"""Letters stamped are letters laid out: the same words, the same pixels, whatever they say."""

import io
import random

import pikepdf
import pytest

from bench import paper
from tests.toolkit.pdf.showing import unlikeness, words
from toolkit.pdf import (
    CompiledTemplate,
    MalformedSlotError,
    MissingValueError,
    PageRange,
    compile_template,
    write_letters,
)

pytestmark = [pytest.mark.pango, pytest.mark.poppler]

NOTE = paper.slotted("<p>[note]</p><p>Atentamente,</p>")
LONG = paper.letter().replace("<p>Atentamente,</p>", NOTE)
TEXT = """la nueva tarifa de conferencias (telefónica) entra en vigor; 0,06 €/min, García-López:
12.345,67 EUR, info@bpi-portal.example ¿por qué? ¡sí! AVATAR fi ffi Łódź 24/12/2026 año…"""
SAID = TEXT.split()


def values(number: int) -> dict[str, str]:
    """A letter that may need a second page."""
    chance = random.Random(number)  # noqa: S311
    note = " ".join(chance.choice(SAID) for _ in range(chance.choice((0, 3, 40, 400))))
    return paper.letter_values(number) | {"note": note}


@pytest.fixture(scope="module")
def letter() -> CompiledTemplate:
    samples = [values(number) for number in range(100, 106)]
    template = compile_template(
        LONG, css=paper.LETTER_STYLE, assets={"logo": paper.LOGO}, samples=samples
    )
    assert not template.plain, template.reason
    return template


def written(template, records, **options) -> tuple[bytes, list[PageRange]]:
    out = io.BytesIO()
    ranges = write_letters([(template, each) for each in records], out, **options)
    return out.getvalue(), ranges


def test_sixty_random_letters_show_what_weasyprint_shows(letter):
    records = [values(number) for number in range(60)]
    stamped, ranges = written(letter, records)
    plain, plain_ranges = written(letter, records, plain=True)
    assert sum(each.stamped for each in ranges) >= 57
    assert not any(each.stamped for each in plain_ranges)
    places = [(each.first, each.last) for each in ranges]
    assert places == [(each.first, each.last) for each in plain_ranges]
    assert max(last - first for first, last in places) >= 1  # some needed a second page
    assert words(stamped) == words(plain)
    assert unlikeness(stamped, plain) <= 1


@pytest.mark.parametrize(
    "said",
    [
        "שלום עולם",  # from right to left
        "東京",  # in no font of the portal
        "Ελλάδα",  # in the font, not in the book
        "co\u0301mo",  # a mark put on a letter
        "soft\u00adhyphen",
        "x" * 200,  # longer than a line
        "a\u00a0b " * 40,  # no-break spaces in justified lines
    ],
)
def test_what_cannot_be_stamped_goes_the_ordinary_way(letter, said):
    record = values(1) | {"note": said}
    pdf, (only,) = written(letter, [record])
    assert not only.stamped
    assert letter.refused
    assert not letter.plain
    assert words(pdf) == words(written(letter, [record], plain=True)[0])


def test_letters_of_both_ways_keep_their_order(letter):
    records = [values(number) for number in range(6)]
    records[1]["note"] = records[4]["note"] = "東京"
    pdf, ranges = written(letter, records)
    assert [each.stamped for each in ranges] == [True, False, True, True, False, True]
    read = words(pdf)
    emails = [record["email"] for record in records]
    assert [word for word in read if word in emails] == emails


def test_a_letter_begins_on_a_front_side_in_duplex(letter):
    records = [values(number) | {"note": "a " * (600 * (number % 2))} for number in range(4)]
    pdf, ranges = written(letter, records, duplex=True)
    assert [(each.first, each.last, each.padding) for each in ranges] == [
        (1, 1, 1),
        (3, 4, 0),
        (5, 5, 1),
        (7, 8, 0),
    ]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) == 8
        assert not document.check_pdf_syntax()
        assert "/Contents" not in document.pages[1]
        assert {tuple(map(float, page.mediabox)) for page in document.pages} == {
            (0, 0, 595.275591, 841.889764)
        }


def test_the_same_letters_are_the_same_bytes(letter):
    records = [values(number) for number in range(8)]
    once, _ranges = written(letter, records, duplex=True)
    assert written(letter, records, duplex=True)[0] == once
    assert written(letter, records[:7], duplex=True)[0] != once


def test_a_separator_is_a_letter_like_any_other(letter):
    short = values(0) | {"note": ""}
    sheet = compile_template(paper.slotted("<h1>[country]</h1>"), plain=True)
    out = io.BytesIO()
    ranges = write_letters(
        [(sheet, {"country": "España"}), (letter, short), (sheet, {"country": "Portugal"})], out
    )
    assert [(each.first, each.last) for each in ranges] == [(1, 1), (2, 2), (3, 3)]
    read = words(out.getvalue())
    assert (read[0], read[-1]) == ("España", "Portugal")


def test_a_letter_goes_into_a_file(letter, tmp_path):
    (only,) = write_letters([(letter, values(0) | {"note": ""})], tmp_path / "letter.pdf")
    assert only == PageRange(1, 1, 0, stamped=True)
    assert paper.letter_values(0)["email"] in words((tmp_path / "letter.pdf").read_bytes())


def test_every_slot_needs_a_value(letter):
    record = values(0)
    del record["email"]
    for plain in (False, True):
        with pytest.raises(MissingValueError, match="email"):
            written(letter, [record], plain=plain)


def test_no_letter_is_no_document():
    with pytest.raises(ValueError, match="no letter"):
        write_letters([], io.BytesIO())


@pytest.mark.parametrize(
    "html",
    [
        '<p><span data-slot="a">x</span></p>',
        "<p><span data-slot='a'></span></p>",
        '<p class="x" data-slot="a"></p>',
    ],
)
def test_slots_are_written_in_one_way(html):
    with pytest.raises(MalformedSlotError):
        compile_template(html)


def test_values_are_text_and_no_markup(letter):
    record = values(0) | {"note": "<b>1 < 2</b> & &amp; <img src=x>"}
    pdf, _ranges = written(letter, [record])
    plain, _ranges = written(letter, [record], plain=True)
    assert words(pdf) == words(plain)
    assert "&amp;" in words(pdf)
