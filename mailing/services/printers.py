"""Printers: add one by its address, change it, ask it, let it print a test page."""

import datetime as dt
from typing import Any, Final

from django.apps.registry import Apps
from django.apps.registry import apps as registry
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.services.actors import Who, user_of
from integration.services import record_event
from mailing.models import Printer, PrintJob
from mailing.printers import media, testpage, words
from mailing.printers.address import FOLDER, AddressError, normal_address
from mailing.printers.base import (
    Capabilities,
    CertificateUntrustedError,
    Condition,
    Look,
    Options,
    PrinterAdapter,
    PrinterError,
    PrinterRefusedError,
    PrinterSilentError,
)
from mailing.printers.ipp import check_options
from mailing.printers.reasons import Reason
from mailing.signals import print_jobs_wait
from toolkit.errors import DomainError

from .printing import enqueue_print, keep_document

CHANGEABLE: Final = frozenset({"name", "uri", "media", "tray", "duplex", "color", "active"})
DEFAULT_NAME: Final = "var/printed"
_REASON_FIELDS: Final[dict[str, str]] = {
    Reason.NO_TRAY: "tray",
    Reason.NO_MEDIA: "media",
    Reason.NO_DUPLEX: "duplex",
    Reason.NO_COLOR: "color",
}


class PrinterUnusableError(DomainError):
    """Nothing can be printed at the address; ``reason`` is a keyword of ``printers.words``.

    Attributes:
        fingerprint: SHA-256 of a certificate that nobody vouches for, to be trusted by a person.
    """

    code = "printer-unusable"
    title = gettext_lazy("No printer that can be used")

    def __init__(self, reason: str, fingerprint: str = "") -> None:
        super().__init__(words.sentence([reason]), reason=reason)
        self.fingerprint = fingerprint


class PrinterChangedMeanwhileError(DomainError):
    """Somebody else saved the printer first; nothing was changed."""

    code = "precondition-failed"
    title = gettext_lazy("Changed in the meantime")
    status = 412

    def __init__(self) -> None:
        super().__init__(_("Somebody else changed this printer meanwhile."))


class PrinterInUseError(DomainError):
    """A job lies at the printer: its address stays until that is over."""

    code = "printer-in-use"
    title = gettext_lazy("The printer is printing")

    def __init__(self) -> None:
        super().__init__(_("The address can be changed once the printer has finished its job."))


def adapter_for(printer: Printer) -> PrinterAdapter:
    """Return a new adapter for the printer; it asks nobody before it is used."""
    return _adapter(printer.uri, printer.certificate)


def ensure_default_printer(apps: Apps = registry, **_kwargs: object) -> None:
    """Let there be the printer that needs no machine: it prints into var/printed/.

    Idempotent; receiver of ``post_migrate``, which hands in the models as they are migrated. One
    that was renamed or taken out of use stays so.
    """
    try:
        printers = apps.get_model("mailing", "Printer")._default_manager
    except LookupError:  # migrated back to nothing
        return
    defaults = {"name": DEFAULT_NAME, **_as_seen(_adapter(FOLDER, "").look())}
    printers.get_or_create(uri=FOLDER, defaults=defaults)


def add_printer(
    *, name: str, uri: str, actor: Who, now: dt.datetime, certificate: str = ""
) -> Printer:
    """Ask the printer at an address what it can, and keep it; A4 is chosen where it has it.

    ``uri`` is taken as a person writes it, a bare host will do. ``certificate`` is the fingerprint
    of one that a person has decided to trust.

    Raises:
        PrinterUnusableError: no printer answers there, or it does not take PDF.
        ValidationError: name or address is that of another printer, or missing.
    """
    address, look = _looked_at(uri, certificate)
    printer = Printer(
        name=name.strip(),
        uri=address,
        certificate=certificate,
        asked_at=now,
        **_as_seen(look),
    )
    printer.media = _usual_media(look.capabilities)
    printer.full_clean()
    with transaction.atomic():
        printer.save()
        _record("added", printer, actor, now)
    return printer


def change_printer(
    *,
    printer: Printer,
    expected_version: int,
    actor: Who,
    now: dt.datetime,
    certificate: str | None = None,
    **changes: Any,
) -> Printer:
    """Change name, address, paper, tray, sides, colour, or whether it is used.

    A new address is asked at once, and so is the same one when a ``certificate`` is to be trusted
    from now on, or shows one that is not. What waited for the change goes on.

    Raises:
        PrinterChangedMeanwhileError: it was saved since ``expected_version``.
        PrinterInUseError: its address would change while a job lies there.
        PrinterUnusableError: no printer answers at the new address.
        ValidationError: the printer does not have what was chosen, by field.
    """
    wanted = {name: value for name, value in changes.items() if name in CHANGEABLE}
    look = None
    if certificate is not None or _is_to_be_asked(printer, wanted):
        trusted = printer.certificate if certificate is None else certificate
        wanted["uri"], look = _looked_at(wanted.get("uri", printer.uri), trusted)
        wanted |= {"certificate": trusted, "asked_at": now, "silent_since": None}
        wanted |= _as_seen(look)
    with transaction.atomic():
        locked = Printer.objects.select_for_update().get(pk=printer.pk)
        if locked.version != expected_version:
            raise PrinterChangedMeanwhileError
        if look and locked.uri != wanted["uri"] and _has_job(locked):
            raise PrinterInUseError
        changed = sorted(key for key, value in wanted.items() if getattr(locked, key) != value)
        for name, value in wanted.items():
            setattr(locked, name, value)
        locked.version += 1
        locked.step_due_at = None
        locked.full_clean()
        _refuse_impossible(locked)
        locked.save()
        said = [name for name in changed if name in CHANGEABLE]
        _record("changed", locked, actor, now, data={"changed": said})
        print_jobs_wait.send(sender=Printer, printer_id=locked.pk)
    return locked


def refresh_printer(*, printer: Printer, now: dt.datetime) -> Printer:
    """Ask the printer how it is and what it can; one that does not answer is marked so."""
    try:
        look = adapter_for(printer).look()
    except PrinterError as error:
        note_silence(printer, error.reason, now=now)
    else:
        note_look(printer, look, now=now)
    return printer


def note_look(printer: Printer, look: Look, *, now: dt.datetime) -> None:
    """Keep what a printer said of itself."""
    _note(printer, asked_at=now, silent_since=None, **_as_seen(look))


def note_condition(printer: Printer, condition: Condition, *, now: dt.datetime) -> None:
    """Keep how a printer is."""
    _note(printer, asked_at=now, silent_since=None, **_condition_as_seen(condition))


def note_silence(printer: Printer, reason: str, *, now: dt.datetime) -> None:
    """Keep that a printer does not answer, and since when."""
    _note(
        printer,
        condition=Printer.Condition.UNREACHABLE,
        reasons=[reason],
        asked_at=now,
        silent_since=printer.silent_since or now,
    )


def print_test_page(*, printer: Printer, actor: Who, now: dt.datetime) -> PrintJob:
    """Print a page that says printer, time and paper and draws the borders; once in a second.

    Raises:
        PrinterDisabledError: the printer is out of use.
    """
    content = testpage.test_page(
        name=printer.name,
        address=printer.uri,
        model=Capabilities.from_json(printer.capabilities).model,
        options=options_of(printer),
        now=now,
    )
    key = f"printer:{printer.pk}:test:{now:%Y%m%dT%H%M%S}"
    return enqueue_print(
        key=key,
        batch=f"printer:{printer.pk}:test",
        printer=printer,
        title=_("Test page"),
        document=keep_document(key=key, content=content),
        pages=1,
        requested_by=user_of(actor),
        actor=actor,
        now=now,
    )


def options_of(printer: Printer, **others: Any) -> Options:
    """Return how the printer is set, with what a job wants otherwise.

    The tray holds the printer's own paper: where another is wanted, the printer finds its tray.
    """
    own = {name: getattr(printer, name) for name in ("media", "tray", "duplex", "color")}
    if others.get("media", printer.media) != printer.media:
        own["tray"] = ""
    return Options(**(own | others))


def _adapter(uri: str, certificate: str) -> PrinterAdapter:
    make: type[PrinterAdapter] = import_string(settings.PRINTER_MAKES[uri.partition(":")[0]])
    return make.from_settings(
        {
            "uri": uri,
            "certificate": certificate,
            "timeout": float(settings.PRINTER_TIMEOUT_SECONDS),
            "folder": settings.STATE_DIR / "printed",
        }
    )


def _looked_at(uri: str, certificate: str) -> tuple[str, Look]:
    """Return the normal address and what the printer there says."""
    try:
        address = normal_address(uri)
        look = _adapter(address, certificate).look()
        check_options(Options(), look.capabilities)
    except CertificateUntrustedError as error:
        raise PrinterUnusableError(error.reason, error.fingerprint) from error
    except (AddressError, PrinterSilentError, PrinterRefusedError) as error:
        raise PrinterUnusableError(error.reason) from error
    return address, look


def _is_to_be_asked(printer: Printer, wanted: dict[str, Any]) -> bool:
    """Whether the address is new, or the printer to be used shows a certificate not trusted."""
    try:
        is_new = "uri" in wanted and normal_address(wanted["uri"]) != printer.uri
    except AddressError:
        return True
    doubted = {Reason.CERTIFICATE, Reason.CERTIFICATE_CHANGED} & {*printer.reasons}
    return is_new or (bool(doubted) and wanted.get("active", printer.active))


def _as_seen(look: Look) -> dict[str, Any]:
    return {
        "capabilities": look.capabilities.to_json(),
        **_condition_as_seen(look.condition),
    }


def _condition_as_seen(condition: Condition) -> dict[str, Any]:
    return {"condition": condition.state.value, "reasons": words.told(condition.reasons)}


def _usual_media(can: Capabilities) -> str:
    """Choose A4, else what lies in the printer; nothing where it does not say."""
    if media.A4 in (*can.media_ready, *can.media):
        return media.A4
    return next(iter(can.media_ready), can.media_default)


def _refuse_impossible(printer: Printer) -> None:
    """Hold the settings against what the printer says it can.

    Raises:
        ValidationError: it does not have what was chosen, by field.
    """
    try:
        check_options(options_of(printer), Capabilities.from_json(printer.capabilities))
    except PrinterRefusedError as error:
        text = str(words.words_of(error.reason).text)
        field = _REASON_FIELDS.get(error.reason, "uri")
        raise ValidationError({field: ValidationError(text, code=error.reason)}) from error


def _has_job(printer: Printer) -> bool:
    return PrintJob.objects.filter(printer=printer, state__in=PrintJob.AT_PRINTER).exists()


def _note(printer: Printer, **fields: Any) -> None:
    """Write what was seen; it is no change that somebody made, so the version stays."""
    for name, value in fields.items():
        setattr(printer, name, value)
    Printer.objects.filter(pk=printer.pk).update(**fields)


def _record(
    what: str,
    printer: Printer,
    actor: Who,
    now: dt.datetime,
    data: dict[str, Any] | None = None,
) -> None:
    record_event(
        type=f"printer.{what}",
        actor=actor,
        subject=("printer", printer.pk),
        data=data,
        now=now,
    )
