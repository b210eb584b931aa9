"""Commands of conferencing."""
