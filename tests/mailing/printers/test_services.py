"""Printers as a person adds and sets them: asked at once, and held to what they can."""

import pytest
from django.core.exceptions import ValidationError

from integration.models import Event
from mailing.models import Printer, PrintJob
from mailing.services.printers import (
    PrinterChangedMeanwhileError,
    PrinterInUseError,
    PrinterUnusableError,
    add_printer,
    change_printer,
    refresh_printer,
)
from mailing.services.printing import enqueue_print
from tests.printer.printer import RunningPrinter

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.printer, pytest.mark.poppler]


def change(printer: Printer, **changes) -> Printer:
    version = changes.pop("expected_version", printer.version)
    return change_printer(
        printer=printer, expected_version=version, actor="tests", now=NOW, **changes
    )


def test_a_printer_is_asked_when_it_is_added(printer) -> None:
    row = add_printer(
        name=" Office ", uri=printer.uri.replace("ipp:", " IPP:"), actor="tests", now=NOW
    )
    row.refresh_from_db()
    assert (row.name, row.uri, row.condition, row.asked_at) == (
        "Office",
        printer.uri,
        "idle",
        NOW,
    )
    assert row.media == "iso_a4_210x297mm", "A4 is chosen, though Letter lies in it"
    can = row.capabilities
    assert can["model"] == "Example Printer"
    assert can["trays"] == ["auto", "main", "photo"]
    assert "na_letter_8.5x11in" in can["media_ready"]
    assert "two-sided-long-edge" in can["sides"]
    assert "application/pdf" in can["formats"]
    event = Event.objects.get()
    assert (event.type, event.subject_id, event.data) == ("printer.added", str(row.pk), {})


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("ipp://127.0.0.1:1/ipp/print", "No printer listens on this port"),
        ("ipp://127.0.0.1:1999/ipp/print", "Nothing answers at the address"),
        ("ipp://nowhere.invalid/ipp/print", "No machine of this name is known"),
        ("http://127.0.0.1:631/", "Write the address as ipp://"),
        ("ipp://127.0.0.1:{port}/other", "There is no printer under this path"),
        ("ipps://127.0.0.1:{port}/ipp/print", "Nobody vouches for its certificate"),
    ],
)
def test_a_wrong_address_is_refused_with_the_reason(printer, path, words) -> None:
    with pytest.raises(PrinterUnusableError, match=words):
        add_printer(name="Other", uri=path.format(port=printer.port), actor="tests", now=NOW)
    assert Printer.objects.count() == 1
    assert not Event.objects.exists()


def test_name_and_address_are_taken_once(queue, printer) -> None:
    with pytest.raises(ValidationError) as refused:
        add_printer(name="Office", uri=printer.uri, actor="tests", now=NOW)
    assert set(refused.value.error_dict) == {"name", "uri"}
    assert Printer.objects.count() == 2


def test_it_can_only_be_set_to_what_it_has(queue) -> None:
    row = queue.printer
    for field, value in {"tray": "tray-9", "media": "iso_a0_841x1189mm"}.items():
        with pytest.raises(ValidationError) as refused:
            change(row, **{field: value})
        assert set(refused.value.error_dict) == {field}
    Printer.objects.filter(pk=row.pk).update(
        capabilities=row.capabilities | {"sides": ["one-sided"], "color_modes": ["monochrome"]}
    )
    for field in ("duplex", "color"):
        with pytest.raises(ValidationError) as refused:
            change(row, **{field: True})
        assert set(refused.value.error_dict) == {field}
    row.refresh_from_db()
    assert (row.tray, row.duplex, row.color, row.version) == ("", False, False, 1)
    assert Event.objects.count() == 1


def test_it_prints_as_it_is_set(queue, printer) -> None:
    change(queue.printer, tray="photo", media="iso_a5_148x210mm", duplex=True, color=True)
    queue.until(queue.put(1), "printed")
    queue.until(queue.put(1, options={"duplex": False, "media": "iso_dl_110x220mm"}), "printed")
    said = (printer.spool / "options").read_text().splitlines()
    assert said == [
        "sides=two-sided-long-edge print-color-mode=color "
        "media-col={media-size={x-dimension=14800 y-dimension=21000} media-source=photo}",
        "sides=one-sided print-color-mode=color media=iso_dl_110x220mm",
    ]


def test_options_that_there_are_none_of(queue) -> None:
    with pytest.raises(ValueError, match="copies"):
        enqueue_print(
            key="x",
            batch="",
            printer=queue.printer,
            title="x",
            document="x.pdf",
            pages=1,
            requested_by=None,
            now=NOW,
            options={"copies": 2},
        )
    assert not PrintJob.objects.exists()


def test_whoever_saves_second_changes_nothing(queue) -> None:
    change(queue.printer, name="First")
    with pytest.raises(PrinterChangedMeanwhileError):
        change(queue.printer, name="Second", expected_version=1)
    assert Printer.objects.get(pk=queue.printer.pk).name == "First"


def test_a_new_address_is_asked_and_not_while_a_job_lies_at_the_old_one(
    queue, printer, tmp_path
) -> None:
    with pytest.raises(PrinterUnusableError):
        change(queue.printer, uri="ipp://127.0.0.1:1999/ipp/print")
    printer.run_out_of_paper(after=1)
    queue.until(queue.put(3), "stopped")
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with RunningPrinter(other_folder) as other:
        with pytest.raises(PrinterInUseError):
            change(queue.printer, uri=other.uri)
        printer.fill()
        queue.empty()
        change(queue.printer, uri=other.uri)
        queue.printer.refresh_from_db()
        queue.until(queue.put(2), "printed")
        assert sum(other.pages().values()) == 2


def test_a_certificate_is_trusted_by_a_person_and_its_change_is_told(queue, printer) -> None:
    encrypted = printer.uri.replace("ipp://", "ipps://")
    with pytest.raises(PrinterUnusableError) as shown:
        change(queue.printer, uri=encrypted)
    row = change(queue.printer, uri=encrypted, certificate=shown.value.fingerprint)
    assert row.certificate == shown.value.fingerprint
    queue.until(queue.put(1), "printed")
    Printer.objects.filter(pk=row.pk).update(certificate="0" * 64)
    row.refresh_from_db()
    refresh_printer(printer=row, now=NOW)
    assert (row.condition, row.reasons) == ("unreachable", ["bpi-certificate-changed"])
    with pytest.raises(PrinterUnusableError, match="another certificate than before"):
        change(row, name="Office 2")
    change(row, certificate=shown.value.fingerprint)
    row.refresh_from_db()
    assert row.condition == "idle"


def test_asking_again(queue, printer) -> None:
    row = queue.printer
    printer.switch_off()
    refresh_printer(printer=row, now=NOW)
    row.refresh_from_db()
    assert (row.condition, row.reasons, row.silent_since) == (
        "unreachable",
        ["bpi-refused"],
        NOW,
    )
    assert row.capabilities["model"] == "Example Printer", "what it can is kept"
    printer.switch_on()
    refresh_printer(printer=row, now=NOW)
    row.refresh_from_db()
    assert (row.condition, row.reasons, row.silent_since) == ("idle", [], None)
    assert row.version == 1
