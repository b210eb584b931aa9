"""Review by exception: which drafts want eyes, why, and what an acceptance is worth."""

import datetime as dt
from decimal import Decimal

import pytest

from billing.models import BillingSettings, Flag, FlagAcceptance, Invoice
from billing.selectors.flag_details import charges_behind
from billing.selectors.review import (
    drafts_to_review,
    flags_of,
    open_flags,
    with_flags,
)
from billing.services import (
    accept_flag,
    charge_conference,
    issue_invoice,
    prepare_period,
    save_review_settings,
)
from billing.services.review import FlagGoneError, SettingsChangedMeanwhileError
from conferencing.models import Conference
from customers.models import Customer
from integration.models import Event
from tests.factories.billing import (
    NOW,
    correct,
    make_conference,
    make_contract,
    make_leg,
    make_vat_rate,
)
from tests.factories.customers import make_customer, make_issuer
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
DECEMBER = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def ready():
    make_vat_rate()
    make_issuer()


def billed(net, period="2026-10", **contract):
    """A customer whose month was billed with a monthly fee."""
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(net), **contract)
    draft = drafted(customer, period)
    if draft.state == "draft":
        issue_invoice(invoice=draft, actor="tests", now=NOW)
    return customer


def drafted(customer, period="2026-11"):
    prepare_period(period=period, actor="tests", now=DECEMBER, customers=[customer])
    return Invoice.objects.get(customer=customer, period=period, conference=None)


def hold(customer, *legs, **fields):
    conference = make_conference(customer, *legs, **fields)
    return charge_conference(conference_id=conference.pk, now=NOW).invoice


def accept(draft, flag, reason="Asked: it is right."):
    return accept_flag(invoice=draft, flag=flag, reason=reason, actor="ana", now=DECEMBER)


def test_an_ordinary_month_has_no_flag():
    assert open_flags(drafted(billed("30"))) == []


def test_the_first_invoice_of_a_customer():
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30))
    assert open_flags(drafted(customer)) == [Flag.FIRST]


@pytest.mark.parametrize(
    ("net", "percent", "flags"),
    [
        ("0.66", 10, []),  # exactly by that much
        ("0.54", 10, []),
        ("0.67", 10, [Flag.CHANGE]),
        ("0.53", 10, [Flag.CHANGE]),
        ("1.20", 100, []),
        ("1.21", 100, [Flag.CHANGE]),
    ],
)
def test_a_month_unlike_the_one_before(net, percent, flags):
    BillingSettings.objects.create(change_percent=percent)
    customer = billed("0.60")
    draft = drafted(customer)
    Invoice.objects.filter(pk=draft.pk).update(net=Decimal(net))
    assert open_flags(draft) == flags


def test_a_change_is_held_against_the_latest_month_with_an_invoice():
    customer = billed("30", period="2026-08")
    draft = drafted(customer)
    seen = with_flags(Invoice.objects.filter(pk=draft.pk)).get()
    assert (seen.month_net, seen.before_net, seen.before_period) == (30, 30, "2026-08")
    assert not seen.is_flagged


def test_two_contracts_of_a_month_are_one_month():
    customer = billed("30", end=dt.date(2026, 11, 16))
    make_contract(customer, monthly_fee=Decimal(30), start=dt.date(2026, 11, 16))
    prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    drafts = Invoice.objects.filter(period="2026-11")
    assert [draft.net for draft in drafts] == [15, 15]
    assert [open_flags(draft) for draft in drafts] == [[], []]


def test_nothing_to_pay():
    customer = billed("30")
    draft = drafted(customer)
    Invoice.objects.filter(pk=draft.pk).update(net=0, vat=0, total=0)
    assert open_flags(draft) == [Flag.CHANGE, Flag.ZERO]


def test_legs_without_a_price():
    customer = billed("30")
    draft = hold(
        customer, ("10 10:00", "10 10:10"), ("10 10:00", "10 10:10", "voip"), start="10 10:00"
    )
    seen = with_flags(Invoice.objects.filter(pk=draft.pk)).get()
    (found,) = flags_of(seen)
    assert (found.flag, found.count) == (Flag.UNPRICED, 1)


def test_legs_of_a_day_without_contract_are_told_on_the_months_draft():
    BillingSettings.objects.create(change_percent=90)
    customer = billed("30", end=dt.date(2026, 11, 15))
    hold(customer, ("20 10:00", "20 10:10"), ("20 10:00", "20 10:10"))
    draft = drafted(customer)
    seen = with_flags(Invoice.objects.filter(pk=draft.pk)).get()
    assert [(one.flag, one.count) for one in flags_of(seen)] == [(Flag.UNPRICED, 2)]


def test_estimated_times_and_missing_references():
    customer = billed("30")
    Customer.objects.filter(pk=customer.pk).update(reference_policy="required")
    conference = make_conference(customer, ("10 10:00", "10 10:10"))
    conference.legs.update(answered_how="poll", ended_how="poll")
    make_conference(customer, ("11 10:00", "11 10:10"), billing_reference="PRJ-7")
    draft = drafted(customer)
    seen = with_flags(Invoice.objects.filter(pk=draft.pk)).get()
    assert [(one.flag, one.count) for one in flags_of(seen)] == [
        (Flag.ESTIMATED, 1),
        (Flag.REFERENCE, 1),
    ]
    Customer.objects.filter(pk=customer.pk).update(reference_policy="free")
    assert open_flags(draft) == [Flag.ESTIMATED]


@pytest.mark.parametrize("tax_id", ["", "B00000001"])
def test_a_tax_id_that_cannot_be_one(tax_id):
    customer = billed("30")
    draft = drafted(customer)
    Customer.objects.filter(pk=customer.pk).update(tax_id=tax_id)
    assert open_flags(draft) == [Flag.TAX_ID]


def test_an_acceptance_holds_for_the_draft_that_was_seen():
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30))
    draft = drafted(customer)
    accepted = accept(draft, Flag.FIRST)
    assert (accepted.seen_net, accepted.accepted_by) == (30, "ana")
    seen = with_flags(Invoice.objects.filter(pk=draft.pk)).get()
    assert [(one.flag, one.accepted) for one in flags_of(seen)] == [(Flag.FIRST, accepted)]
    assert (seen.is_flagged, open_flags(draft)) == (False, [])
    event = Event.objects.get(type="draft.flag_accepted")
    assert (event.customer_number, event.data) == (
        customer.number,
        {"flag": "first_invoice", "period": "2026-11"},
    )
    hold(customer, ("10 10:00", "10 10:10"))  # the draft follows its conferences
    assert open_flags(draft) == [Flag.FIRST]
    accept(draft, Flag.FIRST, "Still right.")
    assert FlagAcceptance.objects.get().reason == "Still right."
    assert open_flags(draft) == []


def test_what_is_not_there_cannot_be_accepted():
    customer = billed("30")
    draft = drafted(customer)
    issued = Invoice.objects.get(period="2026-10")
    for invoice in (draft, issued):
        with pytest.raises(FlagGoneError):
            accept(invoice, Flag.FIRST)
    assert not FlagAcceptance.objects.exists()
    assert not Event.objects.filter(type="draft.flag_accepted").exists()


def test_what_is_issued_unseen_waits_only_for_what_is_odd():
    expected, odd = billed("30", issue="automatic"), billed("30", issue="automatic")
    Customer.objects.filter(pk=expected.pk).update(reference_policy="required")
    hold(expected, ("10 10:00", "10 10:10"))
    hold(odd, *[(f"{day} 10:00", f"{day} 20:00") for day in range(10, 24)], start="10 10:00")
    run = prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    drafts = Invoice.objects.filter(period="2026-11").select_related("contract")
    state = {one.customer: one.state for one in drafts}
    assert state == {expected: "issued", odd: "draft"}
    (reason,) = run.left.values()
    assert "Importe inusual" in reason or "Unusual amount" in reason
    accept(Invoice.objects.get(customer=odd, period="2026-11"), Flag.CHANGE)
    prepare_period(period="2026-11", actor="tests", now=DECEMBER)
    assert set(Invoice.objects.values_list("state", flat=True)) == {"issued"}


def test_only_what_could_be_issued_is_reviewed():
    reader = make_user("billing")
    ended = drafted(billed("30"))
    going_on = drafted(billed("30"), period="2026-12")
    single = make_customer()
    make_contract(single, billing="per_conference")
    of_conference = hold(single, ("10 10:00", "10 10:10"))
    empty = make_customer()
    make_contract(empty, monthly_fee=Decimal(30))
    drafted(empty).lines.all().delete()
    assert set(drafts_to_review(reader, now=DECEMBER)) == {ended, of_conference}
    # The month ends at midnight in Madrid, an hour before it does in UTC.
    midnight = dt.datetime(2026, 11, 30, 23, tzinfo=dt.UTC)
    assert ended in drafts_to_review(reader, now=midnight)
    assert ended not in drafts_to_review(reader, now=midnight - dt.timedelta(seconds=1))
    assert going_on not in drafts_to_review(reader, now=DECEMBER)
    assert not drafts_to_review(make_user("sales"), now=DECEMBER)


def test_the_flags_of_many_drafts_take_few_queries(django_assert_num_queries):
    customers = [billed("30") for _ in range(4)]
    for customer in customers:
        drafted(customer)
    drafts = Invoice.objects.filter(state="draft")
    with django_assert_num_queries(4):  # tax ids, the settings, the drafts, who accepted
        rows = list(with_flags(drafts).prefetch_related("acceptances"))
        assert [flags_of(row) for row in rows] == [[], [], [], []]


def test_what_is_unusual_can_be_set():
    saved = save_review_settings(change_percent=80, expected_version=1, actor="ana", now=NOW)
    assert (saved.change_percent, saved.version) == (80, 2)
    with pytest.raises(SettingsChangedMeanwhileError):
        save_review_settings(change_percent=5, expected_version=1, actor="eva", now=NOW)
    assert BillingSettings.objects.get().change_percent == 80
    assert Event.objects.get(type="settings.billing_changed").data == {"change_percent": 80}


def test_corrections_want_eyes_and_late_calls_do_not():
    customer = make_customer()
    make_contract(customer, monthly_fee=Decimal(30), issue="automatic")
    draft = hold(customer, ("10 10:00", "10 10:10"))
    issue_invoice(invoice=draft, actor="tests", now=NOW)
    conference = Conference.objects.get()
    make_leg(conference, "10 10:00", "10 10:05")
    conference.record_version = 2
    conference.save()
    charge_conference(conference_id=conference.pk, now=NOW)
    assert open_flags(drafted(customer, "2026-12")) == []
    correct(conference, ("10 10:00", "10 10:02"))
    charge_conference(conference_id=conference.pk, now=NOW)
    draft = drafted(customer, "2026-12")
    (found,) = flags_of(with_flags(Invoice.objects.filter(pk=draft.pk)).get())
    assert (found.flag, found.count) == (Flag.CORRECTION, 1)
    assert [charge.conference for charge in charges_behind(draft, Flag.CORRECTION)] == [conference]
    # Nor is it issued unseen, although that was agreed.
    prepare_period(period="2026-12", actor="tests", now=DECEMBER + dt.timedelta(days=40))
    assert Invoice.objects.get(pk=draft.pk).state == "draft"
