"""The text of a template in the language of its reader."""

from dataclasses import dataclass

from mailing.models import TemplateVersion


@dataclass(frozen=True, slots=True)
class Text:
    """Subject, body and page of attachments in one language; sanitised HTML with fields."""

    language: str
    subject: str
    body: str
    enclosure: str


def text_in(version: TemplateVersion, language: str) -> Text:
    """Return the text in ``language``, or in the other one where it was not written in it."""
    if not getattr(version, f"body_{language}", ""):
        language = "en" if language == "es" else "es"
    return Text(
        language=language,
        subject=getattr(version, f"subject_{language}"),
        body=getattr(version, f"body_{language}"),
        enclosure=getattr(version, f"enclosure_{language}"),
    )
