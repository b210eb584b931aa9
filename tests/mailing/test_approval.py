"""Who approves, what is locked by it, and what can still be changed."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from integration.models import Event
from mailing.models import Mailing, Printer
from mailing.selectors import approval_hash, mailing_for, mailings_visible_to
from mailing.services import (
    MailingChangedMeanwhileError,
    MailingStateError,
    NoRecipientsError,
    OwnMailingError,
    approve,
    cancel,
    change_mailing,
    create_mailing,
    discard_mailing,
    freeze,
    put_back,
    save_mailing_settings,
    take_new_address,
    take_out,
    withdraw_approval,
)
from tests.factories.customers import NOW, make_customer
from tests.factories.mailing import MAIL_ON, make_approved, make_mailing, make_version
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def sender():
    return make_user("administrator")


@pytest.fixture
def colleague():
    return make_user("administrator")


def frozen(sender, **fields):
    return freeze(mailing=make_mailing(sender, **fields), actor=sender, now=NOW)


class TestDraft:
    def test_it_has_a_number_and_an_author(self, sender):
        one, two = make_mailing(sender), make_mailing(sender)
        assert one.number.startswith("M-2026-")
        assert one.number != two.number
        assert (one.state, one.created_by, one.created_at) == ("draft", sender, NOW)
        assert Event.objects.filter(type="mailing.created", subject_id=one.number).count() == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("audience", {"everybody": True}),
            ("chunk_size", 0),
            ("chunk_size", 5001),
            ("output", "parchment"),
        ],
    )
    def test_what_is_wrong_is_named(self, sender, field, value):
        with pytest.raises(ValidationError) as refused:
            make_mailing(sender, **{field: value})
        assert list(refused.value.error_dict) == [field]
        assert not Mailing.objects.exists()

    def test_texts_are_of_the_right_kind(self, sender):
        with pytest.raises(ValidationError) as refused:
            make_mailing(sender, letter=make_version("email"), notice=make_version("letter"))
        assert sorted(refused.value.error_dict) == ["letter", "notice"]
        with pytest.raises(ValidationError):
            make_mailing(sender, output=Mailing.Output.NOTHING, notice=make_version("notice"))

    def test_a_printer_out_of_use_is_refused(self, sender):
        printer = Printer.objects.create(name="Vieja", uri="ipp://x.example/ipp", active=False)
        with pytest.raises(ValidationError):
            make_mailing(sender, printer=printer)

    def test_two_editors_do_not_overwrite_each_other(self, sender):
        mailing = make_mailing(sender)
        changed = change_mailing(
            mailing=mailing, expected_version=1, name="Uno", actor=sender, now=LATER
        )
        assert (changed.name, changed.version) == ("Uno", 2)
        with pytest.raises(MailingChangedMeanwhileError):
            change_mailing(mailing=mailing, expected_version=1, name="Dos", actor=sender, now=LATER)
        mailing.refresh_from_db()
        assert mailing.name == "Uno"

    def test_unknown_fields_are_a_mistake_of_the_program(self, sender):
        with pytest.raises(TypeError):
            create_mailing(state="done", actor=sender, now=NOW)

    def test_it_can_be_thrown_away_until_it_was_approved(self, sender):
        make_customer()
        discard_mailing(mailing=frozen(sender), actor=sender, now=LATER)
        assert not Mailing.objects.exists()
        mailing = make_approved(sender)
        with pytest.raises(MailingStateError):
            discard_mailing(mailing=mailing, actor=sender, now=LATER)
        assert Mailing.objects.exists()

    def test_only_who_may_sees_mailings(self, sender):
        mailing = make_mailing(sender)
        assert mailing_for(sender, mailing.number) == mailing
        assert not mailings_visible_to(make_user("sales")).exists()


class TestApproving:
    def test_it_locks_everything_by_a_hash(self, sender):
        make_customer()
        mailing = make_approved(sender)
        assert (mailing.state, mailing.approved_by, mailing.approved_at) == (
            "approved",
            sender,
            NOW,
        )
        assert mailing.approved_hash == approval_hash(mailing)

    @pytest.mark.parametrize(
        "alter",
        [
            lambda mailing: mailing.recipients.update(city="Sevilla"),
            lambda mailing: mailing.recipients.update(letter_reason="by_hand"),
            lambda mailing: mailing.recipients.update(fields={"customer.phone": "1"}),
            lambda mailing: mailing.recipients.all().delete(),
            lambda mailing: setattr(mailing, "mail_on", MAIL_ON + dt.timedelta(days=1)),
            lambda mailing: setattr(mailing, "notice_time", dt.time(9)),
            lambda mailing: setattr(mailing, "letter", make_version()),
        ],
    )
    def test_whatever_is_changed_changes_the_hash(self, sender, alter):
        make_customer()
        mailing = make_approved(sender)
        alter(mailing)
        assert approval_hash(mailing) != mailing.approved_hash

    def test_another_printer_prints_the_same(self, sender):
        make_customer()
        mailing = make_approved(sender)
        printer = Printer.objects.create(name="Otra", uri="folder:otra")
        changed = change_mailing(mailing=mailing, printer=printer, actor=sender, now=LATER)
        assert approval_hash(changed) == mailing.approved_hash

    def test_nothing_else_can_be_changed(self, sender):
        make_customer()
        mailing = make_approved(sender)
        recipient = mailing.recipients.get()
        attempts = [
            lambda: change_mailing(mailing=mailing, name="Otro", actor=sender, now=LATER),
            lambda: take_out(recipient=recipient, actor=sender, now=LATER),
            lambda: put_back(recipient=recipient, actor=sender, now=LATER),
            lambda: take_new_address(recipient=recipient, actor=sender, now=LATER),
            lambda: approve(mailing=mailing, actor=sender, now=LATER),
        ]
        for attempt in attempts:
            with pytest.raises(MailingStateError):
                attempt()
        assert approval_hash(mailing) == mailing.approved_hash

    def test_it_can_be_taken_back(self, sender):
        make_customer()
        mailing = withdraw_approval(mailing=make_approved(sender), actor=sender, now=LATER)
        assert (mailing.state, mailing.approved_by, mailing.approved_hash) == ("frozen", None, "")

    def test_a_mailing_to_nobody_is_not_approved(self, sender):
        make_customer()
        mailing = frozen(sender)
        take_out(recipient=mailing.recipients.get(), actor=sender, now=LATER)
        with pytest.raises(NoRecipientsError):
            approve(mailing=mailing, actor=sender, now=LATER)

    def test_an_address_taken_anew_finds_its_place(self, sender):
        first, second = make_customer(legal_name="Aldea"), make_customer(legal_name="Barrio")
        mailing = frozen(sender)
        first.addresses.update(postcode="49000")
        take_new_address(recipient=mailing.recipients.get(customer=first), actor=sender, now=LATER)
        approve(mailing=mailing, actor=sender, now=LATER)
        rows = mailing.recipients.order_by("position").values_list("position", "customer")
        assert list(rows) == [(1, second.pk), (2, first.pk)]

    def test_a_cancelled_one_is_never_started(self, sender):
        make_customer()
        mailing = cancel(mailing=make_approved(sender), actor=sender, now=LATER)
        assert (mailing.state, mailing.finished_at) == ("cancelled", LATER)
        with pytest.raises(MailingStateError):
            approve(mailing=mailing, actor=sender, now=LATER)


class TestSecondPerson:
    @pytest.fixture(autouse=True)
    def wanted(self, sender):
        save_mailing_settings(second_person=True, actor=sender, now=NOW)

    def test_nobody_approves_his_own(self, sender, colleague):
        make_customer()
        mailing = frozen(sender)
        with pytest.raises(OwnMailingError):
            approve(mailing=mailing, actor=sender, now=LATER)
        mailing.refresh_from_db()
        assert (mailing.state, mailing.approved_hash) == ("frozen", "")
        assert approve(mailing=mailing, actor=colleague, now=LATER).approved_by == colleague

    def test_nor_what_he_has_changed(self, sender, colleague):
        make_customer()
        mailing = frozen(sender)
        change_mailing(mailing=mailing, name="Otro", actor=colleague, now=LATER)
        with pytest.raises(OwnMailingError):
            approve(mailing=mailing, actor=colleague, now=LATER)

    def test_taking_somebody_out_is_part_of_looking_at_it(self, sender, colleague):
        make_customer()
        make_customer()
        mailing = frozen(sender)
        take_out(recipient=mailing.recipients.first(), actor=colleague, now=LATER)
        assert approve(mailing=mailing, actor=colleague, now=LATER).state == "approved"
