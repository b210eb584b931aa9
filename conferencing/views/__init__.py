"""The screens of conferencing: reservations, the day, conferences, bridges."""
