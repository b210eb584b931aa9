"""Printers: what every make must offer (``base``), and one module for each make.

Nothing here knows the database: services hand in plain values and get plain values back.
"""
