"""Whom an audience means, and what is copied of them."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from customers.services import (
    save_list,
)
from mailing.selectors import (
    chosen_customers,
    unknown_numbers,
)
from mailing.services import (
    freeze,
)
from tests.factories.customers import NOW, make_customer
from tests.factories.mailing import make_mailing
from tests.factories.users import make_user
from tests.mailing.recipients import address, frozen, reasons_of, rows

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def sender():
    return make_user("administrator")


class TestChoosing:
    def test_by_the_filter_of_the_customers_list(self, sender):
        make_customer(language="es")
        english = make_customer(language="en")
        assert list(chosen_customers({"filter": {"language": "en"}}, sender)) == [english]

    def test_by_a_saved_list(self, sender):
        make_customer()
        wanted = make_customer()
        saved = save_list(
            name="Revisión", origin="price_revision", numbers=[wanted.number], actor=sender, now=NOW
        )
        assert list(chosen_customers({"list": saved.pk}, sender)) == [wanted]

    def test_by_numbers_and_the_unknown_are_told(self, sender):
        one = make_customer()
        audience = {"numbers": [one.number.lower(), " C-99999 ", one.number]}
        assert list(chosen_customers(audience, sender)) == [one]
        assert unknown_numbers(audience, sender) == ["C-99999"]

    def test_nobody_sees_more_customers_here_than_elsewhere(self):
        customer = make_customer()
        stranger = make_user()
        assert not chosen_customers({"filter": {}}, stranger).exists()
        assert unknown_numbers({"numbers": [customer.number]}, stranger) == [customer.number]

    @pytest.mark.parametrize(
        "audience",
        [
            {},
            {"filter": {}, "list": 1},
            {"filter": {"colour": "red"}},
            {"filter": {"status": "asleep"}},
            {"filter": "all"},
            {"list": "1"},
            {"list": True},
            {"numbers": []},
            {"numbers": [1]},
            {"everybody": True},
        ],
    )
    def test_anything_else_is_refused(self, audience, sender):
        with pytest.raises(ValidationError) as refused:
            chosen_customers(audience, sender)
        assert list(refused.value.error_dict) == ["audience"]

    def test_a_list_that_is_not_there_is_refused(self, sender):
        with pytest.raises(ValidationError):
            chosen_customers({"list": 4711}, sender)


class TestCopies:
    def test_a_recipient_is_a_copy_of_the_customer(self, sender):
        customer = make_customer(
            legal_name="Óptica Lumen, S.L.",
            trade_name="Lumen",
            addresses=[address(recipient="Dirección", line2="2.º B", region="Bizkaia")],
            contacts=[{"name": "Amaia Ruiz", "email": "amaia@lumen.example", "language": "en"}],
        )
        mailing = frozen(sender)
        (row,) = mailing.recipients.all()
        assert (row.customer_number, row.customer_name) == (customer.number, "Lumen")
        assert (row.contact_name, row.email, row.language) == (
            "Amaia Ruiz",
            "amaia@lumen.example",
            "en",
        )
        assert (row.recipient_line, row.line1, row.line2) == ("Dirección", "Gran Vía 41", "2.º B")
        assert (row.postcode, row.city, row.region, row.country) == (
            "48011",
            "Bilbao",
            "Bizkaia",
            "ES",
        )
        assert (row.letter_reason, row.notice_reason) == ("", "")

    def test_without_a_postal_address_the_one_of_the_invoices_serves(self, sender):
        make_customer(addresses=[address(kind="billing", city="Getxo")])
        make_customer(addresses=[address(city="Sestao"), address(kind="billing", city="Getxo")])
        assert rows(frozen(sender), "city") == [("Getxo",), ("Sestao",)]

    def test_the_address_of_the_invoices_has_no_substitute(self, sender):
        customer = make_customer(addresses=[address()])
        mailing = frozen(sender, address_kind="billing")
        assert reasons_of(mailing, customer) == ("no_address", "")

    @pytest.mark.parametrize(
        ("role", "expected"),
        [
            ("billing", "cuentas@x.example"),
            ("booking", "general@x.example"),  # nobody has that role
            ("technical", "cliente@x.example"),  # somebody has, but no e-mail
        ],
    )
    def test_contacts_are_chosen_by_role(self, role, expected, sender):
        make_customer(
            email="cliente@x.example",
            contacts=[
                {"name": "Ana", "role": "billing", "email": ""},
                {"name": "Bea", "role": "billing", "email": "cuentas@x.example"},
                {"name": "Carlos", "role": "general", "email": "general@x.example"},
                {"name": "Dora", "role": "technical", "email": ""},
            ],
        )
        assert rows(frozen(sender, contact_role=role), "email") == [(expected,)]

    def test_the_order_is_country_postcode_city_name(self, sender):
        for name, fields in {
            "Zeta": {"postcode": "28001", "city": "Madrid"},
            "Ábaco": {"postcode": "28001", "city": "Madrid"},
            "Berlín": {"postcode": "10115", "city": "Berlin", "country": "DE"},
            "Ávila": {"postcode": "05001", "city": "Ávila"},
            "Baeza": {"postcode": "05001", "city": "Baeza"},
        }.items():
            make_customer(legal_name=name, addresses=[address(**fields)])
        make_customer(legal_name="Nadie", addresses=[])
        names = rows(frozen(sender), "customer_name")
        assert [name for (name,) in names] == [
            "Berlín",
            "Ávila",
            "Baeza",
            "Ábaco",
            "Zeta",
            "Nadie",
        ]

    def test_many_are_copied_with_few_queries(self, sender, django_assert_max_num_queries):
        for _ in range(30):
            make_customer()
        mailing = make_mailing(sender)
        with django_assert_max_num_queries(25):
            freeze(mailing=mailing, actor=sender, now=NOW)
        assert mailing.recipients.count() == 30
