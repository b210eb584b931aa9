"""Screens of billing: invoices, payments, a customer's figures, the queue of problems."""
