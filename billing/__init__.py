"""Billing: conferences become charges, charges become invoices, invoices become money."""
