"""What billing adds to the world: a run, and a draft to review with lines from the catalogue."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from billing.models import (
    BankTransaction,
    BillingRun,
    Collection,
    Invoice,
    OneOffCharge,
    Product,
    ReRating,
    Subscription,
)
from billing.selectors.sending import LINK_PURPOSE
from billing.services import (
    add_one_off_charge,
    import_bank_file,
    save_product,
    start_run,
    subscribe,
)
from billing.services.mandates import sign_mandate
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
    transaction: BankTransaction
    collection: Collection


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
        transaction=_transaction(now),
        collection=_collection(contract, now),
    )


def _transaction(now: dt.datetime) -> BankTransaction:
    content = f"date,amount,payer\n{now.date()},9.87,Nobody known".encode()
    return import_bank_file(
        name="bank.csv", content=content, actor=ACTOR, now=now
    ).transactions.get()


def _collection(contract: Contract, now: dt.datetime) -> Collection:
    """A file of direct debits whose invoices are gone, and a mandate in force."""
    sign_mandate(
        customer=contract.customer,
        iban="ES7921000813610123456789",
        holder="Nobody known",
        signed_on=now.date(),
        actor=ACTOR,
        now=now,
    )
    return Collection.objects.create(
        reference="DD-1",
        collect_on=now.date(),
        scheme="CORE",
        total=1,
        count=1,
        content=b"<Document/>",
        prepared_at=now,
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
