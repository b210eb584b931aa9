"""Outgoing e-mail of all departments: one row for each message, and the row is the queue."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """By what an address is reached."""

    EMAIL = "email", _("E-mail")


class OutgoingMessage(models.Model):
    """One e-mail to one recipient, as it was written and as far as it got.

    ``key`` says what it is ("mailing:17:recipient:342"): asking for the same key again changes
    nothing. ``batch`` groups what a department counts, holds and cancels together ("mailing:17").
    The text never changes. docs/email.md tells how it moves from state to state; in short:
    ``claimed`` belongs to a worker until ``lease_until`` and goes back to the queue afterwards,
    ``sending`` is committed before anything reaches the server and becomes ``uncertain`` when its
    worker is not heard of again. Only a person sends ``uncertain`` again, under the same
    ``message_id``.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        CLAIMED = "claimed", _("Taken by a worker")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        TEMP_FAILED = "temp_failed", _("Will be tried again")
        PERM_FAILED = "perm_failed", _("Failed")
        SUPPRESSED = "suppressed", _("Not to be sent")
        UNCERTAIN = "uncertain", _("Uncertain")
        CANCELLED = "cancelled", _("Cancelled")

    class Bounce(models.TextChoices):
        """What came back after the server had taken the message."""

        HARD = "hard", _("The address does not exist")
        SOFT = "soft", _("Could not be delivered")

    class Note(models.TextChoices):
        """What stands in ``last_answer`` where no server has answered."""

        NO_ADDRESS = "=no_address", _("This is no e-mail address.")
        WORKER_LOST = "=worker_lost", _("The worker was not heard of again.")
        HARD_BOUNCE = "=hard_bounce", _("The address does not exist.")
        COMPLAINT = "=complaint", _("The recipient reported e-mail of ours as spam.")
        UNSUBSCRIBED = "=unsubscribed", _("The recipient has unsubscribed.")
        BY_HAND = "=by_hand", _("Nothing is to be sent to the recipient.")

    key = models.CharField(_("key"), max_length=120, unique=True)
    purpose = models.CharField(
        _("purpose"), max_length=40, help_text=_("What it is for, as in billing.invoice")
    )
    batch = models.CharField(_("batch"), max_length=60, blank=True)
    bulk = models.BooleanField(
        _("mass mail"),
        default=False,
        help_text=_("Can be unsubscribed from, and lets other e-mail go first."),
    )
    customer_number = models.CharField(_("customer"), max_length=32, blank=True)
    recipient = models.EmailField(_("recipient"))
    recipient_name = models.CharField(_("name"), max_length=200, blank=True)
    domain = models.CharField(_("domain"), max_length=255, editable=False)
    sender_name = models.CharField(_("name of the sender"), max_length=120, blank=True)
    reply_to = models.EmailField(_("answers to"), blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    headers = models.JSONField(_("further headers"), default=dict, blank=True)
    unsubscribe_url = models.CharField(_("address to unsubscribe"), max_length=500, blank=True)
    message_id = models.CharField("Message-ID", max_length=120, editable=False)

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    not_before = models.DateTimeField(_("not before"))
    next_attempt_at = models.DateTimeField(_("next attempt"), editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    claimed_by = models.CharField(_("worker"), max_length=80, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("taken"), null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    sending_at = models.DateTimeField(_("last attempt"), null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    last_code = models.PositiveSmallIntegerField(_("code"), null=True, blank=True, editable=False)
    last_answer = models.CharField(_("answer"), max_length=500, blank=True, editable=False)
    bounce = models.CharField(_("bounce"), max_length=4, choices=Bounce, blank=True)
    bounce_code = models.CharField(_("code of the bounce"), max_length=12, blank=True)
    bounce_answer = models.CharField(_("reason of the bounce"), max_length=500, blank=True)
    bounced_at = models.DateTimeField(_("bounced"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("outgoing e-mail")
        verbose_name_plural = _("outgoing e-mail")
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)
        permissions = [("resend_message", _("Can send e-mail again, or say that it arrived"))]
        indexes = [
            models.Index(
                fields=["bulk", "next_attempt_at", "id"],
                name="message_queue",
                condition=Q(state__in=["queued", "temp_failed"]),
            ),
            models.Index(
                fields=["lease_until"],
                name="message_lease",
                condition=Q(state__in=["claimed", "sending"]),
            ),
            models.Index(fields=["claimed_at", "domain"], name="message_rate"),
            models.Index(fields=["batch", "state"], name="message_batch", condition=~Q(batch="")),
            models.Index(
                fields=["customer_number", "-created_at"],
                name="message_customer",
                condition=~Q(customer_number=""),
            ),
            models.Index(fields=["state", "-created_at"], name="message_state"),
            models.Index(fields=["-created_at", "-id"], name="message_created"),
            models.Index(fields=["domain", "-created_at"], name="message_domain"),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_state_known",
                condition=Q(
                    state__in=[
                        "queued",
                        "claimed",
                        "sending",
                        "sent",
                        "temp_failed",
                        "perm_failed",
                        "suppressed",
                        "uncertain",
                        "cancelled",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="message_lease_where_taken",
                condition=~Q(state__in=["claimed", "sending"])
                | (Q(lease_until__isnull=False) & ~Q(claimed_by="")),
            ),
            models.CheckConstraint(
                name="message_sent_at_where_sent",
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"

    @property
    def answer(self) -> str:
        """The last answer of a server as it was, or our own words in the active language."""
        if self.last_answer in self.Note.values:
            return str(self.Note(self.last_answer).label)
        return self.last_answer


class MessageFile(models.Model):
    """The content of attachments, stored once however many messages carry it."""

    sha256 = models.CharField(max_length=64, primary_key=True, editable=False)
    content = models.BinaryField(editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)

    class Meta:
        verbose_name = _("content of an attachment")
        verbose_name_plural = _("contents of attachments")
        default_permissions = ()

    def __str__(self) -> str:
        return self.sha256


class MessageAttachment(models.Model):
    """A file that a message carries, under its own name."""

    message = models.ForeignKey(
        OutgoingMessage, on_delete=models.CASCADE, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=100)
    file = models.ForeignKey(MessageFile, on_delete=models.PROTECT, related_name="attachments")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="attachment_position_once")
        ]

    def __str__(self) -> str:
        return self.name


class BatchHold(models.Model):
    """A batch that is paused: while the row is there nothing of it is sent, old or new."""

    batch = models.CharField(_("batch"), max_length=60, primary_key=True)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("paused batch")
        verbose_name_plural = _("paused batches")
        default_permissions = ()

    def __str__(self) -> str:
        return self.batch


class Suppression(models.Model):
    """To whom nothing more is sent, why, and since when. Lifted ones stay as the record.

    ``email`` (small letters) blank means every address of the customer; ``customer_number`` blank
    means whoever has the address. ``unsubscribed`` stops mass mail only, the others stop all.
    """

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", _("The address does not exist")
        COMPLAINT = "complaint", _("Reported as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BY_HAND = "by_hand", _("Entered by hand")

    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel, default=Channel.EMAIL, editable=False
    )
    email = models.EmailField(_("e-mail"), blank=True)
    customer_number = models.CharField(_("customer"), max_length=32, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    message_key = models.CharField(_("message"), max_length=120, blank=True, editable=False)
    since = models.DateTimeField(_("since"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.CharField(_("lifted by"), max_length=150, blank=True)
    lifted_because = models.CharField(_("lifted because"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("address not written to")
        verbose_name_plural = _("addresses not written to")
        ordering = ["-since", "-pk"]
        default_permissions = ("view", "change")
        indexes = [
            models.Index(fields=["-since", "-id"], name="suppression_since"),
            models.Index(
                fields=["customer_number"],
                name="suppression_customer",
                condition=Q(lifted_at=None) & ~Q(customer_number=""),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email", "customer_number", "channel", "reason"],
                condition=Q(lifted_at=None),
                name="suppression_once",
            ),
            models.CheckConstraint(
                name="suppression_of_somebody",
                condition=~Q(email="") | ~Q(customer_number=""),
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.customer_number
