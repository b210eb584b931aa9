"""What a transaction of the bank is probably for: a suggestion that a person confirms.

In this order: numbers of invoices in what the bank says; the customer by his number, by an account
that paid before, by his name; then among his open invoices those whose sum is the amount. Nothing
is decided here, and nothing is changed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from typing import Any

from django.db.models import QuerySet

from billing.models import BankTransaction, Collection, Invoice, Payment, PaymentMethod
from customers.models import Customer

from .customer_credit import credit_of
from .invoices import with_balances

_LEGAL_FORMS = {"sa", "sl", "slu", "sau", "sll", "ltd", "limited", "gmbh", "inc", "coop", "cb"}
_SHORTEST_NAME = 4
_MOST_COMBINED = 12


@dataclass(frozen=True, slots=True)
class Part:
    """An amount for an invoice; ``invoice`` has its ``balance`` and customer."""

    invoice: Invoice
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a transaction may be for. ``reasons`` are codes that the screen has words for.

    ``is_sure``: the amount agrees to the cent with what was found by number or customer. Money that
    came in has ``parts`` and ``credit`` (the rest, for ``customer``) or is that of a whole
    ``collection``; money that left has either
    ``returned`` or ``refund_to``.
    """

    parts: Sequence[Part] = ()
    customer: Customer | None = None
    credit: Decimal = Decimal(0)
    returned: Payment | None = None
    refund_to: Customer | None = None
    collection: Collection | None = None
    reasons: Sequence[str] = ()
    is_sure: bool = False


def open_invoices(
    *, currencies: Iterable[str] = (), customer: Customer | None = None
) -> QuerySet[Invoice]:
    """Return issued invoices of which something is owed, with balance, the first due first."""
    found = Invoice.objects.filter(state=Invoice.State.ISSUED, kind=Invoice.Kind.INVOICE)
    if customer is not None:
        found = found.filter(customer=customer)
    elif currencies:
        found = found.filter(currency__in=list(currencies))
    owed: QuerySet[Any] = with_balances(found.select_related("customer"))
    return owed.filter(balance__gt=0).order_by("due_on", "number")


def suggestions(transactions: Sequence[BankTransaction]) -> dict[int, Suggestion]:
    """Return what each transaction is probably for, by id; those without an idea are left out.

    What is sure comes first, and takes its invoices from the others. Asks the database the same few
    questions, however many transactions there are.
    """
    open_ones = [one for one in transactions if one.state == BankTransaction.State.OPEN]
    if not open_ones:
        return {}
    book = _Book.of(open_ones)
    found: dict[int, Suggestion] = {}
    for wants_sure in (True, False):
        for transaction in open_ones:
            suggestion = None if transaction.pk in found else _suggest(transaction, book)
            if suggestion and (suggestion.is_sure or not wants_sure):
                found[transaction.pk] = suggestion
                book.take(suggestion)
    return found


def _suggest(transaction: BankTransaction, book: "_Book") -> Suggestion | None:
    return (_incoming if transaction.amount > 0 else _outgoing)(transaction, book)


@dataclass(slots=True)
class _Book:
    """What is owed, to look things up in."""

    invoices: list[Invoice]
    by_customer: dict[int, list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    payers: dict[str, int] = field(default_factory=dict)
    debits: list[Payment] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    customers: dict[int, Customer] = field(default_factory=dict)

    @classmethod
    def of(cls, transactions: Sequence[BankTransaction]) -> "_Book":
        book = cls(list(open_invoices(currencies={one.currency for one in transactions})))
        for invoice in book.invoices:
            book.by_customer[invoice.customer_id].append(invoice)
            book.customers[invoice.customer_id] = invoice.customer
        ibans = {one.party_iban for one in transactions if one.party_iban}
        known = BankTransaction.objects.filter(party_iban__in=ibans, customer__isnull=False)
        for paid in known.select_related("customer").order_by("settled_at"):
            assert paid.customer is not None  # noqa: S101 (filtered)
            book.payers[paid.party_iban] = paid.customer.pk
            book.customers[paid.customer.pk] = paid.customer
        backwards = [-one.amount for one in transactions if one.amount < 0]
        if backwards:
            book.debits = list(
                Payment.objects.filter(
                    method=PaymentMethod.DIRECT_DEBIT, amount__in=backwards, reversed_by=None
                ).select_related("invoice__customer")
            )
        book.collections = list(Collection.objects.filter(state=Collection.State.PREPARED))
        return book

    def take(self, suggestion: Suggestion) -> None:
        """Leave what was suggested out of the suggestions that follow."""
        for part in suggestion.parts:
            part.invoice.balance -= part.amount  # type: ignore[attr-defined]
        self.invoices = [one for one in self.invoices if _balance(one)]
        for customer, owed in self.by_customer.items():
            self.by_customer[customer] = [one for one in owed if _balance(one)]
        if suggestion.collection:
            self.collections.remove(suggestion.collection)
        if suggestion.returned:
            self.debits.remove(suggestion.returned)

    def named(self, transaction: BankTransaction) -> list[Invoice]:
        said = _letters(f"{transaction.reference} {transaction.text}")
        return [
            invoice
            for invoice in self.invoices
            if invoice.currency == transaction.currency and _is_named(invoice.number or "", said)
        ]

    def payer(self, transaction: BankTransaction) -> tuple[Customer | None, str]:
        """Answer who paid, and how that is known."""
        said = _letters(f"{transaction.reference} {transaction.text}")
        for customer in self.customers.values():
            if _is_named(customer.number, said):
                return customer, "customer_number"
        known = self.payers.get(transaction.party_iban)
        if known:
            return self.customers[known], "account"
        alike = [
            one
            for one in self.customers.values()
            if _is_same_name(one, f"{transaction.party} {transaction.text}")
        ]
        return (alike[0], "name") if len(alike) == 1 else (None, "")


def _incoming(transaction: BankTransaction, book: _Book) -> Suggestion | None:
    collected = [one for one in book.collections if one.total == transaction.amount]
    if len(collected) == 1 and transaction.currency == "EUR":
        return Suggestion(collection=collected[0], reasons=("collection", "amount"), is_sure=True)
    named = book.named(transaction)
    if named:
        return _for_named(transaction, named, book)
    customer, how = book.payer(transaction)
    if customer is None:
        return _by_amount(transaction, book)
    owed = [one for one in book.by_customer[customer.pk] if one.currency == transaction.currency]
    exact = _that_sum_up(owed, transaction.amount)
    if exact:
        parts = [Part(invoice, _balance(invoice)) for invoice in exact]
        return Suggestion(parts, customer, reasons=(how, "amount"), is_sure=True)
    parts, rest = _oldest_first(owed, transaction.amount)
    return Suggestion(parts, customer, rest, reasons=(how,))


def _for_named(transaction: BankTransaction, named: list[Invoice], book: _Book) -> Suggestion:
    """Pay what was named; what is left over pays what else agrees with it, or is kept."""
    customer = named[0].customer
    parts, rest = _oldest_first(named, transaction.amount)
    if rest:
        others = [
            one
            for one in book.by_customer[customer.pk]
            if one not in named and one.currency == transaction.currency
        ]
        exact = _that_sum_up(others, rest)
        if exact:
            parts += [Part(invoice, _balance(invoice)) for invoice in exact]
            rest = Decimal(0)
    is_sure = not rest and all(part.amount == _balance(part.invoice) for part in parts)
    reasons = ("invoice_number", "amount") if is_sure else ("invoice_number",)
    return Suggestion(parts, customer, rest, reasons=reasons, is_sure=is_sure)


def _by_amount(transaction: BankTransaction, book: _Book) -> Suggestion | None:
    """Suggest the only open invoice of that amount; never sure."""
    alike = [
        one
        for one in book.invoices
        if one.currency == transaction.currency and _balance(one) == transaction.amount
    ]
    if len(alike) != 1:
        return None
    (invoice,) = alike
    return Suggestion([Part(invoice, transaction.amount)], invoice.customer, reasons=("amount",))


def _outgoing(transaction: BankTransaction, book: _Book) -> Suggestion | None:
    said = _letters(f"{transaction.reference} {transaction.text} {transaction.end_to_end_id}")
    back = [one for one in book.debits if one.amount == -transaction.amount]
    named = [one for one in back if one.reference and _letters(one.reference) in said]
    if named:
        return Suggestion(
            returned=named[0],
            customer=named[0].invoice.customer,
            reasons=("debit_reference", "amount"),
            is_sure=True,
        )
    if transaction.is_return:
        if len(back) != 1:
            return None
        return Suggestion(returned=back[0], customer=back[0].invoice.customer, reasons=("amount",))
    customer, how = book.payer(transaction)
    if customer is None or credit_of(customer, transaction.currency) < -transaction.amount:
        return None
    return Suggestion(refund_to=customer, customer=customer, reasons=(how,))


def _that_sum_up(invoices: Sequence[Invoice], amount: Decimal) -> list[Invoice]:
    """Return the fewest, oldest invoices whose balances are exactly the amount; else none."""
    few = invoices[:_MOST_COMBINED]
    if sum((_balance(one) for one in invoices), Decimal()) == amount:
        return list(invoices)
    for count in range(1, len(few) + 1):
        for chosen in combinations(few, count):
            if sum((_balance(one) for one in chosen), Decimal()) == amount:
                return list(chosen)
    return [one for one in invoices[_MOST_COMBINED:] if _balance(one) == amount][:1]


def _oldest_first(invoices: Sequence[Invoice], amount: Decimal) -> tuple[list[Part], Decimal]:
    """Share an amount out, the first due first; return the parts and what is left."""
    parts = []
    for invoice in invoices:
        if not amount:
            break
        part = min(amount, _balance(invoice))
        parts.append(Part(invoice, part))
        amount -= part
    return parts, amount


def _balance(invoice: Invoice) -> Decimal:
    balance: Decimal = invoice.balance  # type: ignore[attr-defined]
    return balance


@lru_cache(maxsize=10_000)
def _letters(text: str) -> str:
    """Return letters and digits alone, without accents, in capitals."""
    plain = unicodedata.normalize("NFKD", text.upper())
    return re.sub(r"[^A-Z0-9]", "", plain)


def _is_named(number: str, said: str) -> bool:
    """Tell whether a number stands in the text, and not only as the beginning of a longer one."""
    wanted = _letters(number)
    place = said.find(wanted) if wanted else -1
    while place >= 0:
        end = place + len(wanted)
        if end == len(said) or not said[end].isdigit():
            return True
        place = said.find(wanted, place + 1)
    return False


def _is_same_name(customer: Customer, said: str) -> bool:
    """Tell whether all words of a name stand in what the bank says, legal forms apart."""
    words = set(_words(said))
    for name in {customer.legal_name, customer.trade_name}:
        wanted = [word for word in _words(name) if word not in _LEGAL_FORMS]
        if len("".join(wanted)) >= _SHORTEST_NAME and all(word in words for word in wanted):
            return True
    return False


@lru_cache(maxsize=10_000)
def _words(text: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", text.lower().replace(".", ""))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(re.findall(r"[a-z0-9]+", plain))
