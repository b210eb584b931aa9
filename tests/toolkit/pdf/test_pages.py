"""Pages taken out of a document."""

import io

import pikepdf
import pytest

from bench import paper
from tests.toolkit.pdf.showing import unlikeness, words
from toolkit.pdf import compile_template, pages_of, write_letters

pytestmark = [pytest.mark.pango, pytest.mark.poppler]


@pytest.fixture(scope="module")
def letters():
    samples = [paper.letter_values(number) for number in range(3)]
    template = compile_template(
        paper.letter(), css=paper.LETTER_STYLE, assets={"logo": paper.LOGO}, samples=samples
    )
    out = io.BytesIO()
    ranges = write_letters([(template, paper.letter_values(n)) for n in range(5)], out, duplex=True)
    return template, out.getvalue(), ranges


def test_the_exact_letter_of_one_customer(letters, tmp_path):
    template, document, ranges = letters
    path = tmp_path / "letters.pdf"
    path.write_bytes(document)
    only = pages_of(path, ranges[2].first, ranges[2].last)
    values = paper.letter_values(2)
    assert values["email"] in words(only)
    assert paper.letter_values(1)["email"] not in words(only)
    assert unlikeness(only, template.pdf(values, plain=True)) <= 1
    assert pages_of(document, ranges[2].first, ranges[2].last) == only
    with pikepdf.open(io.BytesIO(only)) as extract:
        assert len(extract.pages) == 1


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1), (10, 11)])
def test_pages_that_are_not_there(letters, first, last):
    with pytest.raises(ValueError, match="no pages"):
        pages_of(letters[1], first, last)
