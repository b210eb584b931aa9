"""Letters of a mailing, merged in a folder of the test's own."""

import datetime as dt
import subprocess
from pathlib import Path

from django.conf import settings

from mailing.models import Chunk, Mailing
from mailing.services import merge_next, start
from tests.factories.customers import NOW, make_customer
from tests.factories.mailing import make_approved

LATER = NOW + dt.timedelta(minutes=5)


def clock() -> dt.datetime:
    return LATER


def postal(line1: str = "Calle Mayor 1", **fields: str) -> dict[str, str]:
    return {
        "kind": "postal",
        "line1": line1,
        "postcode": "28013",
        "city": "Madrid",
        "country": "ES",
        **fields,
    }


def customers(count: int, **fields):
    """Make customers whose letters come in the order in which they were made."""
    return [
        make_customer(
            legal_name=f"Cliente {number}",
            addresses=[postal(f"Calle Mayor {number}", postcode=f"280{number:02d}")],
            **fields,
        )
        for number in range(count)
    ]


def started(sender, **fields) -> Mailing:
    fields.setdefault("notice", None)
    return start(mailing=make_approved(sender, **fields), actor=sender, now=NOW)


def merge_all(mailing: Mailing) -> None:
    while merge_next(mailing_id=mailing.pk, clock=clock):
        pass
    mailing.refresh_from_db()


def pages_of_text(pdf: bytes) -> list[str]:
    """Return what ``pdftotext`` reads on each page."""
    command = ["pdftotext", "-layout", "-", "-"]
    read = subprocess.run(command, input=pdf, capture_output=True, check=True)  # noqa: S603
    return read.stdout.decode().split("\f")[:-1]


def document(chunk: Chunk) -> bytes:
    return (Path(settings.MEDIA_ROOT) / chunk.document).read_bytes()
