"""Invoices stamped are invoices laid out, and each is an archive that carries its data."""

import datetime as dt
import io
from typing import Any

import pikepdf
import pytest
from PIL import Image

from bench import paper
from tests.toolkit.pdf.showing import unlikeness, words
from toolkit.pdf import Attachment, CompiledTemplate, compile_template
from toolkit.pdf.render import _srgb

pytestmark = [pytest.mark.pango, pytest.mark.poppler]

MOMENT = dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)


def compiled(lines: int, **options) -> CompiledTemplate:
    template = compile_template(
        paper.invoice(lines),
        css=paper.invoice_style(),
        assets={"logo": paper.LOGO},
        samples=[paper.invoice_values(99, lines)],
        pictures={"code": paper.invoice_code(99)},
        **options,
    )
    assert not template.plain, template.reason
    return template


def attached(content: bytes = b"<invoice/>") -> Attachment:
    return Attachment(name="factur-x.xml", content=content, changed_at=MOMENT)


def code_of(pdf: bytes) -> int:
    """Tell whose code a document shows."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        image: Any = next(iter(document.pages[-1].get_images().values()))
        shown = pikepdf.PdfImage(image).as_pil_image().convert("1").tobytes()
    codes = [Image.open(io.BytesIO(paper.invoice_code(number))) for number in range(3)]
    return [code.tobytes() for code in codes].index(shown)


@pytest.fixture(scope="module")
def invoice() -> CompiledTemplate:
    return compiled(4, archival=True)


@pytest.mark.parametrize(("lines", "pages"), [(4, 1), (14, 2), (31, 3)])
def test_random_invoices_show_what_weasyprint_shows(lines, pages):
    template = compiled(lines)
    for number in range(3):
        values = paper.invoice_values(number, lines)
        code = {"code": paper.invoice_code(number)}
        assert template.stamp(values, code) is not None, template.refused
        stamped = template.pdf(values, pictures=code)
        plain = template.pdf(values, pictures=code, plain=True)
        with pikepdf.open(io.BytesIO(stamped)) as document:
            assert len(document.pages) == pages
        assert words(stamped) == words(plain)
        assert values["total"].split()[0] in words(stamped)
        assert code_of(stamped) == code_of(plain) == number
        assert unlikeness(stamped, plain) <= 1


@pytest.mark.parametrize("plain", [False, True])
def test_an_archive_carries_its_data_and_says_so(invoice, plain):
    values = paper.invoice_values(1, 4) | {"number": "A/1 (ñ)"}
    xml = paper.invoice_xml(1, 4)
    code = {"code": paper.invoice_code(1)}
    pdf = invoice.pdf(
        values, pictures=code, attachment=attached(xml), created_at=MOMENT, plain=plain
    )
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert not document.check_pdf_syntax()
        assert list(document.attachments) == ["factur-x.xml"]
        file = document.attachments["factur-x.xml"]
        assert file.get_file().read_bytes() == xml
        assert file.get_file().mime_type == "text/xml"
        assert document.Root.AF[0].AFRelationship == "/Alternative"
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert document.Root.Lang == "es"
        assert document.docinfo["/Title"] == "Factura A/1 (ñ)"
        about = document.open_metadata()
        assert about["dc:title"] == "Factura A/1 (ñ)"
        assert about["dc:creator"] == ["BPI Audioconferencias, S.A."]
        assert about["xmp:CreateDate"] == "2026-10-31T12:00:00Z"
        assert (about["pdfaid:part"], about["pdfaid:conformance"]) == ("3", "B")
        factur_x = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
        assert about[f"{factur_x}DocumentFileName"] == "factur-x.xml"
        assert about[f"{factur_x}ConformanceLevel"] == "EN 16931"
        assert b"/Interpolate" not in pdf
        for font in document.pages[0].obj.Resources.Font.values():
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor


def test_the_same_invoice_is_the_same_bytes(invoice):
    def made(number: int) -> bytes:
        return invoice.pdf(
            paper.invoice_values(number, 4),
            pictures={"code": paper.invoice_code(number)},
            attachment=attached(paper.invoice_xml(number, 4)),
            created_at=MOMENT,
        )

    first = made(1)
    other = made(2)
    assert made(1) == first
    assert other != first


def test_its_colour_profile_is_the_same_the_first_time_and_later():
    _srgb.cache_clear()
    first = _srgb().content
    assert first == _srgb().content
    assert b"sRGB" in first


def test_only_an_archive_carries_a_file():
    template = compile_template(paper.slotted("<p>[a]</p>"), plain=True)
    with pytest.raises(ValueError, match="archival"):
        template.pdf({"a": "1"}, attachment=attached())


def test_a_coloured_picture_goes_the_ordinary_way(invoice):
    values = paper.invoice_values(1, 4)
    picture = io.BytesIO()
    Image.new("RGB", (20, 20), "#b4690e").save(picture, "PNG")
    assert invoice.stamp(values, {"code": picture.getvalue()}) is None
    assert "RGB" in invoice.refused
    assert b"/DeviceRGB" in invoice.pdf(values, pictures={"code": picture.getvalue()})


def test_a_missing_picture_is_left_out(invoice):
    values = paper.invoice_values(1, 4)
    assert invoice.stamp(values) is None
    assert "pictures" in invoice.refused
    assert values["number"] in words(invoice.pdf(values))
