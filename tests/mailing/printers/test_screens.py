"""The printers' screens: what they show, to whom, and what their buttons do."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bpi_portal.roles import sync_roles
from mailing.models import Printer, PrintJob
from mailing.services.printing import finish_print
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db
LIVE = {"HX-Request": "true"}
WITHOUT_JOBS = 7
WITH_JOBS = 9


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def client() -> Client:
    """Somebody of the mailing department."""
    sync_roles()
    client = Client()
    client.force_login(make_user("mailing"))
    return client


def to(name: str, pk: int | None = None) -> str:
    return reverse(f"mailing:{name}", kwargs={"pk": pk} if pk else None)


def states() -> list[str]:
    return list(PrintJob.objects.order_by("pk").values_list("state", flat=True))


def test_the_list_says_how_each_printer_is(client, folder, django_assert_max_num_queries) -> None:
    jobs = [folder.put(1) for _ in range(3)]
    finish_print(jobs[0], PrintJob.State.UNCERTAIN, now=timezone.now())
    for place in range(10):
        Printer.objects.create(
            name=f"Printer {place}",
            uri=f"ipp://printer-{place}.example/ipp/print",
            condition="stopped",
            reasons=["media-jam-error"],
        )
    with django_assert_max_num_queries(WITHOUT_JOBS):
        page = client.get(to("printer_list")).content.decode()
    assert "Paper jam. Take the jammed paper out" in page
    assert "1 to decide" in page


@pytest.mark.printer
@pytest.mark.poppler
@pytest.mark.pango
def test_add_set_and_test_a_printer(client, printer) -> None:
    page = client.post(to("printer_create"), {"name": "Office", "uri": "http://127.0.0.1/"})
    assert page.context["form"].errors == {"uri": ["Write the address as ipp://… or ipps://…."]}
    answer = client.post(to("printer_create"), {"name": "Office", "uri": printer.uri})
    row = Printer.objects.get(uri=printer.uri)
    assert answer.headers["Location"] == to("printer_detail", row.pk)
    page = client.get(to("printer_detail", row.pk)).content.decode()
    for words in ("Example Printer", "A4 (210", "Main tray, Photo tray", "Print a test page"):
        assert words in page
    form = {"name": "Office 2", "uri": printer.uri, "paper": "iso_a5_148x210mm", "tray": "main"}
    form |= {"active": "on", "expected_version": "1"}
    page = client.post(to("printer_edit", row.pk), form | {"tray": "tray-9"})
    assert list(page.context["form"].errors) == ["tray"]
    client.post(to("printer_edit", row.pk), form)
    row.refresh_from_db()
    assert (row.name, row.media, row.tray, row.duplex) == (
        "Office 2",
        "iso_a5_148x210mm",
        "main",
        False,
    )
    stale = client.post(to("printer_edit", row.pk), form | {"name": "Third"})
    assert (stale.status_code, "Somebody else changed this printer" in stale.content.decode()) == (
        409,
        True,
    )
    printer.switch_off()
    page = client.post(to("printer_ask", row.pk), follow=True).content.decode()
    assert "Nothing answers at the address: switched off, or not there." in page
    client.post(to("printer_test", row.pk))
    assert states() == ["queued"]


@pytest.mark.printer
@pytest.mark.poppler
def test_a_certificate_is_offered_and_trusted_only_when_ticked(client, printer) -> None:
    form = {"name": "Office", "uri": printer.uri.replace("ipp://", "ipps://")}
    page = client.post(to("printer_create"), form)
    fingerprint = page.context["form"].fingerprint
    assert ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper() in (
        page.content.decode()
    )
    client.post(to("printer_create"), form | {"certificate": fingerprint})
    assert Printer.objects.count() == 1
    client.post(to("printer_create"), form | {"certificate": fingerprint, "trust": "on"})
    assert Printer.objects.get(name="Office").certificate == fingerprint


def test_the_queue_follows_live_and_says_why(client, folder, django_assert_max_num_queries) -> None:
    row = folder.printer
    stopped = folder.put(9, title="Letters <b>1</b>")
    for _ in range(5):
        folder.put(1)
    PrintJob.objects.filter(pk=stopped.pk).update(
        state="stopped", pages_done=4, reasons=["media-empty-error", "toner-low"]
    )
    detail = to("printer_live", row.pk)
    assert client.get(detail).headers["Location"] == to("printer_detail", row.pk)
    with django_assert_max_num_queries(WITH_JOBS):
        fragment = client.get(detail, headers=LIVE)
    text = fragment.content.decode()
    assert fragment.headers["Cache-Control"] == "private, no-store"
    assert "<html" not in text
    assert f'hx-get="{detail}" hx-trigger="every 2s"' in text
    assert "Out of paper. Fill the tray. Toner is running out." in text
    assert 'max="9" value="4"' in text
    assert "Letters &lt;b&gt;1&lt;/b&gt;" in text
    with django_assert_max_num_queries(WITH_JOBS):
        client.get(to("printer_detail", row.pk))


def test_cancel_retry_and_decide(client, folder) -> None:
    job = folder.put(2)
    page = client.post(to("print_job_cancel", job.pk), follow=True).content.decode()
    assert states() == ["cancelled"]
    assert to("print_job_retry", job.pk) in page
    client.post(to("print_job_retry", job.pk))
    assert states() == ["queued"]
    page = client.post(to("print_job_retry", job.pk), follow=True).content.decode()
    assert "This can&#x27;t be done while the print job is “Waiting”." in page
    job.refresh_from_db()
    finish_print(job, PrintJob.State.UNCERTAIN, now=timezone.now(), reasons=["bpi-forgotten"])
    page = client.post(to("print_job_decide", job.pk), {"printed": "maybe"}, follow=True)
    assert "Say whether it was printed." in page.content.decode()
    assert "Nobody knows whether it was printed" in page.content.decode()
    assert states() == ["uncertain"]
    client.post(to("print_job_decide", job.pk), {"printed": "yes"})
    assert states() == ["printed"]
    job.refresh_from_db()
    assert job.pages_done == 2


def test_who_may_not_sees_nothing_and_changes_nothing(folder) -> None:
    sync_roles()
    job = folder.put(1)
    for role, sees in {"auditor": True, "sales": False, "billing": False}.items():
        client = Client()
        client.force_login(make_user(role))
        assert client.get(to("printer_detail", folder.printer.pk)).status_code == (
            200 if sees else 403
        )
        refused = [
            client.post(to("printer_test", folder.printer.pk)),
            client.post(to("print_job_cancel", job.pk)),
            client.post(to("printer_create"), {"name": "x", "uri": "folder:"}),
            client.get(to("print_job_document", job.pk)),
        ]
        assert [answer.status_code for answer in refused] == [403] * 4
    assert states() == ["queued"]


def test_the_document_of_a_job(folder) -> None:
    sync_roles()
    job = folder.put(1)
    client = Client()
    client.force_login(make_user("administrator"))
    answer = client.get(to("print_job_document", job.pk))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert b"".join(answer).startswith(b"%PDF-")
    PrintJob.objects.update(document="gone.pdf")
    assert client.get(to("print_job_document", job.pk)).status_code == 404


def test_a_silent_printer_says_since_when(client, folder) -> None:
    since = timezone.now() - dt.timedelta(hours=1)
    Printer.objects.update(
        condition="unreachable", reasons=["bpi-timeout"], silent_since=since, asked_at=since
    )
    page = client.get(to("printer_detail", folder.printer.pk)).content.decode()
    assert "silent since" in page
    assert "It does not answer. Look at the printer and its network." in page
