"""Words and lines are Pango's own: glyph by glyph, break by break."""

import io
import random
import re
from html import escape

import pikepdf
import pytest

from toolkit.pdf.fonts import PLEX
from toolkit.pdf.render import Stationery
from toolkit.pdf.slots import SlottedHtml

pytestmark = pytest.mark.pango

TEXT = """el la tarifa conferencia (telefónica) contrato, factura; minutos: 0,06 12.345,67 C-2041
info@bpi-portal.example www.bpi.example García-López Muñoz 50 % 100 € +34 911 S.A. 2026 fin…
¿por qué? ¡sí! AVATAR Té fi ffi Øre Łódź 1.º 24/12/2026 10:30 h. A&B de un y a en su con por
«Ágora» y/o — 24-25"""
WORDS = TEXT.split()


def text(chance: random.Random, fewest: int, most: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(fewest, most)))


@pytest.mark.parametrize(("pixels", "weight"), [(14, 400), (10.6667, 600), (9.3333, 400)])
def test_words_are_shaped_as_pango_shapes_them(pixels, weight):
    from toolkit.pdf.stamping.words import ALPHABET, face

    chance = random.Random(20261124)  # noqa: S311
    words = [
        chance.choice(WORDS) if at % 2 else "".join(chance.choices(ALPHABET, k=at % 13 + 1))
        for at in range(200)
    ]
    stationery = Stationery(css="p { font-family: 'IBM Plex Sans'; white-space: nowrap }")
    page = f'<html lang="es"><body style="font-size:{pixels}px;font-weight:{weight}">'
    page += "".join(f"<p>{escape(word)}</p>" for word in words)
    pdf = stationery.paint(stationery.lay_out(stationery.page(page)))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [each.obj.Contents.read_bytes().decode() for each in document.pages]
    painted = re.findall(r"\[(<.*?)\] TJ", "".join(streams))
    shaping = face(PLEX[weight], int(pixels * 1024), (), "es")
    # WeasyPrint writes corrections of nothing, too.
    assert [
        re.sub(r">0(?:<|$)", lambda m: ">" if m[0] == ">0" else "", each) for each in painted
    ] == [shaping.word(word).glyphs for word in words]


def test_simple_words_break_nowhere_and_at_the_spaces_around_them():
    from toolkit.pdf.stamping.bits import _cuts
    from toolkit.pdf.stamping.words import _SIMPLE

    chance = random.Random(20261124)  # noqa: S311
    letters = "(¿¡\u201c\u2018«\"'.,:@_&\u2019;!?)…%aZñÉ0179ºªžŁ"
    simple = []
    while len(simple) < 6_000:
        word = "".join(chance.choices(letters, k=chance.randint(1, 6)))
        if _SIMPLE.fullmatch(word):
            simple.append(word)
    for at in range(0, len(simple), 6):
        line = " ".join(simple[at : at + 6])
        cuts = _cuts(line, "es")
        ends = [place for place in range(1, len(line)) if cuts[place]]
        assert ends == [place + 1 for place, letter in enumerate(line) if letter == " "], line


def template(chance: random.Random, paragraphs: int) -> tuple[str, int]:
    """Paragraphs of random widths with slots in and beside changes of style."""
    slots = 0

    def slot() -> str:
        nonlocal slots
        slots += 1
        return f'<span data-slot="s{slots}"></span>'

    def inline(depth: int = 0) -> str:
        pieces = []
        for _ in range(chance.randint(1, 5)):
            dice = chance.random()
            if dice < 0.4:
                pieces.append(slot())
            elif dice < 0.75 or depth == 2:
                pieces.append(escape(text(chance, 1, 12)))
            elif dice < 0.95:
                kind = chance.choice(("b", "b", "span class=c", "span class=n"))
                pieces.append(f"<{kind}>{inline(depth + 1)}</{kind.split()[0]}>")
            else:
                pieces.append("<br>")
            pieces.append(chance.choice((" ", " ", " ", "", ", ", ": ", "\n ", ")", " (")))
        return "".join(pieces)

    made = "".join(
        f'<p style="width:{chance.choice((60, 90, 120, 165))}mm;'
        f"font-size:{chance.choice((9, 10.5))}pt;"
        f'text-align:{chance.choice(("left", "justify", "justify", "right", "center"))}">'
        f"{inline()}{slot()}</p>"
        for _ in range(paragraphs)
    )
    return f'<html lang="es"><body>{made}</body></html>', slots


@pytest.mark.parametrize("seed", range(3))
def test_lines_fall_as_weasyprint_lets_them_fall(seed):
    """Where a paragraph isn't left to WeasyPrint, its lines and their places are the same."""
    from toolkit.pdf.stamping.capture import read_contents
    from toolkit.pdf.stamping.frames import frames_of, paragraph_of
    from toolkit.pdf.stamping.shape import _compare
    from toolkit.pdf.stamping.words import UnstampableError

    chance = random.Random(seed)  # noqa: S311
    html, slots = template(chance, 25)
    slotted = SlottedHtml.parse(html)
    stationery = Stationery(
        css="body { font-family: 'IBM Plex Sans' } b { font-weight: 600 } .c { color: #a00 }"
        ".n { font-variant-numeric: tabular-nums }"
    )
    contents = read_contents(slotted, stationery)
    compared = left = 0
    for _ in range(6):
        values = {
            f"s{at}": text(chance, 0, chance.choice((1, 3, 25))) for at in range(1, slots + 1)
        }
        page = stationery.page(slotted.filled(values))
        frames = frames_of(stationery.lay_out(page), page, contents)
        for key, frame in frames.items():
            paragraph = paragraph_of(key, frame, contents)
            try:
                lines = paragraph.lines(values)
            except UnstampableError:
                left += 1
                continue
            assert [len(lines)] == [len(copy) for copy in frame.copies]
            _compare(paragraph, frame, values, lines)
            compared += 1
    assert compared > left
