"""Paper and mail: layouts of letters with their windows, and the bodies of e-mails."""

from .email import email_html, email_text
from .layouts import DEFAULT_LAYOUT, LAYOUTS, Box, Layout
from .letter import House, LetterPage, LetterPaper
from .window import Fitted, fit

__all__ = [
    "DEFAULT_LAYOUT",
    "LAYOUTS",
    "Box",
    "Fitted",
    "House",
    "Layout",
    "LetterPage",
    "LetterPaper",
    "email_html",
    "email_text",
    "fit",
]
