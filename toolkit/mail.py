"""Write e-mail from a template, as plain text and as HTML in the house's plain look.

One text file is enough: its first line is the subject, the rest the text. The HTML is made of it;
a paragraph that is only a web address becomes a button. Where that does not do, an ``.html`` of
the same name is used; it extends ``email/frame.html`` and fills its block ``body``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.template import Context, TemplateDoesNotExist, engines
from django.template.backends.django import DjangoTemplates
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

_FRAME = "email/frame.html"
_PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
_BUTTON = (
    '<p style="margin:0 0 16px"><a href="{}" style="display:inline-block;padding:11px 18px;'
    "border-radius:8px;background:#0b6a63;color:#ffffff;text-decoration:none;"
    'overflow-wrap:anywhere">{}</a></p>'
)


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A subject without line breaks, the text, and the same as HTML."""

    subject: str
    text: str
    html: str


def render_mail(template: str, context: Mapping[str, object], *, language: str) -> WrittenMail:
    """Write the mail of ``template`` ("billing/email/invoice", without ending) in a language.

    ``footer`` in the context is a small text below the HTML (who we are). In the text file nothing
    is escaped; in the HTML everything is.

    Raises:
        TemplateDoesNotExist: there is no such ``.txt``.
        ValueError: its first line, the subject, is blank.
    """
    with override(language):
        subject, _line, text = _as_text(f"{template}.txt", context).strip().partition("\n")
        subject, text = " ".join(subject.split()), text.strip() + "\n"
        if not subject:
            msg = f"{template}.txt: write the subject into its first line"
            raise ValueError(msg)
        known = {**context, "subject": subject, "language": language}
        try:
            html = render_to_string(f"{template}.html", known)
        except TemplateDoesNotExist as error:
            if error.args[0] != f"{template}.html":
                raise
            html = render_to_string(_FRAME, {**known, "body": text_as_html(text)})
    return WrittenMail(subject, text, html)


def frame_html(body: SafeString, *, subject: str, language: str, footer: str = "") -> str:
    """Put finished HTML into the frame of our e-mails; ``body`` is trusted."""
    known = {"body": body, "subject": subject, "language": language, "footer": footer}
    with override(language):
        return render_to_string(_FRAME, known)


def text_as_html(text: str) -> SafeString:
    """Return the paragraphs of a plain text as HTML, escaped; web addresses become links."""
    paragraphs = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    return format_html_join("\n", "{}", ((_paragraph(part),) for part in paragraphs if part))


def _paragraph(text: str) -> SafeString:
    if _is_address(text):
        return format_html(_BUTTON, text, text)
    # Escaped by urlize, which needs the whole line to find where an address ends.
    linked = [mark_safe(urlize(line, autoescape=True)) for line in text.split("\n")]  # noqa: S308
    lines = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in linked))
    return format_html(_PARAGRAPH, lines)


def _is_address(text: str) -> bool:
    return " " not in text and "\n" not in text and urlsplit(text).scheme in {"https", "http"}


def _as_text(name: str, context: Mapping[str, object]) -> str:
    """Render a plain text: nothing in it is HTML, so nothing is escaped."""
    django = engines["django"]
    assert isinstance(django, DjangoTemplates)  # noqa: S101 (the only kind in the settings)
    template = django.engine.get_template(name)
    return str(template.render(Context(dict(context), autoescape=False)))
