"""What workers do for billing; each loads, calls one service, and may run twice."""

import logging
import uuid
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from billing import selectors, services
from billing.models import Charge
from billing.services.credit_limits import watch_credit_limits
from billing.services.reminders import send_reminders
from conferencing.models import Conference
from toolkit.errors import DomainError

logger = logging.getLogger(__name__)

# The minute's sweep looks at what was to start since then; the nightly one at everything.
_RECENT = timedelta(days=3)
_WORKERS_OF_A_RUN = 2
_LOOK_AGAIN_SECONDS = 2


@shared_task
def charge_conference(conference_id: str) -> None:
    """Charge one conference. One that goes on again by now will announce its end again."""
    _charge(uuid.UUID(conference_id))


@shared_task
def charge_uncharged() -> None:
    """Charge what nobody announced, and what waited for something that may be there now."""
    now = timezone.now()
    for pk in selectors.uncharged_conferences(since=now - _RECENT).values_list("pk", flat=True):
        _charge(pk)
    for pk in selectors.charges_to_retry().values_list("conference_id", flat=True):
        _charge(pk)
    services.issue_due_conference_invoices(actor="billing", now=now)


@shared_task
def charge_everything() -> None:
    """Charge whatever was missed, however long ago, and retry every charge that waits."""
    for pk in selectors.uncharged_conferences().values_list("pk", flat=True).iterator():
        _charge(pk)
    for pk in selectors.curable_charges().values_list("conference_id", flat=True).iterator():
        _charge(pk)


@shared_task
def check_books() -> None:
    """Look whether charges, lines and invoices agree; what does not is an error in the log."""
    found = selectors.disagreements()
    if found:
        logger.error("the books disagree: %s", found)


@shared_task
def prepare_due_periods() -> None:
    """Prepare the months that have ended, and issue what contracts say is issued unseen."""
    now = timezone.now()
    for period in services.due_periods(now):
        services.prepare_period(period=period, actor="billing", now=now, only_ended=True)


@shared_task
def run_billing(run_id: int) -> None:
    """Do a piece of a billing run, and hand over the next one if anything is left.

    Where others have all the rest in hand it looks again soon: one of them may have been killed.
    """
    rest = services.work_on_run(run_id=run_id, clock=timezone.now)
    if rest == services.Rest.MORE:
        run_billing.delay(run_id)
    elif rest == services.Rest.HELD:
        run_billing.apply_async((run_id,), countdown=_LOOK_AGAIN_SECONDS)


@shared_task
def continue_runs() -> None:
    """Go on with the billing runs that lost their workers."""
    for pk in services.silent_runs(now=timezone.now()):
        run_billing.delay(pk)


@shared_task
def re_rate(re_rating_id: int) -> None:
    """Price the months of a corrected rate again."""
    services.work_on_re_rating(re_rating_id=re_rating_id, clock=timezone.now)


@shared_task
def continue_re_ratings() -> None:
    """Go on with re-ratings that lost their worker."""
    for pk in services.silent_re_ratings(now=timezone.now()):
        re_rate.delay(pk)


@shared_task
def write_invoice_mails() -> None:
    """Write the e-mail of every invoice that is to be sent; one that fails keeps nobody."""
    for pk in selectors.waiting_sendings().values_list("pk", flat=True):
        try:
            services.write_invoice_mail(sending_id=pk, now=timezone.now())
        except Exception:
            logger.exception("the e-mail of sending %s could not be written", pk)


@shared_task
def watch_receivables() -> None:
    """Bring the flags of credit limits up to date."""
    watch_credit_limits(now=timezone.now())


@shared_task
def remind_by_night() -> None:
    """Send the reminders of those steps that are sent by themselves."""
    send_reminders(automatic=True, actor="billing", now=timezone.now())


def hand_over_run(run_id: int) -> None:
    """Let workers begin, or go on, with a billing run: as many as it is worth."""
    for _ in range(_WORKERS_OF_A_RUN):
        run_billing.delay(run_id)


def _charge(conference_id: uuid.UUID) -> Charge | None:
    """Charge one of many: what fails is logged and stays in the queue, the others go on."""
    try:
        return services.charge_conference(conference_id=conference_id, now=timezone.now())
    except (DomainError, Conference.DoesNotExist) as error:
        logger.info("conference %s is not charged: %s", conference_id, error)
    except Exception:
        logger.exception("conference %s could not be charged", conference_id)
    return None
