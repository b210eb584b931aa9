"""What billing adds to the world: a run, and a draft to review with lines from the catalogue."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from billing.models import BillingRun, Invoice, OneOffCharge, Product, ReRating, Subscription
from billing.selectors.sending import LINK_PURPOSE
from billing.services import add_one_off_charge, save_product, start_run, subscribe
from billing.tasks import run_billing
from customers.services import give_link
from sales.models import Contract
from toolkit.periods import Period

ACTOR = "world"


@dataclass(frozen=True)
class BillingWorld:
    """All of the month before: the run is going on, the draft is a first invoice.

    The re-rating has nothing to do any more.
    """

    product: Product
    subscription: Subscription
    charge: OneOffCharge
    draft: Invoice
    run: BillingRun
    re_rating: ReRating


def build(contract: Contract, user: User, now: dt.datetime) -> BillingWorld:
    """Bill something besides conferences under ``contract``, of which nothing was billed yet."""
    month = Period.of_date(now.date()).previous
    product = save_product(
        code="STORAGE",
        name_es="Archivo de grabaciones",
        name_en="Storage of recordings",
        unit=Product.Unit.MONTH,
        currency="EUR",
        unit_price=Decimal("12.5"),
        actor=ACTOR,
        now=now,
    )
    subscription = subscribe(
        contract=contract,
        product=product,
        quantity=2,
        unit_price=product.unit_price,
        valid_from=month.first_day,
        actor=ACTOR,
        now=now,
    )
    charge = add_one_off_charge(
        contract=contract,
        period=str(month),
        description="Training",
        unit_price=Decimal(80),
        reason="Ordered by phone",
        actor=ACTOR,
        now=now,
    )
    run = start_run(period=str(month), actor=user, now=now, task=run_billing.name, issue="nothing")
    return BillingWorld(
        product=product,
        subscription=subscription,
        charge=charge,
        draft=Invoice.objects.get(contract=contract, period=str(month)),
        run=run,
        re_rating=ReRating.objects.create(
            reason="Old price list",
            job=run.job,
            started_by=user.get_username(),
            created_at=now,
            heartbeat_at=now,
            finished_at=now,
        ),
    )


def link_to(invoice: Invoice, now: dt.datetime) -> str:
    """Give a link to the page of an issued invoice."""
    return give_link(
        customer=invoice.customer,
        purpose=LINK_PURPOSE,
        lifetime=dt.timedelta(days=1),
        subject=str(invoice.pk),
        actor=ACTOR,
        now=now,
    )
