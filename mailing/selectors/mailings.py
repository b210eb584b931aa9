"""Mailings, for whoever may see them."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from mailing.models import Mailing


def mailings_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Mailing]:
    """Return the mailings that ``user`` may see: all of them, or none."""
    if not user.has_perm("mailing.view_mailing"):  # type: ignore[union-attr]
        return Mailing.objects.none()
    return Mailing.objects.select_related(
        "letter__template", "notice__template", "printer", "created_by", "approved_by"
    )


def mailing_for(user: AbstractBaseUser | AnonymousUser, number: str) -> Mailing:
    """Return one mailing that ``user`` may see.

    Raises:
        PermissionDenied: ``user`` may see no mailings.
        Mailing.DoesNotExist: there is none of that number.
    """
    if not user.has_perm("mailing.view_mailing"):  # type: ignore[union-attr]
        raise PermissionDenied
    return mailings_visible_to(user).get(number=number)
