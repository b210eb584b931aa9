"""The event log: what it keeps, that nothing changes it, that its feed loses nothing."""

import datetime as dt
import threading

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from integration import selectors
from integration.models import Event
from integration.services import SYSTEM, machine, number_events, record_event, record_events
from toolkit.request_id import request_context

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_an_event_holds_what_was_said():
    user = User.objects.create(username="ana")
    event = record_event(
        type="contract.activated",
        actor=user,
        customer_number="C-0001",
        subject=("contract", "CT-2026-0001"),
        data={"from": "draft", "to": "active"},
        now=NOON,
    )
    event.refresh_from_db()
    assert event.event_id.startswith("evt_")
    assert (event.type, event.occurred_at) == ("contract.activated", NOON)
    assert (event.actor, event.actor_kind) == ("ana", "user")
    assert event.customer_number == "C-0001"
    assert (event.subject_type, event.subject_id) == ("contract", "CT-2026-0001")
    assert event.data == {"from": "draft", "to": "active"}
    assert event.request_id == ""
    assert event.position is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (None, ("system", "system")),
        (SYSTEM, ("system", "system")),
        ("nightly sweep", ("system", "nightly sweep")),
        (machine("bridge main"), ("machine", "bridge main")),
        (AnonymousUser(), ("system", "anonymous")),
    ],
)
def test_who_did_it(actor, expected):
    event = record_event(type="thing.done", actor=actor)
    assert (event.actor_kind, event.actor) == expected


@pytest.mark.django_db
def test_the_request_says_who_and_which():
    request = RequestFactory().get("/")
    with request_context("req_1", request):
        request.user = User.objects.create(username="berta")  # known only later, as in the API
        event = record_event(type="thing.done")
    assert (event.actor, event.actor_kind, event.request_id) == ("berta", "user", "req_1")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "activated", "Contract.Activated", "contract.", "a b.c"])
def test_a_type_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="dotted lower-case"):
        record_event(type=name)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_database_refuses_change_and_removal():
    event = record_event(type="thing.done", data={"a": 1})
    number_events()
    for attempt in (
        lambda: Event.objects.update(type="thing.undone"),
        lambda: Event.objects.update(position=99),
        lambda: Event.objects.filter(pk=event.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            attempt()
    record_event(type="thing.done")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        # A place may be given, but nothing else together with it.
        Event.objects.filter(position=None).update(position=2, type="thing.undone")
    event.refresh_from_db()
    assert (event.type, event.data, event.position) == ("thing.done", {"a": 1}, 1)


@pytest.mark.django_db
def test_the_feed_goes_on_after_a_cursor():
    first, second, third = (record_event(type=f"thing.{word}") for word in ("a", "b", "c"))
    assert number_events() == 3
    assert number_events() == 0
    assert list(selectors.events()) == [first, second, third]
    assert list(selectors.events(after=1)) == [second, third]
    assert list(selectors.events(after=second.event_id)) == [third]
    with pytest.raises(Event.DoesNotExist):
        selectors.events(after="evt_none")
    with pytest.raises(ValueError, match="invalid literal"):
        selectors.events(after="x")


@pytest.mark.django_db
def test_a_customer_has_a_timeline():
    mine = [record_event(type="thing.done", customer_number="C-1") for _ in range(2)]
    record_event(type="thing.done", customer_number="C-2")
    assert list(selectors.events_of_customer("C-1")) == mine[::-1]


@pytest.mark.django_db
def test_only_who_may_sees_events():
    record_event(type="thing.done")
    user = User.objects.create(username="ana")
    assert not selectors.events_visible_to(user)
    assert not selectors.events_visible_to(AnonymousUser())
    assert selectors.events_visible_to(User.objects.create(username="root", is_superuser=True))


@pytest.mark.django_db(transaction=True)
def test_an_event_committed_late_is_not_lost():
    """An early id that becomes visible late must not end up behind a reader."""
    written, go_on = threading.Event(), threading.Event()

    def slow_writer() -> None:
        try:
            with transaction.atomic():
                record_event(type="thing.early")
                written.set()
                go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert written.wait(10)
    record_event(type="thing.late")
    number_events()
    seen = list(selectors.events())
    assert [event.type for event in seen] == ["thing.late"]
    go_on.set()
    thread.join(10)
    number_events()
    assert [e.type for e in selectors.events(after=seen[-1].event_id)] == ["thing.early"]


@pytest.mark.django_db
def test_the_same_event_of_many_customers_is_written_at_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        count = record_events(
            type="letter.printed",
            customers=["C-00001", "C-00002"],
            actor="tests",
            subject=("mailing", "M-1"),
            data={"part": 3},
        )
    rows = Event.objects.order_by("id").values_list("customer_number", "subject_id", "data")
    assert count == 2
    assert list(rows) == [("C-00001", "M-1", {"part": 3}), ("C-00002", "M-1", {"part": 3})]
