"""What billing does when another department announces something (docs/flows.md lists all)."""

from django.db import transaction
from django.dispatch import receiver

from billing import tasks
from conferencing.signals import conference_ended


@receiver(conference_ended, dispatch_uid="billing.charge_ended_conference")
def charge_ended_conference(conference_id: str, **_: object) -> None:
    """Hand a finished conference to a worker as soon as it is committed.

    A broker that is down must fail nobody: the sweep finds the conference by its missing charge.
    """
    transaction.on_commit(lambda: tasks.charge_conference.delay(conference_id), robust=True)
