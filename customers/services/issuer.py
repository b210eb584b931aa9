"""Keep our own company's data and the holidays of the house."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from stdnum import bic, iban
from stdnum.exceptions import ValidationError as NumberError

from customers.models import Holiday, Issuer
from integration.services import record_event
from toolkit.errors import DomainError

from .actors import Who
from .checks import check_places, clean_tax_id


class IssuerChangedMeanwhileError(DomainError):
    """Somebody else saved the settings first; nothing was changed."""

    code = "precondition-failed"
    status = 412


@transaction.atomic
def save_issuer(
    *, actor: Who, now: datetime, expected_version: int | None = None, **fields: Any
) -> Issuer:
    """Create or change the one issuer.

    Issued documents keep what they copied; only what is issued later shows the change.

    Raises:
        ValidationError: fields that are wrong, by name.
        IssuerChangedMeanwhileError: it is not at ``expected_version`` any more.
    """
    issuer = Issuer.objects.select_for_update().first()
    is_new = issuer is None
    issuer = issuer or Issuer()
    if expected_version is not None and not is_new and issuer.version != expected_version:
        raise IssuerChangedMeanwhileError(_("Somebody else saved these settings meanwhile."))
    changed = sorted(name for name, value in fields.items() if getattr(issuer, name) != value)
    for name in changed:
        setattr(issuer, name, fields[name])
    _check(issuer)
    issuer.version += not is_new
    issuer.save()
    record_event(
        type="issuer.changed",
        actor=actor,
        subject=("issuer", "1"),
        data={"fields": changed},
        now=now,
    )
    return issuer


@transaction.atomic
def save_holidays(*, holidays: Iterable[tuple[date, str]], actor: Who, now: datetime) -> None:
    """Replace the calendar of the house; contracts keep the days that they were signed with."""
    Holiday.objects.all().delete()
    Holiday.objects.bulk_create(Holiday(date=day, name=name) for day, name in holidays)
    record_event(type="issuer.holidays_changed", actor=actor, subject=("issuer", "1"), now=now)


def _check(issuer: Issuer) -> None:
    errors: dict[str, Any] = {}
    for check in (_check_fields, _check_places, _check_tax_id, _check_bank):
        try:
            check(issuer)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _check_fields(issuer: Issuer) -> None:
    issuer.clean_fields(exclude=["id"])
    if issuer.peak_weekdays and not "00:00" <= issuer.peak_from < issuer.peak_to <= "24:00":
        raise ValidationError({"peak_to": _("Peak hours end after they begin.")})


def _check_places(issuer: Issuer) -> None:
    check_places(country=issuer.country, currency=issuer.currency, timezone=issuer.timezone)


def _check_tax_id(issuer: Issuer) -> None:
    issuer.tax_id = clean_tax_id(tax_id=issuer.tax_id, country=issuer.country)


def _check_bank(issuer: Issuer) -> None:
    errors = {}
    for name, checker, message in (
        ("iban", iban, _("This is not a valid IBAN.")),
        ("bic", bic, _("This is not a valid BIC.")),
    ):
        value = getattr(issuer, name)
        if not value:
            continue
        try:
            setattr(issuer, name, checker.validate(value))
        except NumberError:
            errors[name] = ValidationError(message, code=f"invalid_{name}")
    if errors:
        raise ValidationError(errors)
