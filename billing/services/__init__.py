"""What billing does."""

from .settings import open_series, set_vat_rate

__all__ = ["open_series", "set_vat_rate"]
