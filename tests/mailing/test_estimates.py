"""What a mailing will take: sheets, postage, minutes."""

import datetime as dt

import pytest

from mailing.models import Printer, PrintJob
from mailing.selectors import Postage, estimates
from mailing.selectors.estimates import zone_of
from mailing.services import freeze, save_mailing_settings
from tests.factories.customers import NOW, make_customer, make_issuer
from tests.factories.mailing import make_mailing, make_version
from tests.factories.users import make_user
from tests.mailing.papers import postal

pytestmark = [pytest.mark.django_db, pytest.mark.pango]


@pytest.fixture
def sender():
    make_issuer()
    return make_user("administrator")


def frozen(sender, **fields):
    return freeze(mailing=make_mailing(sender, **fields), actor=sender, now=NOW)


@pytest.mark.parametrize(
    ("country", "home", "zone"),
    [
        ("ES", "ES", "national"),
        ("DE", "ES", "eu"),
        ("GB", "ES", "world"),
        ("US", "US", "national"),
        ("ES", "US", "world"),
    ],
)
def test_where_a_letter_goes(country, home, zone):
    assert zone_of(country, home) == zone


def test_postage_by_zone_and_weight(sender):
    for country, postcode in (("ES", "28001"), ("ES", "28002"), ("DE", "10117"), ("MX", "06000")):
        place = postal(country=country, postcode=postcode, region="CDMX")
        make_customer(language="es", addresses=[place])
    make_customer(email="", addresses=[])
    found = estimates(frozen(sender))
    assert (found.letters, found.emails, found.pages, found.sheets) == (4, 4, 4, 4)
    assert found.postage == [
        Postage("national", 20, 2),
        Postage("eu", 20, 1),
        Postage("world", 20, 1),
    ]
    assert found.minutes == 1


def test_both_sides_and_the_weights_of_the_settings_count(sender):
    make_customer()
    pages = "<p>Una línea.</p>" * 70
    printer = Printer.objects.create(name="Bandeja", uri="folder:tests", duplex=True)
    save_mailing_settings(sheet_grams=40, envelope_grams=6, actor=sender, now=NOW)
    found = estimates(frozen(sender, letter=make_version(body_es=pages), printer=printer))
    assert found.pages in {3, 4}
    assert found.sheets == -(-found.pages // 2)
    assert found.postage == [Postage("national", 100, 1)]


def test_labels_fill_their_sheets(sender):
    for _ in range(22):
        make_customer()
    found = estimates(frozen(sender, output="labels_l7160"))
    assert (found.letters, found.pages, found.sheets) == (22, 2, 2)


def test_e_mails_need_no_paper(sender):
    make_customer()
    found = estimates(frozen(sender, output="nothing"))
    assert (found.letters, found.sheets, found.postage, found.minutes) == (0, 0, [], 0)
    assert found.emails == 1


def test_a_printer_is_as_fast_as_it_was(sender):
    for _ in range(3):
        make_customer()
    printer = Printer.objects.create(name="Lenta", uri="folder:tests")
    mailing = frozen(sender, printer=printer)
    assert estimates(mailing).minutes == 1
    PrintJob.objects.create(
        key="k",
        printer=printer,
        title="t",
        document="d.pdf",
        pages=20,
        state="printed",
        created_at=NOW,
        submitted_at=NOW,
        finished_at=NOW + dt.timedelta(minutes=20),
    )
    assert estimates(mailing).minutes == 3
