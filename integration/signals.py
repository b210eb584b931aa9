"""What integration announces to the departments; docs/flows.md lists who listens."""

from django.dispatch import Signal

# count (messages that are new). Sent inside the transaction that queued them.
messages_queued = Signal()

# key, purpose, batch, customer_number, state, previous (OutgoingMessage.State), moment (aware).
# Sent inside the transaction in which the fate of one message changed: sent, temp_failed,
# perm_failed, suppressed, uncertain, and queued again by a person. Not for what a department did
# itself (queued, cancelled) nor for the ways of the workers (claimed, sending). A receiver that
# fails is logged and undone by itself: that a server took a message is never forgotten for it.
message_state_changed = Signal()

# key, purpose, batch, customer_number, email (as it was written to), kind ("hard": the address
# does not exist, "soft": could not be delivered this time), code (as "5.1.1", may be blank),
# reason (text), moment (aware). Sent inside the transaction that noted a bounce, be it a report
# that came back or a server that refused the address at once. A receiver that fails undoes what
# was noted: the report is read again, the refusal comes again with the next message. May be sent
# again for the same message.
message_bounced = Signal()
