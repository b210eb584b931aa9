"""Measure a mailing from "go" to its last sheet and its last notice, on real parts.

A section of ``python -m bench.mailing``: two workers, `ippeveprinter` and a mail server on a
scratch database; leaves nothing behind.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.figures import scratch_database

if TYPE_CHECKING:
    import argparse

    from mailing.models import Mailing
    from tests.flows.post import PostOffice

LIMIT_SECONDS = 60


def deliver(options: argparse.Namespace) -> dict[str, Any]:
    """Send one mailing and answer after how many seconds each part of it was over."""
    with scratch_database(), ExitStack() as exits:
        from django.conf import settings

        from bpi_portal.roles import sync_roles
        from tests.flows.post import PostOffice

        sync_roles()
        folder = Path(settings.STATE_DIR) / "post"
        folder.mkdir()
        return measure(PostOffice(folder, exits), options.customers)


def measure(post: PostOffice, customers: int) -> dict[str, Any]:
    """Let the post office send a mailing to so many customers."""
    mailing = post.approved(post.customers(customers))
    began = time.monotonic()
    post.go(mailing)
    ends: dict[str, float] = {}

    def over(row: Mailing) -> bool:
        from mailing.selectors import report

        seen = report(row)
        for name, done in (("printed", seen.letters_printed), ("accepted", seen.sent)):
            if done == customers:
                ends.setdefault(name, time.monotonic() - began)
        return row.state == row.State.DONE

    post.wait(mailing, over, "the mailing being done")
    ends["done"] = time.monotonic() - began
    pages = sum(post.printer.pages().values())
    return {
        "customers": customers,
        **{f"{name}_seconds": seconds for name, seconds in ends.items()},
        "pages_at_the_printer": pages,
        "messages_at_the_server": len(post.mail.received),
        "limit_seconds": LIMIT_SECONDS,
    }


def show_deliver(found: dict[str, Any]) -> None:
    """Print the table."""
    write = sys.stdout.write
    write(f"from “go”, {found['customers']:,} customers{'seconds':>14}\n")
    for name, words in (
        ("printed", "all letters printed"),
        ("accepted", "all notices accepted"),
        ("done", "the mailing is done"),
    ):
        write(f"  {words:<28}{found[f'{name}_seconds']:>12.1f}\n")
    write(
        f"  {found['pages_at_the_printer']:,} pages at the printer, "
        f"{found['messages_at_the_server']:,} e-mails at the server\n"
    )
