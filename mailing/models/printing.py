"""Printers, and what was handed to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Printer(models.Model):
    """A printer, by its address: ``ipp://host:631/ipp/print``, or ``folder:`` for var/printed/.

    ``capabilities`` is what it said of itself when last asked (media, trays, duplex, colour);
    ``condition`` and ``reasons`` are its state and state reasons then (RFC 8011, and our own that
    begin with ``bpi-``). ``certificate`` is the SHA-256 (hex) of the one certificate that an
    ``ipps://`` printer must show; empty lets the usual authorities vouch for it.
    ``step_due_at`` is when its queue is looked at next: whoever comes earlier has nothing to do.
    """

    class Condition(models.TextChoices):
        UNKNOWN = "unknown", _("Not asked yet")
        IDLE = "idle", _("Ready")
        PROCESSING = "processing", _("Printing")
        STOPPED = "stopped", _("Stopped")
        UNREACHABLE = "unreachable", _("Does not answer")

    name = models.CharField(_("name"), max_length=80, unique=True)
    uri = models.CharField(_("address"), max_length=200, unique=True)
    media = models.CharField(_("paper"), max_length=80, blank=True)
    tray = models.CharField(_("tray"), max_length=80, blank=True)
    duplex = models.BooleanField(_("on both sides"), default=False)
    color = models.BooleanField(_("in colour"), default=False)
    active = models.BooleanField(_("in use"), default=True)
    certificate = models.CharField(max_length=64, blank=True, editable=False)
    capabilities = models.JSONField(default=dict, blank=True, editable=False)
    condition = models.CharField(
        _("state"), max_length=12, choices=Condition, default=Condition.UNKNOWN, editable=False
    )
    reasons = models.JSONField(default=list, blank=True, editable=False)
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True, editable=False)
    silent_since = models.DateTimeField(null=True, blank=True, editable=False)
    step_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PrintJob(models.Model):
    """One document handed to a printer; the row is the queue.

    ``key`` says what it prints and makes asking twice harmless (``mailing:17:chunk:3:1``,
    ``printer:2:test:…``). ``pages`` counts sides of the document, ``pages_done`` those the printer
    says it has printed, ``sheets_done`` its sheets where it counts those, too. ``attempts`` counts
    how often it was handed over: each time under another name, so that a job whose answer was lost
    is found again and never taken for an earlier one. ``reasons`` are keywords as of a printer;
    ``mailing.printers.words`` says them plainly. ``options`` differ from the printer's own
    settings (``media``, ``tray``, ``duplex``, ``color``).
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SUBMITTING = "submitting", _("Being handed over")
        PRINTING = "printing", _("Printing")
        STOPPED = "stopped", _("Stopped at the printer")
        PRINTED = "printed", _("Printed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNCERTAIN = "uncertain", _("Uncertain")

    AT_PRINTER = (State.SUBMITTING, State.PRINTING, State.STOPPED)
    OPEN = (State.QUEUED, *AT_PRINTER)

    key = models.CharField(max_length=120, unique=True, editable=False)
    batch = models.CharField(max_length=60, blank=True, db_index=True, editable=False)
    printer = models.ForeignKey(Printer, on_delete=models.PROTECT, related_name="jobs")
    title = models.CharField(_("title"), max_length=120)
    document = models.CharField(_("document"), max_length=200, help_text=_("Path below MEDIA_ROOT"))
    pages = models.PositiveIntegerField(_("pages"))
    options = models.JSONField(default=dict, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    held = models.BooleanField(_("held back"), default=False, editable=False)
    printer_job_id = models.PositiveIntegerField(null=True, blank=True, editable=False)
    pages_done = models.PositiveIntegerField(_("pages printed"), default=0)
    sheets_done = models.PositiveIntegerField(_("sheets printed"), null=True, blank=True)
    reasons = models.JSONField(default=list, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    created_at = models.DateTimeField(_("created"))
    submitted_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    progressed_at = models.DateTimeField(null=True, blank=True, editable=False)
    missed_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("print job")
        verbose_name_plural = _("print jobs")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view", "change")
        indexes = [models.Index(fields=["printer", "state", "id"], name="print_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["printer"],
                condition=Q(state__in=["submitting", "printing", "stopped"]),
                name="print_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.title
