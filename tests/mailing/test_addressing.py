"""Envelopes and labels have the measures of their makers."""

import pytest

from mailing.documents.addressing import STOCKS

A4 = (210, 297)


@pytest.mark.parametrize(
    ("name", "columns", "rows", "size", "left", "top", "pitch"),
    [
        ("labels_l7160", 3, 7, (63.5, 38.1), 7.21, 15.15, 66.04),
        ("labels_l7163", 2, 7, (99.1, 38.1), 4.65, 15.15, 101.6),
    ],
)
def test_labels_stand_where_avery_cuts_them(name, columns, rows, size, left, top, pitch):
    stock = STOCKS[name]
    assert (stock.width, stock.height) == A4
    assert stock.per_page == columns * rows
    width, height = size
    for place, box in enumerate(stock.places):
        row, column = divmod(place, columns)
        x, y = left + column * pitch, top + row * height
        assert x < box.left < box.right < x + width
        assert y < box.top < box.bottom < y + height
        # In the middle of the label, to a twentieth of a millimetre.
        assert box.left - x == pytest.approx(x + width - box.right, abs=0.05)
        assert box.top - y == pytest.approx(y + height - box.bottom, abs=0.05)


@pytest.mark.parametrize(
    ("name", "size"), [("envelopes_dl", (220, 110)), ("envelopes_10", (9.5 * 25.4, 4.125 * 25.4))]
)
def test_envelopes_keep_clear_what_the_post_needs(name, size):
    stock = STOCKS[name]
    assert (stock.width, stock.height) == pytest.approx(size)
    (box,) = stock.places
    assert stock.width - box.right >= 15
    assert stock.height - box.bottom >= 15.9
    assert box.top >= 40
    assert stock.sender is not None
    assert stock.sender.bottom <= 40


def test_number_10_is_read_by_machines():
    (box,) = STOCKS["envelopes_10"].places
    height = STOCKS["envelopes_10"].height
    assert height - 2.75 * 25.4 <= box.top
    assert box.bottom <= height - 0.625 * 25.4


def test_a_page_takes_no_more_than_it_holds():
    with pytest.raises(ValueError, match="2 addresses"):
        STOCKS["envelopes_dl"].page([["Ana"], ["Bea"]])


def test_what_does_not_fit_says_so():
    page = STOCKS["labels_l7160"].page([["Ana"], ["muy larga " * 60]])
    assert page.fits == (True, False)
