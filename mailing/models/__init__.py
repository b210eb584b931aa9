"""Letter templates, mailings with their frozen recipients, letters in chunks, printers."""

from .mailings import Chunk, Mailing, Recipient
from .printing import Printer, PrintJob
from .settings import MailingSettings
from .templates import Template, TemplateAsset, TemplateVersion

__all__ = [
    "Chunk",
    "Mailing",
    "MailingSettings",
    "PrintJob",
    "Printer",
    "Recipient",
    "Template",
    "TemplateAsset",
    "TemplateVersion",
]
