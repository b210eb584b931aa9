"""States of printers and print jobs, paper and trays, in words and colours."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from mailing.models import Printer, PrintJob
from mailing.printers import media
from mailing.selectors.printing import state_in_words, why_not_printed
from toolkit.templatetags.ui import pill

register = template.Library()

_PRINTER_TONES = {
    Printer.Condition.UNKNOWN: "neutral",
    Printer.Condition.IDLE: "good",
    Printer.Condition.PROCESSING: "live",
    Printer.Condition.STOPPED: "bad",
    Printer.Condition.UNREACHABLE: "bad",
}
_JOB_TONES = {
    PrintJob.State.QUEUED: "neutral",
    PrintJob.State.SUBMITTING: "info",
    PrintJob.State.PRINTING: "live",
    PrintJob.State.STOPPED: "bad",
    PrintJob.State.PRINTED: "good",
    PrintJob.State.FAILED: "bad",
    PrintJob.State.CANCELLED: "neutral",
    PrintJob.State.UNCERTAIN: "warn",
}

register.filter("paper", media.media_in_words)
register.filter("tray", media.tray_in_words)
register.filter("state_words", state_in_words)


@register.simple_tag
def printer_pill(printer: Printer) -> SafeString:
    """Show how a printer is, with what it complains of."""
    if not printer.active:
        return pill("neutral", _("Not in use"))
    tone = _PRINTER_TONES[Printer.Condition(printer.condition)]
    if tone in ("good", "live") and printer.reasons:
        tone = "warn"
    return pill(tone, printer.get_condition_display(), state_in_words(printer))


@register.simple_tag
def print_job_pill(job: PrintJob) -> SafeString:
    """Show the state of a print job."""
    if job.state == PrintJob.State.QUEUED and job.held:
        return pill("neutral", _("Held back"))
    if job.state in PrintJob.AT_PRINTER and job.cancel_requested_at:
        return pill("warn", _("Being cancelled"))
    tone = _JOB_TONES[PrintJob.State(job.state)]
    if job.state == PrintJob.State.QUEUED and job.reasons:
        tone = "warn"
    return pill(tone, job.get_state_display())


@register.filter
def why(job: PrintJob, printer: Printer) -> str:
    """Say why a job of this printer waits, stopped or ended as it did."""
    return why_not_printed(job, printer)


@register.filter
def papers(values: tuple[str, ...]) -> str:
    """Say several sizes of paper in words."""
    return ", ".join(map(media.media_in_words, values))


@register.filter
def trays(values: tuple[str, ...]) -> str:
    """Say several trays in words."""
    return ", ".join(map(media.tray_in_words, values))


@register.filter
def fingerprint(value: str) -> str:
    """Write a SHA-256 as printers and browsers show it: pairs with colons."""
    return ":".join(value[place : place + 2] for place in range(0, len(value), 2)).upper()
