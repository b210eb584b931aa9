"""Conferencing: reservations, the conference bridges, and the records of the calls held on them."""
