"""Which templates are stamped, and that a wrong stamp is never made."""

import pytest

from bench import paper
from tests.toolkit.pdf.showing import unlikeness, words
from toolkit.pdf import ShapeCache, compile_template
from toolkit.pdf.stamping import check, shape

pytestmark = pytest.mark.pango

CSS = "body { font: 10pt 'IBM Plex Sans' } b { font-weight: 600 }"
SAMPLES = [{"a": "uno", "b": "dos"}, {"a": "tres cuatro", "b": "cinco"}]


def compiled(html: str, css: str = "", **options):
    return compile_template(
        paper.slotted(html),
        css=CSS + css,
        assets={"code": paper.invoice_code(1)},
        samples=SAMPLES,
        **options,
    )


@pytest.mark.parametrize(
    ("html", "css", "reason"),
    [
        ("<p><b>[a]</b> [b]</p>", "b { font-size: 20pt }", "font_size changes"),
        ("<p>[a] <img src='asset:code'></p>", "", "in a line"),
        ("<p><a href='https://x.example/'>[a]</a></p>", "", "link"),
        ("<p><u>[a]</u></p>", "", "text_decoration_line"),
        ("<p>[a]</p>", "p { float: left }", "float"),
        ("<p>[a]</p>", "p { display: inline-block }", "InlineBlockBox"),
        ("<div><p>[a]</p></div>", "div { display: flex }", "Flex"),
        ("<div><p>[a]</p></div>", "div { columns: 2 }", "column"),
        ("<p>[a]</p>", "p { transform: rotate(1deg) }", "transform"),
        ("<p>[a]</p>", "p { opacity: .5 }", "opacity"),
        ("<p>[a]</p>", "p { direction: rtl }", "direction"),
        ("<p>[a]</p>", "p { hyphens: auto }", "hyphens"),
        ("<p>[a]</p>", "p { text-indent: 1em }", "indented"),
        ("<p>[a]</p>", "p { color: #0008 }", "colour"),
        ("<p>[a]</p>", "p { font-family: Inter }", "font outside"),
        ("<p>[a]</p>", "p { position: fixed }", "every page"),
        ("<table><tr><td>[a]<td>[b]</table>", "", "columns depend"),
        ("<div><p>[a]</p></div>", "div { position: absolute; left: 0 }", "as wide as its text"),
        ("<p title='[a]'>[b]</p>", "", "attribute"),
        ("<p>always the same</p>", "", "nothing changes"),
        ("<div>[a]<p>x</p>[b]</div>", "", "beside blocks"),
        ("<p>[a]</p>", "p { overflow: hidden; height: 1mm }", "cut off"),
    ],
)
def test_what_is_unusual_stays_plain_and_says_why(html, css, reason):
    template = compiled(html, css)
    assert template.plain
    assert reason in template.reason


@pytest.mark.poppler
@pytest.mark.parametrize(
    ("html", "css"),
    [
        ("<p>Hola <b>[a]</b>, [b]: <span class='c'>[a]</span></p>", ".c { color: #a00 }"),
        ("<p>[a]<br>[b]</p><ul><li>[a] <b>[b]</b></li></ul>", ""),
        ("<h1>[a] [b]</h1>", "h1 { letter-spacing: .05em; text-transform: uppercase }"),
        ("<p>[a]</p>", "p { position: absolute; right: 10mm; top: 20mm }"),
        ("<p>[a]</p>", "p { text-align: center; font-variant-numeric: tabular-nums }"),
        ("<table><tr><td>[a]<td>[b]</table>", "table { table-layout: fixed; width: 90% }"),
        (
            "<div>[a] [b]</div><p>[a]</p><p style='break-before: page'>[b]</p>",
            "div { position: absolute; left: -90cm; width: 60cm; string-set: head content() }"
            "@page { @top-left { content: string(head); font: 8pt 'IBM Plex Sans' } }",
        ),
    ],
)
def test_what_is_usual_is_stamped(html, css):
    template = compiled(html, css)
    assert not template.plain, template.reason
    for values in ({"a": "Ágora 2026", "b": ""}, {"a": "AVATAR fi " * 30, "b": "0,06 € (x)"}):
        if template.stamp(values) is None:
            continue
        stamped, plain = template.pdf(values), template.pdf(values, plain=True)
        assert words(stamped) == words(plain)
        assert unlikeness(stamped, plain) <= 1


def test_without_samples_nothing_is_compared_and_so_nothing_stamped():
    template = compile_template(paper.slotted("<p>[a]</p>"))
    assert (template.plain, template.reason) == (True, "no samples")


def test_asked_for_the_ordinary_way_is_taken():
    template = compiled("<p>[a]</p>", plain=True)
    assert (template.plain, template.reason) == (True, "asked for")
    assert template.stamp({"a": "x"}) is None


def test_pictures_that_differ_make_the_template_plain(monkeypatch):
    monkeypatch.setattr(check, "_unlikeness", lambda *_: 9)
    template = compiled("<p>[a] [b]</p>")
    assert template.plain
    assert template.reason == "other pixels on page 1, by 9 of 255"


def test_words_that_differ_make_the_template_plain(monkeypatch):
    monkeypatch.setattr(shape.Shape, "_contents_of_pages", lambda *_: [b""])
    assert compiled("<p>[a] [b]</p>").reason == "other words on page 1"


def test_lines_that_differ_make_the_template_plain_while_it_works(monkeypatch):
    """A new way for the lines to fall is laid out, and compared with what would be stamped."""
    template = compiled("<p>[a] [b]</p>", "p { width: 40mm }")
    assert not template.plain
    monkeypatch.setattr("toolkit.pdf.stamping.lines.Paragraph.texts", lambda *_: ["something else"])
    values = {"a": "many words " * 9, "b": "x"}
    assert template.stamp(values) is None
    assert template.plain
    assert template.reason.startswith("other lines")


def test_one_of_many_is_laid_out_all_the_same(monkeypatch):
    monkeypatch.setattr(shape, "_AUDITED", 3)
    template = compiled("<p>[a] [b]</p>")
    assert not template.plain
    monkeypatch.setattr("toolkit.pdf.stamping.lines.Paragraph.texts", lambda *_: ["something else"])
    stamped = [template.stamp({"a": str(number), "b": "x"}) is not None for number in range(4)]
    assert False in stamped
    assert template.plain


def test_what_nobody_foresaw_makes_the_template_plain(monkeypatch, caplog):
    template = compiled("<p>[a] [b]</p>")
    monkeypatch.setattr(shape.Shape, "stamped", lambda *_: 1 / 0)
    assert template.stamp({"a": "x", "b": "y"}) is None
    assert template.plain
    assert "ZeroDivisionError" in template.reason
    assert "Stamping failed" in caplog.text


def test_a_shape_is_compiled_once_it_has_been_seen_often():
    shapes = ShapeCache(css=CSS, compile_after=3)
    html = paper.slotted("<p>[a]</p>")
    seen = [shapes.template(html, {"a": str(number)}).plain for number in range(4)]
    assert seen == [True, True, False, False]
    assert shapes.template(paper.slotted("<p>Otro [a]</p>"), {"a": "1"}).plain


def test_shapes_are_forgotten_and_may_come_again():
    shapes = ShapeCache(css=CSS, keep=2, plain=True)
    pages = [paper.slotted(f"<p>{number} [a]</p>") for number in range(3)]
    first = [shapes.template(page, {"a": "1"}) for page in pages]
    assert shapes.template(pages[2], {"a": "1"}) is first[2]
    assert shapes.template(pages[0], {"a": "1"}) is not first[0]


def test_a_plain_cache_compiles_nothing():
    shapes = ShapeCache(css=CSS, compile_after=1, plain=True)
    assert shapes.template(paper.slotted("<p>[a]</p>"), {"a": "1"}).plain
