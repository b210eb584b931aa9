"""An e-mail of a mailing: one column, styles in place, nothing from elsewhere; and as text."""

import re

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from .letter import House

# Programs for e-mail read styles at the element and often nowhere else.
_CELL = "padding:6px 12px 6px 0;border-bottom:1px solid #dde3e2;text-align:left;vertical-align:top"
_STYLES = {
    "p": "margin:0 0 14px",
    "h2": "margin:22px 0 10px;font-size:18px;line-height:1.3;color:#0b6a63",
    "h3": "margin:18px 0 8px;font-size:15px;line-height:1.3",
    "ul": "margin:0 0 14px;padding-left:24px",
    "ol": "margin:0 0 14px;padding-left:24px",
    "li": "margin:0 0 4px",
    "a": "color:#0b6a63",
    "blockquote": "margin:0 0 14px;padding-left:14px;border-left:3px solid #b9c4c3",
    "hr": "border:0;border-top:1px solid #b9c4c3;margin:18px 0",
    "table": "border-collapse:collapse;width:100%;margin:0 0 14px",
    "th": _CELL,
    "td": _CELL,
}
_START = re.compile(rf"<({'|'.join(_STYLES)})(?=[ >])")


def email_html(
    *, body: str, subject: str, language: str, house: House, preferences_url: str = ""
) -> str:
    """Return the whole page; ``body`` is merged HTML, ``subject`` plain text.

    ``preferences_url`` is the recipient's own link, under which he stops such mail.
    """
    context = {
        "body": _START.sub(lambda tag: f'<{tag[1]} style="{_STYLES[tag[1]]}"', body),
        "subject": subject,
        "language": language,
        "house": house,
        "preferences_url": preferences_url,
    }
    with translation.override(language):
        return render_to_string("mailing/documents/email.html", context)


def email_text(*, body: str, language: str, house: House, preferences_url: str = "") -> str:
    """Return the same as plain text; ``body`` is the text of the merged HTML."""
    lines = [body, f"-- \n{' · '.join((house.legal_name, *house.lines))}"]
    if contact := " · ".join(filter(None, (house.phone, house.email))):
        lines[-1] += f"\n{contact}"
    if preferences_url:
        with translation.override(language):
            stop = _("Choose what we send you, or stop these e-mails")
        lines.append(f"{stop}:\n{preferences_url}")
    return "\n\n".join(lines) + "\n"
