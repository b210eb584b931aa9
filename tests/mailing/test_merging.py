"""Letters become documents: in their order, whole or not at all, the same bytes again."""

import io

import pytest
from django.db import connections

from customers.services import change_customer, opt_out
from mailing.models import Mailing, Printer
from mailing.selectors import letter_pdf, report, write_whole
from mailing.selectors.progress import CHUNK_LOCK, mergers_missing
from mailing.services import (
    ApprovalBrokenError,
    MailingStateError,
    cancel,
    merge_next,
    pause,
    resume,
    retry_chunk,
    start,
)
from tests.factories.customers import NOW, make_customer, make_issuer
from tests.factories.mailing import make_approved
from tests.factories.users import make_user
from tests.mailing.papers import (
    LATER,
    clock,
    customers,
    document,
    merge_all,
    pages_of_text,
    postal,
    started,
)

pytestmark = [pytest.mark.django_db, pytest.mark.pango, pytest.mark.poppler]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def sender():
    make_issuer()
    return make_user("administrator")


@pytest.fixture
def printer():
    return Printer.objects.create(name="Bandeja", uri="folder:tests", duplex=True)


class TestParts:
    def test_letters_are_cut_into_parts_in_their_order(self, sender):
        customers(5)
        mailing = started(sender, chunk_size=2)
        assert list(mailing.chunks.values_list("number", "letters", "state")) == [
            (1, 2, "waiting"),
            (2, 2, "waiting"),
            (3, 1, "waiting"),
        ]
        merge_all(mailing)
        rows = mailing.recipients.order_by("position").values_list(
            "chunk__number", "first_page", "last_page"
        )
        assert list(rows) == [(1, 1, 1), (1, 2, 2), (2, 1, 1), (2, 2, 2), (3, 1, 1)]
        text = "".join(pages_of_text(document(mailing.chunks.get(number=2))))
        assert "Cliente 2" in text
        assert "Cliente 3" in text
        assert "Cliente 1" not in text

    def test_the_letter_of_each_customer_can_be_opened_again(self, sender):
        customers(3)
        mailing = started(sender)
        recipient = mailing.recipients.get(position=2)
        assert letter_pdf(recipient) is None
        merge_all(mailing)
        recipient.refresh_from_db()
        (page,) = pages_of_text(letter_pdf(recipient))
        assert "28001" in page
        assert "28000" not in page

    def test_all_parts_can_be_had_as_one(self, sender):
        customers(3)
        mailing = started(sender, chunk_size=2)
        whole = io.BytesIO()
        with pytest.raises(ValueError, match="merged"):
            write_whole(mailing, whole)
        merge_all(mailing)
        assert write_whole(mailing, whole) == 3
        texts = pages_of_text(whole.getvalue())
        assert [f"2800{place}" in text for place, text in enumerate(texts)] == [True] * 3

    def test_both_sides_let_every_letter_begin_on_a_new_sheet(self, sender, printer):
        customers(2)
        mailing = started(sender, printer=printer)
        merge_all(mailing)
        chunk = mailing.chunks.get()
        assert (chunk.pages, chunk.sheets) == (4, 2)
        pages = mailing.recipients.order_by("position").values_list("first_page", "last_page")
        assert list(pages) == [(1, 1), (3, 3)]

    def test_a_separator_stands_before_each_country(self, sender):
        customers(1)
        berlin = postal("Unter den Linden 1", postcode="10117", city="Berlin", country="DE")
        make_customer(legal_name="Kunde", addresses=[berlin])
        mailing = started(sender, separators=True)
        merge_all(mailing)
        first, second, third, fourth = pages_of_text(document(mailing.chunks.get()))
        assert "Alemania" in first
        assert "ALEMANIA" in second
        assert "España" in third
        assert "Cliente 0" in fourth
        assert mailing.chunks.get().letters == 2
        assert mailing.recipients.get(position=1).first_page == 2

    def test_the_same_letters_are_the_same_bytes(self, sender):
        customers(2)
        mailing = started(sender)
        merge_all(mailing)
        first = mailing.chunks.get()
        content = document(first)
        mailing.chunks.update(state="waiting")
        Mailing.objects.update(state="running")
        merge_all(mailing)
        again = mailing.chunks.get()
        assert (document(again), again.sha256) == (content, first.sha256)

    @pytest.mark.parametrize(
        ("output", "pages"),
        [("labels_l7160", 2), ("labels_l7163", 2), ("envelopes_dl", 22), ("envelopes_10", 22)],
    )
    def test_envelopes_and_labels(self, sender, output, pages):
        customers(22)
        mailing = started(sender, output=output, chunk_size=25)
        merge_all(mailing)
        chunk = mailing.chunks.get()
        assert (chunk.letters, chunk.pages, chunk.sheets) == (22, pages, pages)
        last = mailing.recipients.get(position=22)
        assert last.first_page == last.last_page == pages
        assert "28021 MADRID" in pages_of_text(letter_pdf(last))[0]


class TestQueue:
    def test_nothing_is_merged_before_the_start(self, sender):
        customers(1)
        mailing = make_approved(sender)
        assert not merge_next(mailing_id=mailing.pk, clock=clock)
        assert not mailing.chunks.exists()

    def test_one_that_somebody_merges_is_left_to_him(self, sender):
        customers(2)
        mailing = started(sender, chunk_size=1)
        first = mailing.chunks.get(number=1)
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s, %s)", [CHUNK_LOCK, first.pk])
                assert mergers_missing(mailing.pk) == 1
                assert merge_next(mailing_id=mailing.pk, clock=clock)
                assert not merge_next(mailing_id=mailing.pk, clock=clock)
        finally:
            other.close()
        assert list(mailing.chunks.values_list("state", flat=True)) == ["waiting", "merged"]
        assert mergers_missing(mailing.pk) == 1

    def test_one_whose_worker_died_is_merged_by_the_next(self, sender):
        customers(1)
        mailing = started(sender)
        mailing.chunks.update(state="merging", done=0, claimed_at=NOW)
        merge_all(mailing)
        assert mailing.chunks.get().state == "merged"
        assert mailing.state == "done"

    def test_a_paused_mailing_goes_on_where_it_was(self, sender):
        customers(2)
        mailing = started(sender, chunk_size=1)
        merge_next(mailing_id=mailing.pk, clock=clock)
        pause(mailing=mailing, actor=sender, now=LATER)
        assert not merge_next(mailing_id=mailing.pk, clock=clock)
        assert list(mailing.chunks.values_list("state", flat=True)) == ["merged", "waiting"]
        before = document(mailing.chunks.get(number=1))
        resume(mailing=mailing, actor=sender, now=LATER)
        merge_all(mailing)
        assert list(mailing.chunks.values_list("state", flat=True)) == ["merged", "merged"]
        assert document(mailing.chunks.get(number=1)) == before

    def test_cancelled_is_for_good(self, sender):
        customers(2)
        mailing = started(sender, chunk_size=1)
        merge_next(mailing_id=mailing.pk, clock=clock)
        cancel(mailing=mailing, actor=sender, now=LATER)
        merge_all(mailing)
        assert list(mailing.chunks.values_list("state", flat=True)) == ["merged", "cancelled"]
        assert (mailing.state, mailing.finished_at) == ("cancelled", LATER)
        assert mailing.job.state == "failed"
        with pytest.raises(MailingStateError):
            resume(mailing=mailing, actor=sender, now=LATER)

    def test_a_part_that_fails_keeps_up_nobody_and_can_be_tried_again(self, sender, monkeypatch):
        customers(2)
        mailing = started(sender, chunk_size=1)
        with monkeypatch.context() as patch:
            patch.setattr("mailing.services.merging.write_letters", _out_of_ink)
            merge_next(mailing_id=mailing.pk, clock=clock)
        merge_all(mailing)
        failed = mailing.chunks.get(number=1)
        assert (failed.state, mailing.state) == ("failed", "running")
        assert failed.reason
        assert mailing.chunks.get(number=2).state == "merged"
        retry_chunk(chunk=failed, actor=sender, now=LATER)
        merge_all(mailing)
        assert mailing.state == "done"

    def test_a_part_that_kills_its_workers_again_and_again_waits_for_a_person(self, sender):
        customers(1)
        mailing = started(sender)
        mailing.chunks.update(state="merging", attempts=6)
        merge_all(mailing)
        chunk = mailing.chunks.get()
        assert (chunk.state, mailing.state) == ("failed", "running")
        retry_chunk(chunk=chunk, actor=sender, now=LATER)
        merge_all(mailing)
        assert mailing.state == "done"

    def test_nothing_is_left_of_a_document_that_was_not_finished(self, sender, media, monkeypatch):
        customers(1)
        mailing = started(sender)
        monkeypatch.setattr("mailing.services.merging.write_letters", _out_of_ink)
        merge_all(mailing)
        assert [path for path in media.rglob("*") if path.is_file()] == []


def _out_of_ink(letters, out, **_):
    next(iter(letters))
    out.write(b"%PDF")
    raise RuntimeError


class TestApproval:
    def test_what_was_changed_after_the_approval_is_not_started(self, sender):
        customers(1)
        mailing = make_approved(sender)
        mailing.recipients.update(city="Sevilla")
        with pytest.raises(ApprovalBrokenError):
            start(mailing=mailing, actor=sender, now=NOW)
        mailing.refresh_from_db()
        assert (mailing.state, mailing.started_at) == ("approved", None)
        assert not mailing.chunks.exists()

    def test_who_opts_out_after_the_approval_gets_no_letter(self, sender):
        _one, two = customers(2)
        mailing = started(sender)
        opt_out(customer=two, channel="letter", source="page", actor=sender, now=LATER)
        merge_all(mailing)
        row = mailing.recipients.get(customer=two)
        assert (row.letter_reason, row.first_page) == ("opted_out", None)
        assert mailing.chunks.get().letters == report(mailing).letters_printed == 1

    def test_nobody_left_in_a_part_means_no_document(self, sender):
        (one,) = customers(1)
        mailing = started(sender)
        opt_out(customer=one, channel="letter", source="page", actor=sender, now=LATER)
        merge_all(mailing)
        assert (mailing.chunks.get().state, mailing.state) == ("cancelled", "done")

    def test_an_address_corrected_after_the_approval_stands_as_approved(self, sender):
        one, _two = customers(2)
        mailing = started(sender)
        one.refresh_from_db()
        change_customer(
            customer=one,
            expected_version=one.version,
            addresses=[postal("Calle Nueva 1", postcode="28999")],
            actor=sender,
            now=LATER,
        )
        merge_all(mailing)
        row = mailing.recipients.get(customer=one)
        assert row.outdated
        assert "28000" in pages_of_text(letter_pdf(row))[0]
        assert report(mailing).outdated == 1
