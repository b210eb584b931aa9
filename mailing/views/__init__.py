"""Screens of mailing."""
