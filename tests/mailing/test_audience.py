"""Who gets what, and who does not, with the reason."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from customers.models import Customer
from customers.services import (
    change_customer,
    note_undeliverable,
    opt_out,
    save_list,
    suspend_customer,
)
from integration.models import Event
from integration.services import suppress
from mailing.models import Mailing, Recipient
from mailing.selectors import (
    changed_since_frozen,
    chosen_customers,
    list_counts,
    preview_audience,
    reason_counts,
    unknown_numbers,
)
from mailing.services import (
    MailingStateError,
    NoRecipientsError,
    NotPutBackError,
    TextMissingError,
    change_mailing,
    freeze,
    put_back,
    take_new_address,
    take_out,
    unfreeze,
)
from tests.factories.customers import NOW, make_customer
from tests.factories.mailing import make_mailing, make_version
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def sender():
    return make_user("administrator")


def address(**fields):
    return {
        "kind": "postal",
        "line1": "Gran Vía 41",
        "postcode": "48011",
        "city": "Bilbao",
        "country": "ES",
        **fields,
    }


def frozen(sender, **fields):
    return freeze(mailing=make_mailing(sender, **fields), actor=sender, now=NOW)


def rows(mailing, *columns):
    return list(mailing.recipients.order_by("position").values_list(*columns))


def reasons_of(mailing, customer):
    row = mailing.recipients.get(customer=customer)
    return row.letter_reason, row.notice_reason


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


class TestReasons:
    def test_opted_out(self, sender):
        letters, emails, one_email = make_customer(), make_customer(), make_customer()
        opt_out(customer=letters, channel="letter", source="desk", actor=sender, now=NOW)
        opt_out(customer=emails, channel="email", source="desk", actor=sender, now=NOW)
        opt_out(
            customer=one_email,
            channel="email",
            email=one_email.email.upper(),
            source="page",
            actor=sender,
            now=NOW,
        )
        mailing = frozen(sender)
        assert reasons_of(mailing, letters) == ("opted_out", "")
        assert reasons_of(mailing, emails) == ("", "opted_out")
        assert reasons_of(mailing, one_email) == ("", "opted_out")

    def test_suspended_and_closed_get_nothing(self, sender):
        make_customer()
        suspended, closed = make_customer(), make_customer()
        suspend_customer(customer=suspended, reason="impagos", actor=sender, now=NOW)
        Customer.objects.filter(pk=closed.pk).update(status="closed")
        mailing = frozen(sender)
        assert reasons_of(mailing, suspended) == ("suspended", "suspended")
        assert reasons_of(mailing, closed) == ("closed", "closed")

    def test_no_address_and_an_incomplete_one(self, sender):
        nowhere = make_customer(addresses=[])
        somewhere = make_customer(addresses=[address(postcode="")])
        mailing = frozen(sender)
        assert reasons_of(mailing, nowhere) == ("no_address", "")
        assert reasons_of(mailing, somewhere) == ("incomplete_address", "")

    def test_incomplete_addresses_are_written_to_on_demand(self, sender):
        somewhere = make_customer(addresses=[address(postcode="")])
        assert reasons_of(frozen(sender, incomplete_too=True), somewhere) == ("", "")

    def test_no_email_and_one_that_bounces(self, sender):
        mute = make_customer(email="")
        bounced, returned = make_customer(), make_customer()
        note_undeliverable(customer=bounced, email=bounced.email, reason="5.1.1", now=NOW)
        suppress(reason="hard_bounce", email=returned.email, actor=sender, now=NOW)
        mailing = frozen(sender)
        assert reasons_of(mailing, mute) == ("", "no_email")
        assert reasons_of(mailing, bounced) == ("", "bounced")
        assert reasons_of(mailing, returned) == ("", "bounced")

    def test_two_who_share_an_address_both_get_theirs(self, sender):
        one, two = make_customer(), make_customer()
        mailing = frozen(sender)
        assert reasons_of(mailing, one) == reasons_of(mailing, two) == ("", "")

    def test_one_letter_per_address_where_so_wished(self, sender):
        first = make_customer(legal_name="Aldea", addresses=[address()])
        other = make_customer(legal_name="Barrio", addresses=[address(line1="GRAN VIA, 41")])
        mailing = frozen(sender, one_per_address=True)
        assert reasons_of(mailing, first) == ("", "")
        assert reasons_of(mailing, other) == ("duplicate_household", "")
        assert mailing.recipients.get(customer=other).detail == first.number

    def test_who_gets_no_letter_may_get_no_notice_either(self, sender):
        nowhere = make_customer(addresses=[])
        make_customer()
        mailing = frozen(sender, notice_without_letter=False)
        assert reasons_of(mailing, nowhere) == ("no_address", "no_letter")

    def test_a_mailing_without_notice_sends_none(self, sender):
        customer = make_customer()
        assert reasons_of(frozen(sender, notice=None), customer) == ("", "not_wanted")

    def test_a_mailing_without_paper_prints_nothing(self, sender):
        customer = make_customer(addresses=[])
        mailing = frozen(sender, output=Mailing.Output.NOTHING)
        assert reasons_of(mailing, customer) == ("not_wanted", "")


class TestLists:
    def test_three_lists_and_the_excluded_before_anything_starts(self, sender):
        both = make_customer()
        letter_only = make_customer(email="")
        email_only = make_customer(addresses=[])
        nothing = make_customer(email="", addresses=[])
        audience = {
            "numbers": [c.number for c in (both, letter_only, email_only, nothing)] + ["C-77777"]
        }
        mailing = make_mailing(sender, audience=audience)
        lists = preview_audience(mailing, sender, now=NOW)
        assert not Recipient.objects.exists()
        freeze(mailing=mailing, actor=sender, now=NOW)
        mailing.refresh_from_db()
        for found in (lists, preview_audience(mailing, sender, now=NOW)):
            assert [row.customer_id for row in found.both] == [both.pk]
            assert [row.customer_id for row in found.letter_only] == [letter_only.pk]
            assert [row.customer_id for row in found.email_only] == [email_only.pk]
            assert [row.customer_id for row in found.excluded] == [nothing.pk]
            assert (
                found.reasons
                == reason_counts(mailing)
                == [
                    ("email", "no_email", 2),
                    ("letter", "no_address", 2),
                ]
            )
        assert lists.unknown == ["C-77777"]
        assert list_counts(mailing) == lists.counts | {"letters": 2, "emails": 2}


class TestFreezing:
    def test_it_is_told_and_done_once(self, sender):
        make_customer()
        mailing = frozen(sender)
        assert (mailing.state, mailing.frozen_at) == ("frozen", NOW)
        event = Event.objects.get(type="mailing.frozen")
        assert (event.actor, event.subject_id) == (sender.username, mailing.number)
        assert event.data["counts"]["both"] == 1
        with pytest.raises(MailingStateError):
            freeze(mailing=mailing, actor=sender, now=NOW)
        assert mailing.recipients.count() == 1

    def test_it_is_refused_without_a_letter_or_without_anybody(self, sender):
        make_customer()
        with pytest.raises(TextMissingError):
            frozen(sender, letter=None)
        with pytest.raises(TextMissingError):
            frozen(sender, output=Mailing.Output.NOTHING, notice=None)
        with pytest.raises(NoRecipientsError):
            frozen(sender, audience={"filter": {"country": "ES", "language": "en"}})
        assert not Recipient.objects.exists()
        assert not Mailing.objects.exclude(state="draft").exists()

    def test_what_chose_the_recipients_is_fixed_with_them(self, sender):
        make_customer()
        mailing = frozen(sender)
        with pytest.raises(MailingStateError):
            change_mailing(mailing=mailing, audience={"numbers": ["C-1"]}, actor=sender, now=LATER)
        with pytest.raises(MailingStateError):
            change_mailing(mailing=mailing, letter=make_version(), actor=sender, now=LATER)
        assert change_mailing(mailing=mailing, chunk_size=7, actor=sender, now=LATER)
        mailing.refresh_from_db()
        assert (mailing.audience, mailing.chunk_size) == ({"filter": {}}, 7)

    def test_unfreezing_makes_it_follow_its_audience_again(self, sender):
        make_customer()
        mailing = unfreeze(mailing=frozen(sender), actor=sender, now=LATER)
        make_customer()
        assert (mailing.state, mailing.frozen_at) == ("draft", None)
        assert freeze(mailing=mailing, actor=sender, now=LATER).recipients.count() == 2


class TestByHand:
    def test_one_is_taken_out_and_put_back(self, sender):
        customer = make_customer(addresses=[])
        make_customer()
        mailing = frozen(sender)
        recipient = mailing.recipients.get(customer=customer)
        take_out(recipient=recipient, actor=sender, now=LATER)
        assert reasons_of(mailing, customer) == ("no_address", "by_hand")
        put_back(recipient=recipient, actor=sender, now=LATER)
        assert reasons_of(mailing, customer) == ("no_address", "")
        told = Event.objects.filter(type__in=["mailing.taken_out", "mailing.put_back"])
        assert {event.data["customer"] for event in told} == {customer.number}

    def test_incomplete_and_shared_addresses_are_for_the_sender_to_judge(self, sender):
        customer = make_customer(addresses=[address(postcode="")])
        mailing = frozen(sender)
        put_back(recipient=mailing.recipients.get(customer=customer), actor=sender, now=LATER)
        assert reasons_of(mailing, customer) == ("", "")

    def test_a_wish_of_the_customer_is_not(self, sender):
        customer = make_customer()
        make_customer()
        for channel in ("letter", "email"):
            opt_out(customer=customer, channel=channel, source="page", actor=sender, now=NOW)
        mailing = frozen(sender)
        with pytest.raises(NotPutBackError):
            put_back(recipient=mailing.recipients.get(customer=customer), actor=sender, now=LATER)
        assert reasons_of(mailing, customer) == ("opted_out", "opted_out")


class TestChangedSince:
    def correct(self, customer, sender, **fields):
        customer.refresh_from_db()
        return change_customer(
            customer=customer,
            expected_version=customer.version,
            addresses=[address(**fields)],
            actor=sender,
            now=LATER,
        )

    def test_a_corrected_address_is_shown_and_taken_with_one_click(self, sender):
        customer = make_customer(addresses=[address(postcode="")])
        make_customer()
        mailing = frozen(sender)
        assert changed_since_frozen(mailing, now=LATER) == []
        self.correct(customer, sender, postcode="48001")
        ((old, new),) = changed_since_frozen(mailing, now=LATER)
        assert (old.postcode, new.postcode) == ("", "48001")
        take_new_address(recipient=old, actor=sender, now=LATER)
        assert changed_since_frozen(mailing, now=LATER) == []
        assert reasons_of(mailing, customer) == ("", "")

    def test_who_was_taken_out_stays_out(self, sender):
        customer = make_customer()
        make_customer()
        mailing = frozen(sender)
        recipient = mailing.recipients.get(customer=customer)
        take_out(recipient=recipient, actor=sender, now=LATER)
        self.correct(customer, sender, postcode="48001")
        take_new_address(recipient=recipient, actor=sender, now=LATER)
        assert reasons_of(mailing, customer) == ("by_hand", "by_hand")
        assert mailing.recipients.get(customer=customer).postcode == "48001"


class TestTexts:
    def test_a_field_that_is_blank_leaves_out_whom_it_would_greet(self, sender):
        letter = make_version(
            body_es='<p>Sr. <span data-field="contact.name"></span>:</p>', fields=["contact.name"]
        )
        greeted = make_customer(contacts=[{"name": "Amaia Ruiz"}])
        nameless = make_customer()
        english = make_customer(language="en")
        mailing = frozen(sender, letter=letter)
        assert reasons_of(mailing, greeted) == ("", "")
        assert reasons_of(mailing, english) == ("", "")  # the English text has no such field
        assert reasons_of(mailing, nameless) == ("missing_field", "")
        assert mailing.recipients.get(customer=nameless).detail == "contact.name"

    def test_what_the_texts_name_is_fixed_and_nothing_else(self, sender):
        letter = make_version(
            body_es='<p><span data-field="customer.tax_id"></span></p>', fields=["customer.tax_id"]
        )
        customer = make_customer()
        mailing = frozen(sender, letter=letter)
        assert rows(mailing, "fields") == [({"customer.tax_id": customer.tax_id},)]

    def test_an_address_that_the_window_would_cut_is_left_out(self, sender):
        long_name = " ".join(["Sociedad Anónima de Construcciones y Servicios del Norte"] * 3)
        customer = make_customer(
            legal_name=long_name,
            addresses=[address(line1="Calle " + "muy larga " * 19, line2="al fondo " * 22)],
        )
        mailing = frozen(sender)
        assert reasons_of(mailing, customer) == ("long_address", "")

    def test_a_draft_without_a_letter_can_be_looked_at(self, sender):
        make_customer()
        mailing = make_mailing(sender, letter=None)
        assert preview_audience(mailing, sender, now=NOW).counts["both"] == 1
