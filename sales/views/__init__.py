"""Screens of the sales department: customers, contracts, rates."""
