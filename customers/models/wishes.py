"""What a customer wants to receive, what does not reach him, and what he says of his address."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .customer import Address, Customer


class Channel(models.TextChoices):
    """How mass mail reaches a customer."""

    LETTER = "letter", _("Letters")
    EMAIL = "email", _("E-mail")


class OptOut(models.Model):
    """The customer does not want mass mail by a channel. Invoices and invitations still come.

    ``email`` narrows an opt-out from e-mail to one address; blank means all of the customer's.
    Lifted ones stay as the record of what was wished when.
    """

    class Source(models.TextChoices):
        DESK = "desk", _("Noted at the desk")
        PAGE = "page", _("Page of preferences")
        ONE_CLICK = "one_click", _("Unsubscribed in the mail program")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="opt_outs")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    email = models.EmailField(_("e-mail"), blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    since = models.DateTimeField(_("since"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "channel", "email"],
                condition=models.Q(lifted_at=None),
                name="opt_out_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel}"


class UndeliverableEmail(models.Model):
    """An address of the customer that bounced: shown at the customer until it is mended."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="undeliverable_emails"
    )
    email = models.EmailField(_("e-mail"))
    reason = models.CharField(_("reason"), max_length=300)
    since = models.DateTimeField(_("since"))
    mended_at = models.DateTimeField(_("mended"), null=True, blank=True)

    class Meta:
        verbose_name = _("undeliverable e-mail address")
        verbose_name_plural = _("undeliverable e-mail addresses")
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "email"],
                condition=models.Q(mended_at=None),
                name="undeliverable_email_once",
            )
        ]

    def __str__(self) -> str:
        return self.email


class AddressProposal(models.Model):
    """What a customer says his address is; somebody at the desk accepts or refuses it."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="address_proposals"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Address.Kind)
    recipient = models.CharField(_("recipient"), max_length=200, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200)
    line2 = models.CharField(_("floor, building"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=100)
    region = models.CharField(_("province or state"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    proposed_at = models.DateTimeField(_("proposed"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("proposed address")
        verbose_name_plural = _("proposed addresses")
        ordering = ["-proposed_at", "-pk"]
        permissions = [("decide_addressproposal", _("Can accept and refuse proposed addresses"))]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=models.Q(state="open"),
                name="address_proposal_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.line1}, {self.postcode} {self.city}"
