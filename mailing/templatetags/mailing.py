"""Words of mailing for the screens."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integration.models import OutgoingMessage
from mailing.models import Chunk, Mailing, PrintJob, Recipient
from mailing.selectors.printing import why_not_printed
from mailing.selectors.report import LETTER_STATES
from toolkit.templatetags.ui import pill

register = template.Library()


@register.filter
def reason(code: str) -> str:
    """Say in words why somebody gets no letter or no e-mail."""
    return str(Recipient.Reason(code).label) if code in Recipient.Reason.values else code


@register.filter
def zone_name(zone: str) -> str:
    """Name a part of the world as the post divides it."""
    if zone == "national":
        return _("National")
    return _("European Union") if zone == "eu" else _("Rest of the world")


@register.filter
def weight_name(grams: int) -> str:
    """Name a class of weight; 0 is heavier than any."""
    return _("up to %(grams)s g") % {"grams": grams} if grams else _("over 2 kg")


LETTER_TONES = {
    "waiting": "neutral",
    "merged": "info",
    "printed": "good",
    "failed": "bad",
    "cancelled": "neutral",
}
NOTICE_TONES: dict[str, str] = {
    OutgoingMessage.State.SENT: "good",
    OutgoingMessage.State.PERM_FAILED: "bad",
    OutgoingMessage.State.TEMP_FAILED: "warn",
    OutgoingMessage.State.UNCERTAIN: "warn",
    OutgoingMessage.State.SUPPRESSED: "neutral",
    OutgoingMessage.State.CANCELLED: "neutral",
}


CHUNK_TONES: dict[str, str] = {
    Chunk.State.WAITING: "neutral",
    Chunk.State.MERGING: "live",
    Chunk.State.MERGED: "info",
    Chunk.State.PRINTED: "good",
    Chunk.State.FAILED: "bad",
    Chunk.State.CANCELLED: "neutral",
}
PRINT_TONES: dict[str, str] = {
    PrintJob.State.STOPPED: "warn",
    PrintJob.State.UNCERTAIN: "warn",
    PrintJob.State.FAILED: "bad",
    PrintJob.State.CANCELLED: "bad",
}


@register.simple_tag
def letter_pill(row: Recipient, mailing: Mailing) -> SafeString:
    """Show what became of a recipient's letter, or why there is none (a row of ``report_rows``)."""
    if row.letter_reason:
        return pill("plain neutral", row.get_letter_reason_display(), row.detail)
    if mailing.started_at is None:
        return SafeString()
    state = row.letter_state  # type: ignore[attr-defined]
    return pill(LETTER_TONES[state], LETTER_STATES[state])


@register.simple_tag
def notice_pill(row: Recipient, mailing: Mailing) -> SafeString:
    """Show what became of a recipient's e-mail, or why there is none (a row of ``report_rows``)."""
    if row.notice_reason:
        return pill("plain neutral", row.get_notice_reason_display(), row.detail)
    state = row.notice_state or ""  # type: ignore[attr-defined]
    if mailing.started_at is None or not state:
        return SafeString()
    if row.bounced_at:  # type: ignore[attr-defined]
        return pill("bad", _("Came back"))
    return pill(NOTICE_TONES.get(state, "info"), OutgoingMessage.State(state).label)


@register.simple_tag
def chunk_pill(chunk: Chunk) -> SafeString:
    """Show how far a part is; one that does not get on says why, in the printer's words too."""
    job = chunk.print_job
    if chunk.state == Chunk.State.MERGED and job is not None:
        tone = PRINT_TONES.get(job.state, "info")
        return pill(tone, job.get_state_display(), why_not_printed(job))
    return pill(CHUNK_TONES[chunk.state], chunk.get_state_display(), chunk.reason)
