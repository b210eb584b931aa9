"""The queue of problems: what could not be charged, and what was charged on estimates."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, QuerySet

from billing.models import Charge
from conferencing.models import Conference

from .charges import charges_visible_to


def problems_visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Charge]:
    """Return the charges with a problem that ``user`` may read, the oldest conference first.

    ``problem`` says what is wrong; calls without a known customer are among them.
    """
    return charges_visible_to(user).exclude(problem="").order_by("sort_at", "conference_id")


def estimated_charges(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Charge]:
    """Return the charges of which some leg's time is estimated, the newest first.

    They are priced; ``rated_legs`` with ``estimated`` and the conference's legs say how each time
    is known. Only those on no issued invoice, as long as somebody can still look at them.
    """
    return (
        charges_visible_to(user)
        .filter(estimated_legs__gt=0)
        .exclude(invoice__state="issued")
        .order_by("-sort_at", "-conference_id")
    )


def orphan_conferences(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Conference]:
    """Return finished conferences that are nobody's, for whoever may see the problems."""
    if not user.has_perm("billing.view_charge"):  # type: ignore[union-attr]
        return Conference.objects.none()
    return (
        Conference.objects.filter(customer=None)
        .exclude(state=Conference.State.LIVE)
        .select_related("bridge")
        .order_by("scheduled_start", "pk")
    )


def problem_counts(user: AbstractBaseUser | AnonymousUser) -> dict[str, int]:
    """Answer how many charges wait for each reason, for the home page and the menu."""
    counts = problems_visible_to(user).order_by().values("problem").annotate(count=Count("pk"))
    return {row["problem"]: row["count"] for row in counts}
