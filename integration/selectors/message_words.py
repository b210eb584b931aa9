"""What happens to e-mail, in words, for the pages of messages and the timelines of customers."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Event type -> icon and words.
MESSAGE_WORDS: dict[str, tuple[str, Promise]] = {
    "message.sent": ("mail", _("E-mail sent")),
    "message.failed": ("triangle-alert", _("E-mail could not be sent")),
    "message.suppressed": ("ban", _("E-mail not sent, as it is not wanted")),
    "message.uncertain": ("circle-help", _("E-mail sent or not: uncertain")),
    "message.bounced": ("triangle-alert", _("E-mail came back")),
    "message.resent": ("send", _("E-mail to be sent again")),
    "message.confirmed": ("check", _("E-mail was sent after all")),
    "suppression.added": ("ban", _("No e-mail to an address any more")),
    "suppression.lifted": ("undo-2", _("E-mail to an address again")),
}
