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
from .mailings import (
    MailingChangedMeanwhileError,
    MailingStateError,
    change_mailing,
    create_mailing,
    discard_mailing,
    save_mailing_settings,
)
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
    "MailingChangedMeanwhileError",
    "MailingStateError",
    "NoRecipientsError",
    "NotPutBackError",
    "OwnMailingError",
    "TextMissingError",
    "approve",
    "cancel",
    "change_mailing",
    "create_mailing",
    "discard_mailing",
    "finish_if_over",
    "freeze",
    "pause",
    "put_back",
    "report_to_job",
    "resume",
    "save_mailing_settings",
    "start",
    "take_new_address",
    "take_out",
    "unfreeze",
    "withdraw_approval",
]
