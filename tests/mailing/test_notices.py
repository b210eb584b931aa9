"""E-mails of a mailing: written once, sent on their day, to whom still wants them."""

import datetime as dt

import pytest

from customers.models import SignedLink
from customers.services import opt_out, save_holidays
from integration.models import BatchHold, OutgoingMessage
from integration.services import send_due
from mailing.models import Mailing
from mailing.selectors import report
from mailing.services import cancel, finish_if_over, pause, resume, start, write_notices
from tests.factories.customers import NOW, make_customer, make_issuer
from tests.factories.mailing import make_approved, make_version
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=5)
# Eight o'clock in Madrid on the day of posting.
EIGHT = dt.datetime(2026, 12, 4, 7, 0, tzinfo=dt.UTC)
ARRIVAL = '<p>Llega el <span data-field="notice.arrival"></span>.</p>'


@pytest.fixture
def sender():
    make_issuer()
    return make_user("administrator")


def started(sender, *, now=NOW, **fields):
    given = {"output": Mailing.Output.LETTERS, **fields}
    if given["output"] == Mailing.Output.LETTERS:
        given.setdefault("notice", notice())
    return start(mailing=make_approved(sender, **given), actor=sender, now=now)


def notice(**fields):
    return make_version(
        "notice",
        **{"body_es": ARRIVAL, "body_en": ARRIVAL, "fields": ["notice.arrival"], **fields},
    )


def write_all(mailing, now=NOW):
    while write_notices(mailing_id=mailing.pk, now=now):
        pass


class TestWriting:
    def test_one_for_each_recipient_under_its_key_for_the_day_of_posting(self, sender):
        customer = make_customer(contacts=[{"name": "Amaia Ruiz", "email": "amaia@x.example"}])
        make_customer(email="")
        mailing = started(sender)
        write_all(mailing)
        message = OutgoingMessage.objects.get()
        recipient = mailing.recipients.get(customer=customer)
        assert message.key == recipient.message == f"mailing:{mailing.pk}:recipient:{recipient.pk}"
        assert (message.batch, message.purpose) == (f"mailing:{mailing.pk}", "mailing.notice")
        assert (message.recipient, message.recipient_name) == ("amaia@x.example", "Amaia Ruiz")
        assert (message.not_before, message.state) == (EIGHT, "queued")
        assert (message.customer_number, message.bulk) == (customer.number, True)
        assert "Llega el 10 de diciembre de 2026." in message.text
        assert "Llega el 10 de diciembre de 2026." in message.html

    def test_writing_again_writes_nothing(self, sender):
        make_customer()
        mailing = started(sender)
        write_all(mailing)
        mailing.recipients.update(message="")
        write_all(mailing, now=LATER)
        assert OutgoingMessage.objects.count() == 1
        assert SignedLink.objects.count() == 1

    def test_links_lead_to_the_recipients_own_page(self, sender, settings):
        settings.PUBLIC_URL = "https://portal.example"
        make_customer()
        write_all(started(sender))
        message = OutgoingMessage.objects.get()
        assert message.unsubscribe_url.startswith("https://portal.example/")
        assert "https://portal.example/" in message.text
        link = SignedLink.objects.get()
        assert (link.purpose, link.email) == ("preferences", message.recipient)

    def test_each_reads_his_own_language(self, sender):
        make_customer(language="es")
        make_customer(language="en")
        write_all(started(sender, notice=notice(subject_es="Carta", subject_en="Letter")))
        subjects = OutgoingMessage.objects.values_list("language", "subject")
        assert sorted(subjects) == [("en", "Letter"), ("es", "Carta")]

    def test_the_arrival_follows_the_calendar_of_the_country(self, sender):
        german = make_customer(
            addresses=[
                {
                    "kind": "postal",
                    "line1": "Unter den Linden 1",
                    "postcode": "10117",
                    "city": "Berlin",
                    "country": "DE",
                }
            ]
        )
        spanish = make_customer()
        mailing = started(sender)
        days = dict(mailing.recipients.values_list("customer", "arrives_on"))
        # Friday the 4th; the 8th is a holiday in Spain and none in Germany.
        assert days == {german.pk: dt.date(2026, 12, 9), spanish.pk: dt.date(2026, 12, 10)}

    def test_a_holiday_of_the_house_counts_for_all(self, sender):
        make_customer()
        save_holidays(holidays=[(dt.date(2026, 12, 7), "Puente")], actor=sender, now=NOW)
        mailing = started(sender)
        assert mailing.recipients.get().arrives_on == dt.date(2026, 12, 11)

    def test_a_late_start_makes_its_day_the_day_of_posting(self, sender):
        make_customer()
        late = EIGHT + dt.timedelta(days=3)  # Monday the 7th
        mailing = started(sender, now=late)
        write_all(mailing, now=late)
        assert mailing.posted_on == dt.date(2026, 12, 7)
        assert mailing.recipients.get().arrives_on == dt.date(2026, 12, 11)
        assert OutgoingMessage.objects.get().not_before == late

    def test_one_that_can_not_be_written_keeps_up_no_other(self, sender):
        named, nameless = make_customer(trade_name="Lumen"), make_customer(phone="1")
        mailing = started(
            sender,
            notice=notice(
                subject_es="{% if customer.phone %}{% else %}Carta{% endif %}",
                fields=["notice.arrival", "customer.phone"],
            ),
        )
        write_all(mailing)
        assert OutgoingMessage.objects.get().customer_number == named.number
        row = mailing.recipients.get(customer=nameless)
        assert (row.notice_reason, row.detail) == ("missing_field", "subject")

    def test_many_are_written_with_few_queries(self, sender, django_assert_max_num_queries):
        for _ in range(20):
            make_customer()
        mailing = started(sender)
        with django_assert_max_num_queries(30):
            write_all(mailing)
        assert OutgoingMessage.objects.count() == 20


class TestPausing:
    def test_a_pause_holds_them_back(self, sender, mailoutbox):
        make_customer()
        mailing = started(sender)
        write_all(mailing)
        pause(mailing=mailing, actor=sender, now=LATER)
        assert BatchHold.objects.filter(batch=f"mailing:{mailing.pk}").exists()
        send_due(now=EIGHT, worker="test")
        assert OutgoingMessage.objects.get().state == "queued"
        resume(mailing=mailing, actor=sender, now=EIGHT)
        assert not BatchHold.objects.exists()

    def test_a_paused_mailing_writes_none(self, sender):
        make_customer()
        mailing = started(sender)
        pause(mailing=mailing, actor=sender, now=LATER)
        write_all(mailing)
        assert not OutgoingMessage.objects.exists()

    def test_cancelling_takes_back_what_was_not_sent(self, sender):
        make_customer()
        mailing = started(sender)
        write_all(mailing)
        cancel(mailing=mailing, actor=sender, now=LATER)
        assert OutgoingMessage.objects.get().state == "cancelled"
        assert report(mailing).cancelled == 1


class TestWishes:
    def test_who_unsubscribes_between_approval_and_notice_gets_none(self, sender):
        one, two = make_customer(), make_customer()
        mailing = started(sender, letter=make_version(), chunk_size=5)
        write_all(mailing)
        opt_out(
            customer=one,
            channel="email",
            email=one.email,
            source="one_click",
            actor=sender,
            now=LATER,
        )
        send_due(now=EIGHT, worker="test")
        states = dict(OutgoingMessage.objects.values_list("customer_number", "state"))
        assert states == {one.number: "suppressed", two.number: "sent"}
        found = report(mailing)
        assert (found.sent, found.opted_out, found.waiting) == (1, 1, 0)


class TestEmailOnly:
    def test_the_same_engine_sends_e_mails_and_is_done(self, sender):
        make_customer(addresses=[])
        mailing = started(sender, output=Mailing.Output.NOTHING, mail_on=None)
        assert not mailing.chunks.exists()
        write_all(mailing)
        message = OutgoingMessage.objects.get()
        assert (message.purpose, message.not_before) == ("mailing.email", NOW)
        assert not finish_if_over(mailing_id=mailing.pk, now=NOW)
        send_due(now=NOW, worker="test")
        assert finish_if_over(mailing_id=mailing.pk, now=LATER)
        mailing.refresh_from_db()
        assert (mailing.state, mailing.finished_at) == ("done", LATER)
        assert (mailing.job.state, mailing.job.done, mailing.job.total) == ("done", 1, 1)
        assert mailing.recipients.get().arrives_on is None
