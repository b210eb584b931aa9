"""What was merged: documents of parts, and the letter of one recipient in them."""

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pikepdf
from django.conf import settings

from mailing.models import Chunk, Mailing, Recipient
from toolkit.pdf import pages_of

FOLDER = "mailings"


def is_duplex(mailing: Mailing) -> bool:
    """Say whether letters are printed on both sides; envelopes and labels never are."""
    return mailing.duplex and mailing.output == Mailing.Output.LETTERS


def document_of(chunk: Chunk, mailing: Mailing) -> str:
    """Return where the document of a part lies below MEDIA_ROOT."""
    return f"{FOLDER}/{mailing.number}/part-{chunk.number:04d}.pdf"


def chunk_path(chunk: Chunk, mailing: Mailing) -> Path:
    """Return where the document of a part lies."""
    return Path(settings.MEDIA_ROOT) / document_of(chunk, mailing)


def letter_pdf(recipient: Recipient) -> bytes | None:
    """Return exactly what was printed for a recipient, or None before it was merged.

    Of labels, the sheet that the label is on.
    """
    chunk = recipient.chunk
    if chunk is None or recipient.first_page is None or recipient.last_page is None:
        return None
    path = Path(settings.MEDIA_ROOT) / chunk.document
    return pages_of(path, recipient.first_page, recipient.last_page)


def documents(mailing: Mailing) -> list[Path]:
    """Return the documents of all parts that are merged, in their order."""
    merged = mailing.chunks.exclude(document="").order_by("number")
    return [Path(settings.MEDIA_ROOT) / name for name in merged.values_list("document", flat=True)]


def write_whole(mailing: Mailing, out: BinaryIO) -> int:
    """Write the parts that are merged, one behind the other, as one PDF; return its pages.

    Raises:
        ValueError: none is merged.
    """
    paths = documents(mailing)
    if not paths:
        msg = f"nothing of {mailing} is merged"
        raise ValueError(msg)
    with ExitStack() as parts, pikepdf.new() as whole:
        for path in paths:
            whole.pages.extend(parts.enter_context(pikepdf.open(path)).pages)
        whole.save(out, deterministic_id=True)
        return len(whole.pages)
