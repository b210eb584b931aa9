"""Printers that speak IPP (RFC 8010, 8011, PWG 5100.7): a client over the standard library.

CUPS is one more of them: its queues have addresses such as ``ipp://server/printers/letters``.
"""

import itertools
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from .base import (
    Capabilities,
    Condition,
    Delivery,
    JobSeen,
    JobUnknownError,
    Look,
    Options,
    Order,
    PrinterRefusedError,
    PrinterSilentError,
    Remedy,
)
from .ipp_answers import (
    ABILITIES,
    CONDITION,
    FAULTS,
    GONE,
    JOB,
    NOT_FOUND,
    NOT_POSSIBLE,
    OLD_VERSION,
    StatusError,
    capabilities_of,
    condition_of,
    job_of,
    refusal,
    text_of,
)
from .ipp_http import Transport
from .ipp_message import (
    Answer,
    Attribute,
    Attributes,
    Group,
    IppFormatError,
    Tag,
    attribute,
    decode,
    encode_request,
)
from .media import A4, size_of
from .reasons import Reason

PDF: Final = "application/pdf"
USER: Final = "bpi"
_LONGEST_NAME: Final = 255  # octets (RFC 8011 5.1.3)
_REMEMBERED_JOBS: Final = 200


class Operation(IntEnum):
    """RFC 8011 5.4.15."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class IppPrinter:
    """A printer, or a queue of a print server, at an ``ipp://`` or ``ipps://`` address."""

    remembers: ClassVar[bool] = False

    def __init__(self, uri: str, *, certificate: str = "", timeout: float = 15.0) -> None:
        self._uri = uri
        self._transport = Transport(uri, certificate=certificate, timeout=timeout)
        self._numbers = itertools.count(1)
        self._version = (2, 0)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Take ``uri``, ``certificate`` (see ``Transport``) and ``timeout`` in seconds."""
        return cls(
            settings["uri"], certificate=settings["certificate"], timeout=settings["timeout"]
        )

    def look(self) -> Look:
        """Ask how it is and what it can."""
        told = self._printer(*CONDITION, *ABILITIES)
        return Look(condition_of(told), capabilities_of(told))

    def condition(self) -> Condition:
        """Ask only how it is."""
        return condition_of(self._printer(*CONDITION))

    def check(self, order: Order) -> Look:
        """Ask whether a document would be taken (Validate-Job).

        A printer finds nothing wrong with a tray that it does not have: that is looked up here.
        """
        look = self.look()
        if not look.condition.accepting:
            raise PrinterRefusedError(Reason.NOT_ACCEPTING, Remedy.TIME)
        check_options(order.options, look.capabilities)
        if not order.document.exists():
            raise PrinterRefusedError(Reason.DOCUMENT_MISSING, Remedy.DOCUMENT)
        template = _template(order.options, look.capabilities)
        self._call(Operation.VALIDATE_JOB, _about(order), template)
        return look

    def submit(self, order: Order, can: Capabilities) -> JobSeen:
        """Hand a document over (Print-Job), streamed from disk."""
        template = _template(order.options, can)
        answer = self._call(Operation.PRINT_JOB, _about(order), template, order.document)
        try:
            return job_of(answer.first(Group.JOB))
        except PrinterSilentError as error:
            raise PrinterSilentError(error.reason, Delivery.WHOLE) from error

    def job(self, job_id: int, name: str) -> JobSeen:
        """Ask how far a job is; one of another name has only inherited the number."""
        answer = self._of_job(
            Operation.GET_JOB_ATTRIBUTES,
            job_id,
            attribute(Tag.KEYWORD, "requested-attributes", *JOB),
        )
        told = answer.first(Group.JOB)
        if "job-name" in told and not _is_named(told, name):
            raise JobUnknownError
        return job_of(told)

    def find(self, name: str) -> JobSeen | None:
        """Look for a job by its name among those that the printer remembers.

        A long name may come back cut off: what is left of it has to be its beginning, and what
        the portal calls its jobs is told apart by that.
        """
        for which in ("not-completed", "completed"):
            answer = self._call(
                Operation.GET_JOBS,
                [
                    attribute(Tag.INTEGER, "limit", _REMEMBERED_JOBS),
                    attribute(Tag.KEYWORD, "which-jobs", which),
                    attribute(Tag.KEYWORD, "requested-attributes", *JOB),
                ],
            )
            for told in answer.all(Group.JOB):
                if _is_named(told, name):
                    return job_of(told)
        return None

    def cancel(self, job_id: int) -> None:
        """Ask the printer to end a job; one that is over stays as it is."""
        try:
            self._of_job(Operation.CANCEL_JOB, job_id)
        except StatusError as error:
            if error.status != NOT_POSSIBLE:
                raise

    def _printer(self, *names: str) -> Attributes:
        wanted = attribute(Tag.KEYWORD, "requested-attributes", *names)
        return self._call(Operation.GET_PRINTER_ATTRIBUTES, [wanted]).first(Group.PRINTER)

    def _of_job(self, operation: Operation, job_id: int, *attributes: Attribute) -> Answer:
        job = attribute(Tag.INTEGER, "job-id", job_id)
        try:
            return self._call(operation, [job, *attributes])
        except StatusError as error:
            if error.status in (NOT_FOUND, GONE):
                raise JobUnknownError from error
            raise

    def _call(
        self,
        operation: Operation,
        attributes: Sequence[Attribute],
        template: Sequence[Attribute] = (),
        document: Path | None = None,
    ) -> Answer:
        answer = self._exchange(operation, attributes, template, document)
        if answer.status == OLD_VERSION and self._version != (1, 1):
            self._version = (1, 1)
            answer = self._exchange(operation, attributes, template, document)
        if answer.status >= FAULTS:
            raise refusal(answer)
        return answer

    def _exchange(
        self,
        operation: Operation,
        attributes: Sequence[Attribute],
        template: Sequence[Attribute],
        document: Path | None,
    ) -> Answer:
        # Their order is fixed: charset, language, target (RFC 8011 4.1.4), job-id right behind.
        first = [
            attribute(Tag.CHARSET, "attributes-charset", "utf-8"),
            attribute(Tag.LANGUAGE, "attributes-natural-language", "en"),
            attribute(Tag.URI, "printer-uri", self._uri),
        ]
        is_target = bool(attributes) and attributes[0].name == "job-id"
        target, others = (attributes[:1], attributes[1:]) if is_target else ((), attributes)
        user = _name("requesting-user-name", USER)
        groups: list[tuple[Group, Sequence[Attribute]]] = [
            (Group.OPERATION, [*first, *target, user, *others])
        ]
        if template:
            groups.append((Group.JOB, template))
        head = encode_request(operation, next(self._numbers), groups, version=self._version)
        body = self._transport.post(head, document)
        try:
            return decode(body)
        except IppFormatError as error:
            delivered = Delivery.WHOLE if document else Delivery.NOTHING
            raise PrinterSilentError(Reason.NOT_IPP, delivered) from error


def check_options(options: Options, can: Capabilities) -> None:
    """Hold what is wanted against what a printer says it can.

    Raises:
        PrinterRefusedError: it does not take PDF, or has no such tray, paper, duplex or colour.
    """
    wrong = {
        Reason.NO_PDF: bool(can.formats) and PDF not in can.formats,
        Reason.NO_TRAY: bool(options.tray and can.trays) and options.tray not in can.trays,
        Reason.NO_MEDIA: bool(options.media and can.media) and options.media not in can.media,
        Reason.NO_DUPLEX: options.duplex and not can.can_duplex,
        Reason.NO_COLOR: options.color and not can.can_color,
    }
    for reason, is_wrong in wrong.items():
        if is_wrong:
            raise PrinterRefusedError(reason, Remedy.PRINTER)


def _about(order: Order) -> list[Attribute]:
    """Write what goes with a job besides its template.

    Substitutes are refused (``ipp-attribute-fidelity``): letters on the wrong paper would be
    worse than none.
    """
    return [
        _name("job-name", order.name),
        attribute(Tag.BOOLEAN, "ipp-attribute-fidelity", True),  # noqa: FBT003
        attribute(Tag.MIME_TYPE, "document-format", PDF),
    ]


def _template(options: Options, can: Capabilities) -> list[Attribute]:
    """Write the job template: what differs from the printer's own defaults or must not be left."""
    sides = "two-sided-long-edge" if options.duplex else "one-sided"
    color = "color" if options.color else "monochrome"
    parts: list[Attribute] = []
    if sides in can.sides:
        parts.append(attribute(Tag.KEYWORD, "sides", sides))
    if color in can.color_modes:
        parts.append(attribute(Tag.KEYWORD, "print-color-mode", color))
    if "none" in can.scalings:  # the address must stay in the window of the envelope
        parts.append(attribute(Tag.KEYWORD, "print-scaling", "none"))
    media = options.media or can.media_default
    if options.tray:
        parts.append(attribute(Tag.BEGIN_COLLECTION, "media-col", _media_col(media, options.tray)))
    elif options.media:
        parts.append(attribute(Tag.KEYWORD, "media", options.media))
    return parts


def _media_col(media: str, tray: str) -> list[Attribute]:
    """Write paper and tray in one; ``media`` and ``media-col`` exclude each other."""
    size = size_of(media) or size_of(A4)
    assert size is not None  # noqa: S101
    dimensions = [
        attribute(Tag.INTEGER, "x-dimension", size.x),
        attribute(Tag.INTEGER, "y-dimension", size.y),
    ]
    return [
        attribute(Tag.BEGIN_COLLECTION, "media-size", dimensions),
        attribute(Tag.KEYWORD, "media-source", tray),
    ]


def _name(name: str, text: str) -> Attribute:
    cut = text.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return attribute(Tag.NAME, name, cut)


def _is_named(told: Attributes, name: str) -> bool:
    """Compare names as far as the printer kept it, at least up to the mark that begins ours."""
    kept = text_of(told, "job-name")
    mark = " ".join(name.split(" ", 2)[:2])
    return kept == name or (kept.startswith(mark) and name.startswith(kept.rstrip("… .")))
