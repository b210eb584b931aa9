"""Our own company and its calendar."""

from datetime import date

from customers.models import Holiday, Issuer


def issuer() -> Issuer | None:
    """Return our company, or None before the settings were filled in."""
    return Issuer.objects.first()


def house_holidays() -> list[date]:
    """Return the days that the house keeps as holidays, in order."""
    return list(Holiday.objects.values_list("date", flat=True))
