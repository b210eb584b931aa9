"""Who gets what, and who does not, with the reason."""

import datetime as dt

import pytest

from customers.models import Customer
from customers.services import (
    note_undeliverable,
    opt_out,
    suspend_customer,
)
from integration.services import suppress
from mailing.models import Mailing, Recipient
from mailing.selectors import (
    list_counts,
    preview_audience,
    reason_counts,
)
from mailing.services import (
    freeze,
)
from tests.factories.customers import NOW, make_customer
from tests.factories.mailing import make_mailing, make_version
from tests.factories.users import make_user
from tests.mailing.recipients import address, frozen, reasons_of, rows

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def sender():
    return make_user("administrator")


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
