"""What workers do for mailing; it may run twice."""

from .printing import look_after_printers, print_next

__all__ = ["look_after_printers", "print_next"]
