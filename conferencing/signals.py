"""What conferencing announces to other departments; docs/flows.md lists who listens."""

from django.dispatch import Signal

# conference_id (UUID text). Sent inside the transaction that stored the newest call record, for
# conferences that ended, were not attended or were cancelled late. May be sent again for a
# corrected record.
conference_ended = Signal()
