"""What mailing announces, inside the house and to others; docs/flows.md lists who listens."""

from django.dispatch import Signal

# mailing_id. Sent inside the transaction after which a mailing has work for a worker: it was
# started, or goes on after a pause.
mailing_has_work = Signal()
