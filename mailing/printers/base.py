"""What every make of printer offers, in plain values.

A make is one module with a class that fulfils ``PrinterAdapter``; ``settings.PRINTER_MAKES`` names
it by its dotted path, under the scheme of the addresses that it serves.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from .reasons import Reason


class Delivery(StrEnum):
    """How much of a document the printer may have when it did not answer."""

    NOTHING = "nothing"
    PART = "part"  # it can be no whole document
    WHOLE = "whole"  # it may be printing by now


class Remedy(StrEnum):
    """What has to happen before a refused job can be printed."""

    TIME = "time"  # nothing: try again soon
    PRINTER = "printer"  # somebody changes the printer or its settings here
    DOCUMENT = "document"  # this document will never be printed there


class PrinterError(Exception):
    """Something is wrong; ``reason`` is a keyword that ``words`` puts plainly."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PrinterSilentError(PrinterError):
    """The printer did not answer, or not in its own language."""

    def __init__(self, reason: str, delivered: Delivery = Delivery.NOTHING) -> None:
        super().__init__(reason)
        self.delivered = delivered


class CertificateUntrustedError(PrinterSilentError):
    """The printer's certificate is not the one known, or nobody vouches for it.

    Attributes:
        fingerprint: SHA-256 of what it showed, in hex.
    """

    def __init__(self, reason: str, fingerprint: str) -> None:
        super().__init__(reason)
        self.fingerprint = fingerprint


class PrinterRefusedError(PrinterError):
    """The printer answered that it will not; nothing of the document is printed."""

    def __init__(self, reason: str, remedy: Remedy) -> None:
        super().__init__(reason)
        self.remedy = remedy


class JobUnknownError(PrinterError):
    """The printer knows no such job (any more)."""

    def __init__(self) -> None:
        super().__init__(Reason.FORGOTTEN)


class PrinterState(StrEnum):
    """RFC 8011 5.4.11."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"


class JobState(StrEnum):
    """RFC 8011 5.3.7."""

    PENDING = "pending"
    HELD = "pending-held"
    PROCESSING = "processing"
    STOPPED = "processing-stopped"
    CANCELED = "canceled"
    ABORTED = "aborted"
    COMPLETED = "completed"

    @property
    def is_over(self) -> bool:
        """Whether the printer is done with the job."""
        return self in (JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED)


@dataclass(frozen=True, slots=True)
class Condition:
    """How a printer is right now."""

    state: PrinterState
    accepting: bool = True
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a printer says it can; a list that is empty was not told."""

    model: str = ""
    formats: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    media_ready: tuple[str, ...] = ()
    media_default: str = ""
    trays: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    color_modes: tuple[str, ...] = ()
    scalings: tuple[str, ...] = ()

    @property
    def can_duplex(self) -> bool:
        """Whether it prints on both sides."""
        return "two-sided-long-edge" in self.sides

    @property
    def can_color(self) -> bool:
        """Whether it prints in colour."""
        return "color" in self.color_modes

    def to_json(self) -> dict[str, Any]:
        """Return what a row keeps."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what a row keeps; what it lacks was not told."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in kept.items()
            if name in known
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Look:
    """A printer as it is and what it can."""

    condition: Condition
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Options:
    """How a document is to be printed; an empty text leaves the choice to the printer."""

    media: str = ""
    tray: str = ""
    duplex: bool = False
    color: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A document to be printed.

    Attributes:
        name: The job's name at the printer; no two orders have the same.
        document: A PDF on disk.
    """

    name: str
    document: Path
    options: Options


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job as the printer tells it.

    Attributes:
        pages_done: Sides printed so far; None where it does not count.
        sheets_done: Sheets of paper, likewise.
    """

    job_id: int
    state: JobState
    reasons: tuple[str, ...] = ()
    pages_done: int | None = None
    sheets_done: int | None = None


class PrinterAdapter(Protocol):
    """One printer, spoken to in plain values.

    All methods raise ``PrinterSilentError`` when it does not answer and ``PrinterRefusedError``
    when it says no.

    Attributes:
        remembers: Whether what ``find`` does not find was certainly never printed.
    """

    remembers: ClassVar[bool]

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the adapter of a printer from plain settings (``uri`` and what a make needs)."""

    def look(self) -> Look:
        """Ask how it is and what it can."""

    def condition(self) -> Condition:
        """Ask only how it is."""

    def check(self, order: Order) -> Look:
        """Ask whether a document would be taken, without sending it."""

    def submit(self, order: Order, can: Capabilities) -> JobSeen:
        """Hand a document over that ``check`` found acceptable.

        Handing over the same order twice may print it twice: look for it with ``find`` first.
        """

    def job(self, job_id: int, name: str) -> JobSeen:
        """Ask how far a job is.

        A printer that was switched off gives its numbers anew, hence the name.

        Raises:
            JobUnknownError: the printer has forgotten it, or means another one.
        """

    def find(self, name: str) -> JobSeen | None:
        """Look for a job by its name among those that the printer remembers."""

    def cancel(self, job_id: int) -> None:
        """Ask the printer to end a job; one that is over stays as it is."""
