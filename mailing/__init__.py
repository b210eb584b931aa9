"""Mailing: letters merged, printed and announced to the very same customers."""
