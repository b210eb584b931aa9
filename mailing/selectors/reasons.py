"""Why somebody gets no letter, or no e-mail."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from customers.models import Customer
from mailing.merge import missing_parts
from mailing.models import Mailing, Recipient, TemplateVersion

from .field_values import Occasion, Values, named_in, occasion, postal_address
from .leaves import fits
from .letters import email_of
from .wishes import Wishes, wishes_of

Reason = Recipient.Reason

_STATUS: Final[dict[str, str]] = {
    Customer.Status.SUSPENDED: Reason.SUSPENDED,
    Customer.Status.CLOSED: Reason.CLOSED,
}
_DETAIL_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows what many customers wish and what the texts of a mailing name."""

    mailing: Mailing
    wishes: Wishes
    named: frozenset[str]
    occasion: Occasion

    @classmethod
    def of(cls, mailing: Mailing, customers: Sequence[Customer], *, now: dt.datetime) -> "Judge":
        """Return the one for these customers; a few queries, however many they are."""
        countries = {customer.country for customer in customers} | {
            address.country for customer in customers for address in customer.addresses.all()
        }
        return cls(
            mailing=mailing,
            wishes=wishes_of([customer.number for customer in customers]),
            named=named_in(mailing.letter, mailing.notice),
            occasion=occasion(mailing, now=now, countries=countries),
        )

    def give_reasons(self, recipient: Recipient, customer: Customer) -> None:
        """Write down at the recipient why it gets no letter, why no e-mail, and the details."""
        details: list[str] = []
        values = self.occasion.values(recipient)
        recipient.letter_reason = self._why_no_letter(recipient, customer)
        if not recipient.letter_reason:
            recipient.letter_reason = self._why_unwritten(
                self.mailing.letter, recipient, values, details
            )
        recipient.notice_reason = self._why_no_email(recipient, customer)
        if not recipient.notice_reason:
            recipient.notice_reason = self._why_unwritten(
                self.mailing.notice, recipient, values, details
            )
        if recipient.letter_reason == Reason.INCOMPLETE_ADDRESS:
            details.extend(missing_parts(postal_address(recipient)))
        recipient.detail = ", ".join(dict.fromkeys(details))[:_DETAIL_LENGTH]

    def _why_no_letter(self, recipient: Recipient, customer: Customer) -> str:
        if self.mailing.output == Mailing.Output.NOTHING:
            return Reason.NOT_WANTED
        if customer.status in _STATUS:
            return _STATUS[customer.status]
        if customer.number in self.wishes.no_letters:
            return Reason.OPTED_OUT
        if not recipient.line1:
            return Reason.NO_ADDRESS
        if not self.mailing.incomplete_too and missing_parts(postal_address(recipient)):
            return Reason.INCOMPLETE_ADDRESS
        return "" if fits(self.occasion, recipient) else Reason.LONG_ADDRESS

    def _why_no_email(self, recipient: Recipient, customer: Customer) -> str:
        number, email = customer.number, recipient.email
        reasons = (
            (self.mailing.notice_id is None, Reason.NOT_WANTED),
            (customer.status in _STATUS, _STATUS.get(customer.status, "")),
            (not email, Reason.NO_EMAIL),
            (self.wishes.refuses_email(number, email), Reason.OPTED_OUT),
            (self.wishes.is_undeliverable(number, email), Reason.BOUNCED),
            (self._needs_letter() and bool(recipient.letter_reason), Reason.NO_LETTER),
        )
        return next((reason for holds, reason in reasons if holds), "")

    def _needs_letter(self) -> bool:
        prints = self.mailing.output != Mailing.Output.NOTHING
        return prints and not self.mailing.notice_without_letter

    def _why_unwritten(
        self,
        version: TemplateVersion | None,
        recipient: Recipient,
        values: Values,
        details: list[str],
    ) -> str:
        """Answer whether the text would print a field that is blank, and note which."""
        if version is None or all(_has(values, path) for path in version.fields):
            return ""
        # What is missing does not depend on the paper: any text can be asked as an e-mail.
        text = email_of(version, language=recipient.language, issuer=self.occasion.house)
        missing = text.missing(values)
        details.extend(missing)
        return Reason.MISSING_FIELD if missing else ""


def _has(values: Values, path: str) -> bool:
    group, _dot, name = path.partition(".")
    return values.get(group, {}).get(name) not in {None, ""}
