"""PostgreSQL functions as Django expressions."""

from django.db import models


class DateRange(models.Func):
    """``[from, to)`` of two date columns; an empty ``to`` is open."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[)')"


class Unaccent(models.Func):
    """Text without its accents.

    ``bpi_unaccent`` is the extension's function declared immutable (customers, first migration),
    so that indexes and stored columns may use it.
    """

    function = "bpi_unaccent"
    output_field = models.TextField()
