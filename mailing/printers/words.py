"""Why a printer does not print, in plain words, and what to do about it.

Keys are the keywords of RFC 8011 (``printer-state-reasons``, ``job-state-reasons``) without their
severity, and our own, which begin with ``bpi-``. What a printer says of itself is never shown but
by way of this list: an unknown keyword is at most a short word.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .reasons import Reason

_SEVERITY = re.compile(r"-(error|warning|report)$")
_SHORT = re.compile(r"[a-z][a-z0-9.-]{0,59}")

# The printer says by these that it works: there is nothing to tell.
_QUIET: Final = frozenset(
    {
        "none",
        "job-completed-successfully",
        "job-incoming",
        "job-interpreting",
        "job-outgoing",
        "job-printing",
        "job-queued",
        "job-queued-for-marker",
        "job-restartable",
        "job-transforming",
        "queued-in-device",
        "cups-waiting-for-job-completed",
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """A reason for a person.

    Attributes:
        cure: What to do; empty where nothing helps, or nothing is needed.
        stops: Whether nothing is printed until it is over.
    """

    text: str | Promise
    cure: str | Promise = ""
    stops: bool = False


def _halt(text: str | Promise, cure: str | Promise = "") -> Words:
    return Words(text, cure, stops=True)


_BY_ITSELF: Final = _("Printing goes on by itself then.")
_SETTINGS: Final = _("Change the printer's settings, or the printer.")

_CATALOGUE: Final[dict[str, Words]] = {
    # --- the printer (RFC 8011 5.4.12) --------------------------------------------------------
    "media-empty": _halt(_("Out of paper."), _("Fill the tray.")),
    "media-needed": _halt(_("It wants other paper."), _("Put the paper asked for into the tray.")),
    "media-jam": _halt(_("Paper jam."), _("Take the jammed paper out and close the printer.")),
    "media-low": Words(_("Paper is running out."), _("Have paper ready.")),
    "input-tray-missing": _halt(_("A paper tray is missing."), _("Push the tray in.")),
    "output-tray-missing": _halt(_("The output tray is missing."), _("Put the tray in.")),
    "output-area-full": _halt(_("The output tray is full."), _("Take the printed sheets out.")),
    "output-area-almost-full": Words(_("The output tray is almost full.")),
    "cover-open": _halt(_("A cover is open."), _("Close it.")),
    "door-open": _halt(_("A door is open."), _("Close it.")),
    "interlock-open": _halt(_("A cover is not quite closed."), _("Close it.")),
    "marker-supply-empty": _halt(_("Out of toner or ink."), _("Change the cartridge.")),
    "marker-supply-low": Words(_("Toner or ink is running out."), _("Have a cartridge ready.")),
    "marker-waste-full": _halt(_("The waste container is full."), _("Change the container.")),
    "marker-waste-almost-full": Words(_("The waste container is almost full.")),
    "toner-empty": _halt(_("Out of toner."), _("Change the cartridge.")),
    "toner-low": Words(_("Toner is running out."), _("Have a cartridge ready.")),
    "developer-empty": _halt(_("The developer is used up."), _("Call the service.")),
    "developer-low": Words(_("The developer is running out.")),
    "opc-life-over": _halt(_("The drum is worn out."), _("Change the drum.")),
    "opc-near-eol": Words(_("The drum is almost worn out.")),
    "fuser-over-temp": _halt(_("Too hot."), _("Let the printer cool down.")),
    "fuser-under-temp": Words(_("Warming up.")),
    "paused": _halt(_("Paused at the printer."), _("Let it go on at the printer.")),
    "moving-to-paused": Words(_("Being paused at the printer.")),
    "shutdown": _halt(_("Switched off."), _("Switch it on.")),
    "offline": _halt(_("Offline."), _("Look at the printer and its network.")),
    "connecting-to-device": Words(_("The print server is looking for the printer.")),
    "timed-out": _halt(_("The print server gets no answer from the printer.")),
    "stopping": Words(_("About to stop.")),
    "stopped-partly": Words(_("A part of the printer is stopped.")),
    "spool-area-full": _halt(_("The printer's memory is full."), _BY_ITSELF),
    "interpreter-resource-unavailable": Words(_("Something that the document needs is missing.")),
    "deactivated": _halt(_("Taken out of use at the printer.")),
    "other": Words(_("Something that the printer does not name."), _("Look at its display.")),
    # --- the job (RFC 8011 5.3.8) -------------------------------------------------------------
    "job-canceled-by-user": Words(_("Cancelled by somebody.")),
    "job-canceled-by-operator": Words(_("Cancelled by the operator of the printer.")),
    "job-canceled-at-device": Words(_("Cancelled at the printer.")),
    "processing-to-stop-point": Words(_("Being cancelled; sheets under way still come out.")),
    "aborted-by-system": Words(
        _("The printer gave the job up."),
        _("See what was printed, then print the rest or all of it again."),
    ),
    "job-completed-with-warnings": Words(_("Printed, with a warning of the printer.")),
    "job-completed-with-errors": Words(
        _("Printed, but the printer reports errors."), _("Look through the sheets.")
    ),
    "errors-detected": Words(_("The printer reports errors."), _("Look through the sheets.")),
    "warnings-detected": Words(_("The printer reports a warning.")),
    "job-hold-until-specified": _halt(_("Held back at the printer."), _("Release it there.")),
    "job-suspended": _halt(_("Suspended at the printer."), _("Let it go on there.")),
    "job-password-wait": _halt(_("It waits for a code."), _("Type the code at the printer.")),
    "printer-stopped": _halt(_("The printer is stopped."), _("Look at its display.")),
    "printer-stopped-partly": Words(_("A part of the printer is stopped.")),
    "resources-are-not-ready": _halt(
        _("Paper or something else is not ready."), _("Look at its display.")
    ),
    "service-off-line": _halt(_("Offline."), _("Look at the printer and its network.")),
    "submission-interrupted": Words(_("The document did not arrive whole.")),
    "document-format-error": Words(_("The printer cannot read the document.")),
    "unsupported-document-format": Words(_("The printer cannot read the document.")),
    "document-access-error": Words(_("The printer cannot get at the document.")),
    # --- what we find ourselves ---------------------------------------------------------------
    Reason.REFUSED: _halt(
        _("Nothing answers at the address: switched off, or not there."), _("Switch it on.")
    ),
    Reason.TIMEOUT: _halt(_("It does not answer."), _("Look at the printer and its network.")),
    Reason.CUT_OFF: _halt(_("The connection broke off."), _BY_ITSELF),
    Reason.UNKNOWN_HOST: _halt(_("No machine of this name is known."), _("Check the address.")),
    Reason.NETWORK: _halt(_("The network does not reach it."), _("Check address and network.")),
    Reason.NOT_IPP: _halt(_("What answers there is no IPP printer."), _("Check the address.")),
    Reason.NO_SUCH_PATH: _halt(_("There is no printer under this path."), _("Check the address.")),
    Reason.TLS_NEEDED: _halt(_("It only speaks encrypted."), _("Write the address with ipps://.")),
    Reason.NO_TLS: _halt(_("It cannot speak encrypted."), _("Write the address with ipp://.")),
    Reason.CERTIFICATE: _halt(
        _("Nobody vouches for its certificate."), _("Compare the fingerprint, then trust it.")
    ),
    Reason.CERTIFICATE_CHANGED: _halt(
        _("It shows another certificate than before."), _("Compare the fingerprint, then trust it.")
    ),
    Reason.NOT_ALLOWED: _halt(_("It lets nobody print without a password."), _SETTINGS),
    Reason.BUSY: Words(_("Busy with another job."), _BY_ITSELF),
    Reason.NOT_ACCEPTING: _halt(_("It takes no jobs at present."), _("Look at its display.")),
    Reason.TROUBLE: Words(_("It reports a fault of its own."), _("Look at its display.")),
    Reason.NO_PDF: _halt(
        _("It does not take PDF."), _("Put a print server (CUPS) in front, or use another one.")
    ),
    Reason.NO_TRAY: _halt(_("It has no such tray."), _SETTINGS),
    Reason.NO_MEDIA: _halt(_("It knows no such paper."), _SETTINGS),
    Reason.NO_DUPLEX: _halt(_("It does not print on both sides."), _SETTINGS),
    Reason.NO_COLOR: _halt(_("It does not print in colour."), _SETTINGS),
    Reason.SETTINGS: _halt(_("It refuses paper, tray, sides or colour."), _SETTINGS),
    Reason.OPERATION: _halt(_("It cannot do what was asked of it.")),
    Reason.TOO_LARGE: Words(_("The document is too large for it.")),
    Reason.DOCUMENT: Words(_("It refuses the document.")),
    Reason.DOCUMENT_MISSING: Words(_("The document is no longer here.")),
    Reason.FOLDER: _halt(_("The folder cannot be written to."), _("Give it room and rights.")),
    Reason.DISABLED: _halt(_("Not in use."), _("Take the printer into use again.")),
    Reason.FORGOTTEN: Words(
        _("Nobody knows whether it was printed: the printer does not remember the job."),
        _("See what lies in the output tray, then say so."),
    ),
    Reason.UNANSWERED: Words(
        _("Handed over, but the printer did not answer."), _("It is being asked again.")
    ),
    Reason.FEWER_PAGES: Words(
        _("The printer counted fewer pages than the document has."), _("Look through the sheets.")
    ),
    Reason.DECIDED: Words(_("Somebody has seen that it was printed.")),
    Reason.ADDRESS_SCHEME: Words(_("Write the address as ipp://… or ipps://….")),
    Reason.ADDRESS_PORT: Words(_("No printer listens on this port; the usual one is 631.")),
    Reason.ADDRESS_WRONG: Words(
        _("Write host and path only, as in ipp://printer.example:631/ipp/print.")
    ),
}


def base_of(reason: str) -> str:
    """Take the severity off a printer's keyword."""
    return _SEVERITY.sub("", reason)


def is_told(reason: str) -> bool:
    """Whether the keyword says anything that a person should know."""
    return bool(reason) and base_of(reason) not in _QUIET


def told(reasons: Iterable[str]) -> list[str]:
    """Return the keywords worth telling, each once, those that stop the printer first."""
    kept = dict.fromkeys(reason for reason in reasons if is_told(reason))
    return sorted(kept, key=lambda reason: not words_of(reason).stops)


def words_of(reason: str) -> Words:
    """Put a keyword into words; one that is unknown is shown as it is, if it is a word at all."""
    known = _CATALOGUE.get(base_of(reason))
    if known is not None:
        return known
    if _SHORT.fullmatch(reason):
        return Words(format_lazy(_("The printer says: {keyword}."), keyword=base_of(reason)))
    return _CATALOGUE["other"]


def sentence(reasons: Iterable[str]) -> str:
    """Say all that is worth telling, with its cures, in the active language."""
    parts = (words_of(reason) for reason in told(reasons))
    return " ".join(f"{one.text} {one.cure}".strip() for one in parts)


def holds_up(reasons: Iterable[str], *, stalled: bool) -> bool:
    """Whether the reasons explain that nothing is printed.

    A printer that still works through another tray only warns of an empty one, and so does one
    that has stopped but thinks itself at work: a warning counts once nothing moves any more.
    """
    harmless = ("-report",) if stalled else ("-report", "-warning")
    return any(words_of(one).stops and not one.endswith(harmless) for one in reasons)
