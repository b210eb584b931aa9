"""What workers do for mailing; it may run twice."""

from .merging import conclude_print_job, finish_mailing, look_after_mailings, merge_next
from .notices import write_notices
from .printing import look_after_printers, print_next

__all__ = [
    "conclude_print_job",
    "finish_mailing",
    "look_after_mailings",
    "look_after_printers",
    "merge_next",
    "print_next",
    "write_notices",
]
