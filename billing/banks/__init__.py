"""Files of banks: what each format says, as plain transactions. Knows no model.

A format is one module beside ``base``; ``read_file`` finds out which one a file has.
"""

from .base import BankFileError, Movement, Statement
from .reading import read_file

__all__ = ["BankFileError", "Movement", "Statement", "read_file"]
