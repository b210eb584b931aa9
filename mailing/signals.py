"""What mailing announces, inside the house and to others; docs/flows.md lists who listens."""

from django.dispatch import Signal

# mailing_id. Sent inside the transaction after which a mailing has work for a worker: it was
# started, or goes on after a pause.
mailing_has_work = Signal()

# printer_id. Sent inside the transaction after which a printer's queue has something to do.
print_jobs_wait = Signal()

# print_job_id, batch. Sent inside the transaction that changed a print job in any way: its state,
# the pages that are printed, the reasons why it waits.
print_progress = Signal()

# print_job_id, batch, state (printed, failed, cancelled or uncertain). Sent inside the transaction
# that ended a print job. One that failed, was cancelled or is uncertain may be tried or decided
# later, and ends again then.
print_job_finished = Signal()
