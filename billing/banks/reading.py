"""Find out what format a file has, and read it."""

from types import ModuleType

from django.utils.translation import gettext as _

from . import camt053, csv_file, norma43
from .base import LARGEST_FILE, BankFileError, Statement, numbered

FORMATS: tuple[ModuleType, ...] = (camt053, norma43, csv_file)


def read_file(content: bytes) -> Statement:
    """Read a file of whatever format it is: CAMT.053, Norma 43 or CSV.

    Raises:
        BankFileError: it is none of them, too large, or not well formed.
    """
    if len(content) > LARGEST_FILE:
        message = _("The file is larger than %(size)d MB.")
        raise BankFileError(message % {"size": LARGEST_FILE // 1024 // 1024})
    if not content.strip():
        raise BankFileError(_("The file is empty."))
    for known in FORMATS:
        if known.looks_like(content):
            return Statement(known.NAME, numbered(known.read(content)))
    raise BankFileError(_("This is neither Norma 43, nor CAMT.053, nor a CSV file with a head."))
