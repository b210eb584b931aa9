"""Screens of outgoing e-mail."""
