"""What is done to mailings; every change is an event."""

from .approval import OwnMailingError, approve, withdraw_approval
from .audience import (
    NoRecipientsError,
    NotPutBackError,
    TextMissingError,
    freeze,
    put_back,
    take_new_address,
    take_out,
    unfreeze,
)
from .chunk_printing import (
    NothingToPrintError,
    conclude_print,
    hand_over,
    mark_printed,
    print_again,
)
from .mailings import (
    MailingChangedMeanwhileError,
    MailingStateError,
    change_mailing,
    create_mailing,
    discard_mailing,
    save_mailing_settings,
)
from .merging import ChunkStateError, merge_next, retry_chunk
from .notices import write_notices
from .proofs import print_proof
from .running import (
    ApprovalBrokenError,
    cancel,
    finish_if_over,
    pause,
    report_to_job,
    resume,
    start,
)

__all__ = [
    "ApprovalBrokenError",
    "ChunkStateError",
    "MailingChangedMeanwhileError",
    "MailingStateError",
    "NoRecipientsError",
    "NotPutBackError",
    "NothingToPrintError",
    "OwnMailingError",
    "TextMissingError",
    "approve",
    "cancel",
    "change_mailing",
    "conclude_print",
    "create_mailing",
    "discard_mailing",
    "finish_if_over",
    "freeze",
    "hand_over",
    "mark_printed",
    "merge_next",
    "pause",
    "print_again",
    "print_proof",
    "put_back",
    "report_to_job",
    "resume",
    "retry_chunk",
    "save_mailing_settings",
    "start",
    "take_new_address",
    "take_out",
    "unfreeze",
    "withdraw_approval",
    "write_notices",
]
