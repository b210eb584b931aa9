"""Questions about whom nothing is sent to."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from integration.models import Suppression


def suppressions_visible_to(user: User | AnonymousUser) -> QuerySet[Suppression]:
    """Return the suppressions that the user may see: all, lifted ones too, or none."""
    if user.has_perm("integration.view_suppression"):
        return Suppression.objects.all()
    return Suppression.objects.none()
