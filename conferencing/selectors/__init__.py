"""What conferencing can be asked."""

from .capacity import Slot, alternatives, free_ports, roomiest_bridge

__all__ = ["Slot", "alternatives", "free_ports", "roomiest_bridge"]
