"""The shared customer: the one record that sales, billing, conferencing and mailing all work on."""
