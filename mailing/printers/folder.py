"""A folder as a printer: what is printed lies there as a PDF, exactly once."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from .base import (
    Capabilities,
    Condition,
    JobSeen,
    JobState,
    Look,
    Order,
    PrinterRefusedError,
    PrinterState,
    Remedy,
)
from .reasons import Reason

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 150


class FolderPrinter:
    """Writes each document into one folder under the name of its job.

    A document appears whole or not at all (written beside, then renamed), and the same order again
    finds its file: a process killed at any place prints nothing twice.
    """

    remembers: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Take the folder from ``folder``."""
        return cls(Path(settings["folder"]))

    def look(self) -> Look:
        """Answer at once: a folder has no trays and takes any size."""
        return Look(
            self.condition(),
            Capabilities(
                formats=("application/pdf",),
                sides=("one-sided", "two-sided-long-edge"),
                color_modes=("color", "monochrome"),
            ),
        )

    def condition(self) -> Condition:
        """Tell whether the folder can be written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            writable = os.access(self._folder, os.W_OK | os.X_OK)
        except OSError:
            writable = False
        if not writable:
            return Condition(PrinterState.STOPPED, accepting=False, reasons=(Reason.FOLDER,))
        return Condition(PrinterState.IDLE)

    def check(self, order: Order) -> Look:
        """Make sure of the folder and of the document."""
        look = self.look()
        if not look.condition.accepting:
            raise PrinterRefusedError(Reason.FOLDER, Remedy.PRINTER)
        if not order.document.exists():
            raise PrinterRefusedError(Reason.DOCUMENT_MISSING, Remedy.DOCUMENT)
        return look

    def submit(self, order: Order, can: Capabilities) -> JobSeen:  # noqa: ARG002 (of the protocol)
        """Copy the document into the folder; it is printed when this returns."""
        target = self._file(order.name)
        if not target.exists():
            self._copy(order.document, target)
        return _printed()

    def job(self, job_id: int, name: str) -> JobSeen:  # noqa: ARG002 (of the protocol)
        """Answer that it is printed: jobs of a folder are over when they are handed over."""
        return _printed()

    def find(self, name: str) -> JobSeen | None:
        """Look for the file of the job."""
        return _printed() if self._file(name).exists() else None

    def cancel(self, job_id: int) -> None:
        """Leave it: it is printed already."""

    def _file(self, name: str) -> Path:
        return self._folder / f"{_UNSAFE.sub('-', name)[:_LONGEST_NAME].strip('-.')}.pdf"

    def _copy(self, document: Path, target: Path) -> None:
        beside = target.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with document.open("rb") as source, beside.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            beside.rename(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise PrinterRefusedError(Reason.FOLDER, Remedy.PRINTER) from error


def _printed() -> JobSeen:
    """Count nothing: whoever asks knows how many pages the document has."""
    return JobSeen(job_id=0, state=JobState.COMPLETED)
