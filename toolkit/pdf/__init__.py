"""Make PDFs of HTML without ever reading a file or an address that the HTML names.

One document at a time (`render_pdf`), or a template filled in by the thousand
(`compile_template`, `ShapeCache`, `write_letters`); docs/documents.md tells how.
"""

from .archive import Attachment, Metadata
from .letters import Letter, write_letters
from .pages import PageRange, pages_of
from .render import render_pdf
from .slots import MalformedSlotError, MissingValueError
from .templates import CompiledTemplate, ShapeCache, compile_template

__all__ = [
    "Attachment",
    "CompiledTemplate",
    "Letter",
    "MalformedSlotError",
    "Metadata",
    "MissingValueError",
    "PageRange",
    "ShapeCache",
    "compile_template",
    "pages_of",
    "render_pdf",
    "write_letters",
]
