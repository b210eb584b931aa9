"""What a printer answers over IPP, read into plain values; its own texts go no further."""

from typing import Final

from .base import (
    Capabilities,
    Condition,
    JobSeen,
    JobState,
    PrinterRefusedError,
    PrinterSilentError,
    PrinterState,
    Remedy,
)
from .ipp_message import Answer, Attributes, Group
from .reasons import Reason

CONDITION: Final = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs")
ABILITIES: Final = (
    "printer-make-and-model",
    "printer-info",
    "document-format-supported",
    "media-supported",
    "media-ready",
    "media-default",
    "media-source-supported",
    "sides-supported",
    "color-supported",
    "print-color-mode-supported",
    "print-scaling-supported",
)
JOB: Final = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
    "job-media-sheets-completed",
)

FAULTS: Final = 0x0100  # status codes below mean success
NOT_POSSIBLE: Final = 0x0404
NOT_FOUND: Final = 0x0406
GONE: Final = 0x0407
OLD_VERSION: Final = 0x0503
_VALUES_REFUSED: Final = 0x040B
_SERVER_FAULTS: Final = 0x0500

_LONGEST_WORD: Final = 80
_LONGEST_MODEL: Final = 120
_PRINTER_STATES: Final = {
    3: PrinterState.IDLE,
    4: PrinterState.PROCESSING,
    5: PrinterState.STOPPED,
}
_JOB_STATES: Final = dict(enumerate(JobState, start=3))

_REFUSALS: Final = {
    0x0401: (Reason.NOT_ALLOWED, Remedy.PRINTER),
    0x0402: (Reason.NOT_ALLOWED, Remedy.PRINTER),
    0x0403: (Reason.NOT_ALLOWED, Remedy.PRINTER),
    NOT_FOUND: (Reason.NO_SUCH_PATH, Remedy.PRINTER),
    0x0408: (Reason.TOO_LARGE, Remedy.DOCUMENT),
    0x040A: (Reason.NO_PDF, Remedy.PRINTER),
    _VALUES_REFUSED: (Reason.SETTINGS, Remedy.PRINTER),
    0x040E: (Reason.SETTINGS, Remedy.PRINTER),
    0x0410: (Reason.DOCUMENT, Remedy.DOCUMENT),
    0x0411: (Reason.DOCUMENT, Remedy.DOCUMENT),
    0x0412: (Reason.DOCUMENT, Remedy.DOCUMENT),
    0x0501: (Reason.OPERATION, Remedy.PRINTER),
    0x0506: (Reason.NOT_ACCEPTING, Remedy.TIME),
    0x0507: (Reason.BUSY, Remedy.TIME),
    0x050A: ("deactivated", Remedy.TIME),
    0x050B: (Reason.BUSY, Remedy.TIME),
}
# What a printer names as the reason of client-error-attributes-or-values-not-supported.
_NAMED: Final = {
    "document-format": Reason.NO_PDF,
    "media": Reason.NO_MEDIA,
    "media-col": Reason.NO_TRAY,
    "sides": Reason.NO_DUPLEX,
    "print-color-mode": Reason.NO_COLOR,
}


class StatusError(PrinterRefusedError):
    """A refusal with its status code."""

    def __init__(self, reason: str, remedy: Remedy, status: int) -> None:
        super().__init__(reason, remedy)
        self.status = status


def refusal(answer: Answer) -> StatusError:
    """Choose a reason by number; the printer's own text is never passed on."""
    reason: str
    if answer.status >= _SERVER_FAULTS:
        reason, remedy = _REFUSALS.get(answer.status, (Reason.TROUBLE, Remedy.TIME))
    else:
        reason, remedy = _REFUSALS.get(answer.status, (Reason.OPERATION, Remedy.DOCUMENT))
    if answer.status == _VALUES_REFUSED:
        named = (_NAMED[one] for one in answer.first(Group.UNSUPPORTED) if one in _NAMED)
        reason = next(named, reason)
    return StatusError(reason, remedy, answer.status)


def condition_of(told: Attributes) -> Condition:
    """Read how a printer is.

    Raises:
        PrinterSilentError: no printer says this.
    """
    state = _number(told, "printer-state")
    if state not in _PRINTER_STATES:
        raise PrinterSilentError(Reason.NOT_IPP)
    return Condition(
        state=_PRINTER_STATES[state],
        accepting=told.get("printer-is-accepting-jobs", [True]) != [False],
        reasons=_reasons(told, "printer-state-reasons"),
    )


def capabilities_of(told: Attributes) -> Capabilities:
    """Read what a printer can; words that are too long or unprintable are left out."""
    modes = _words(told, "print-color-mode-supported")
    if not modes and told.get("color-supported") == [True]:
        modes = ("color",)
    model = text_of(told, "printer-make-and-model") or text_of(told, "printer-info")
    return Capabilities(
        model="".join(filter(str.isprintable, model))[:_LONGEST_MODEL],
        formats=_words(told, "document-format-supported"),
        media=_words(told, "media-supported"),
        media_ready=_words(told, "media-ready"),
        media_default=text_of(told, "media-default")[:_LONGEST_WORD],
        trays=_words(told, "media-source-supported"),
        sides=_words(told, "sides-supported"),
        color_modes=modes,
        scalings=_words(told, "print-scaling-supported"),
    )


def job_of(told: Attributes) -> JobSeen:
    """Read how far a job is.

    Raises:
        PrinterSilentError: no printer says this.
    """
    job_id, state = _number(told, "job-id"), _number(told, "job-state")
    if job_id is None or state not in _JOB_STATES:
        raise PrinterSilentError(Reason.NOT_IPP)
    return JobSeen(
        job_id=job_id,
        state=_JOB_STATES[state],
        reasons=_reasons(told, "job-state-reasons"),
        pages_done=_number(told, "job-impressions-completed"),
        sheets_done=_number(told, "job-media-sheets-completed"),
    )


def _words(told: Attributes, name: str) -> tuple[str, ...]:
    values = (one for one in told.get(name, []) if isinstance(one, str))
    return tuple(one for one in values if 0 < len(one) <= _LONGEST_WORD and one.isprintable())


def _reasons(told: Attributes, name: str) -> tuple[str, ...]:
    return tuple(reason for reason in _words(told, name) if reason != "none")


def text_of(told: Attributes, name: str) -> str:
    """Return the first text of an attribute, empty where there is none."""
    value = next(iter(told.get(name, [])), "")
    return value if isinstance(value, str) else ""


def _number(told: Attributes, name: str) -> int | None:
    value = next(iter(told.get(name, [])), None)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
