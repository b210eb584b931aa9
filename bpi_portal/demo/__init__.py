"""The demonstration: believable customers, contracts, conferences and invoices.

Everything is made by the product's own services with a given clock, in the order in which it
would have happened.
"""
