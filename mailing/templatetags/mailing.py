"""Words of mailing for the screens."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from integration.models import OutgoingMessage
from mailing.models import Mailing, Recipient
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
