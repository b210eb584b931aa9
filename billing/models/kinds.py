"""The kinds of lines, with the words that stand on an invoice, and of payments."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LineKind(models.TextChoices):
    """What a line is for (TARIFF.md, "A conference" and "A period"), or an amount credited."""

    USAGE_TOLL = "usage:toll", _("Calls to the toll number")
    USAGE_TOLL_FREE = "usage:toll_free", _("Calls to the toll-free number")
    USAGE_DIAL_OUT = "usage:dial_out", _("Calls dialled out")
    USAGE_VOIP = "usage:voip", _("Internet calls")
    SETUP = "setup", _("Conference set-up")
    OPERATOR = "operator", _("Operator assistance")
    RECORDING = "recording", _("Recording")
    UNUSED_PORTS = "unused_ports", _("Reserved ports not used")
    OVERAGE_PORTS = "overage_ports", _("Ports beyond the reservation")
    MINIMUM_PARTICIPANTS = "minimum_participants", _("Minimum of participants")
    NO_SHOW = "no_show", _("Conference not attended")
    LATE_CANCELLATION = "late_cancellation", _("Late cancellation")
    COMMITMENT_SHORTFALL = "commitment_shortfall", _("Remainder to the monthly commitment")
    MONTHLY_FEE = "monthly_fee", _("Monthly fee")
    SUBSCRIPTION = "subscription", _("Subscription")
    ONE_OFF = "one_off", _("Single charge")
    CREDIT = "credit", _("Credit")


class PaymentMethod(models.TextChoices):
    """How a payment came in."""

    TRANSFER = "transfer", _("Bank transfer")
    DIRECT_DEBIT = "direct_debit", _("Direct debit")
    CARD = "card", _("Card")
    CHEQUE = "cheque", _("Cheque")
    CASH = "cash", _("Cash")
    OFFSET = "offset", _("Set off")


class Flag(models.TextChoices):
    """Why somebody should look at a draft before it is issued."""

    FIRST = "first_invoice", _("First invoice")
    CHANGE = "change", _("Unusual amount")
    ZERO = "zero", _("Nothing to pay")
    UNPRICED = "unpriced_legs", _("Legs without a price")
    ESTIMATED = "estimated_times", _("Estimated times")
    REFERENCE = "missing_reference", _("Missing reference")
    TAX_ID = "tax_id", _("Tax id not valid")
    CORRECTION = "correction", _("Corrections of issued invoices")
