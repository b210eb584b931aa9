"""Stamping: WeasyPrint lays a shape out once, and the changing text is written over it."""
