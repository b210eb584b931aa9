"""Recipients once they are fixed: by hand, and when customers change."""

import datetime as dt

import pytest

from customers.services import (
    change_customer,
    opt_out,
)
from integration.models import Event
from mailing.models import Mailing, Recipient
from mailing.selectors import (
    changed_since_frozen,
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
from tests.factories.mailing import make_version
from tests.factories.users import make_user
from tests.mailing.recipients import address, frozen, reasons_of

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def sender():
    return make_user("administrator")


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
