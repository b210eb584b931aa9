"""A mailing: one set of recipients, one schedule, letters and the notices that announce them."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Address, Contact, Customer
from integration.models import Job

from .printing import Printer, PrintJob
from .templates import TemplateVersion


class Mailing(models.Model):
    """Who gets what, and when.

    ``audience`` is how the recipients are chosen: ``{"filter": {…}}`` (parameters of
    CustomerFilter), ``{"list": id}`` or ``{"numbers": […]}``. Freezing copies the recipients;
    approval locks letter, notice and recipients by ``approved_hash``. ``mail_on`` is the day when
    letters go to the post and notices go out, at ``notice_time``; the notice names the day
    ``notice_business_days`` business days later. Letters are merged and printed from the start
    on. ``duplex`` is the printer's while there is one: parts are padded so that every letter
    begins on a new sheet.

    ``posted_on`` is the day for which letters and notices were really written, set by the start:
    ``mail_on``, or the day of the start where that is later.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        FROZEN = "frozen", _("Recipients fixed")
        APPROVED = "approved", _("Approved")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    class Output(models.TextChoices):
        """What is printed for each recipient."""

        LETTERS = "letters", _("Letters")
        ENVELOPES_DL = "envelopes_dl", _("Envelopes DL")
        ENVELOPES_10 = "envelopes_10", _("Envelopes #10")
        LABELS_L7160 = "labels_l7160", _("Labels Avery L7160")
        LABELS_L7163 = "labels_l7163", _("Labels Avery L7163")
        NOTHING = "nothing", _("Nothing: e-mail only")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    output = models.CharField(_("printed as"), max_length=16, choices=Output)
    letter = models.ForeignKey(
        TemplateVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="letters_of",
        verbose_name=_("letter"),
    )
    notice = models.ForeignKey(
        TemplateVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices_of",
        verbose_name=_("notice or e-mail"),
    )
    audience = models.JSONField(_("audience"), default=dict, blank=True)
    address_kind = models.CharField(
        _("address"), max_length=10, choices=Address.Kind, default=Address.Kind.POSTAL
    )
    contact_role = models.CharField(
        _("contact"), max_length=12, choices=Contact.Role, default=Contact.Role.GENERAL
    )
    mail_on = models.DateField(_("day of posting"), null=True, blank=True)
    notice_business_days = models.PositiveSmallIntegerField(
        _("business days until the letter arrives"), default=3
    )
    printer = models.ForeignKey(
        Printer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mailings",
        verbose_name=_("printer"),
    )
    duplex = models.BooleanField(_("on both sides"), default=False)
    separators = models.BooleanField(_("separator sheets"), default=False)
    one_per_address = models.BooleanField(
        _("one letter per address"),
        default=False,
        help_text=_("Otherwise customers who share an address get a letter each."),
    )
    incomplete_too = models.BooleanField(
        _("also to incomplete addresses"),
        default=False,
        help_text=_("Otherwise they are left out, with the reason."),
    )
    notice_without_letter = models.BooleanField(
        _("e-mail also to those who get no letter"), default=True
    )
    notice_time = models.TimeField(
        _("hour of the e-mails"), default=dt.time(8), help_text=_("On the issuer's clocks.")
    )
    chunk_size = models.PositiveIntegerField(_("letters in one print job"), default=250)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("prepared by"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_hash = models.CharField(max_length=64, blank=True, editable=False)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"))
    frozen_at = models.DateTimeField(_("recipients fixed"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    posted_on = models.DateField(_("posted"), null=True, blank=True)
    printed_at = models.DateTimeField(_("last sheet printed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("approve_mailing", _("Can approve mailings")),
            ("start_mailing", _("Can start, pause and cancel mailings")),
            ("download_recipients", _("Can download letters and lists of recipients")),
        ]
        indexes = [models.Index(fields=["state", "-created_at"], name="mailing_state")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Chunk(models.Model):
    """Letters that become one PDF and one print job, in the order of country and postcode.

    Who merges it holds an advisory lock of the database, which ends with the process: a chunk
    that is ``merging`` without one was left by a worker that died. ``letters`` counts those in
    it, ``done`` those laid out so far; ``pages`` and ``sheets`` those of the document, separator
    sheets and empty backs included. ``attempts`` counts how often its merging was begun, ``prints``
    how often it was handed to a printer.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        MERGING = "merging", _("Being merged")
        MERGED = "merged", _("Merged")
        PRINTED = "printed", _("Printed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    document = models.CharField(_("document"), max_length=200, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    letters = models.PositiveIntegerField(_("letters"), default=0)
    done = models.PositiveIntegerField(_("letters merged"), default=0)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    sheets = models.PositiveIntegerField(_("sheets"), default=0)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_at = models.DateTimeField(_("merged"), null=True, blank=True)
    printed_at = models.DateTimeField(_("printed"), null=True, blank=True)
    prints = models.PositiveIntegerField(default=0, editable=False)
    print_job = models.ForeignKey(
        PrintJob, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("part of a mailing")
        verbose_name_plural = _("parts of a mailing")
        ordering = ["mailing", "number"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["mailing", "number"], name="chunk_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}/{self.number}"


class Recipient(models.Model):
    """A customer in a mailing: a frozen copy of name, address, language and e-mail.

    Nobody is dropped in silence: who gets no letter has ``letter_reason``, who gets no e-mail has
    ``notice_reason``; both blank means both channels. ``fields`` holds what the texts name.
    ``message`` is the key of the outgoing e-mail (integration knows no mailing). Page numbers
    begin at 1 and count within the chunk's document. ``outdated`` says that the customer was
    changed after the approval and the letter was printed as approved.
    """

    class Reason(models.TextChoices):
        """Why somebody is left out of a channel."""

        NOT_WANTED = "not_wanted", _("Not part of this mailing")
        NO_LETTER = "no_letter", _("Gets no letter")
        OPTED_OUT = "opted_out", _("Does not want it")
        SUSPENDED = "suspended", _("Customer suspended")
        CLOSED = "closed", _("Customer closed")
        NO_ADDRESS = "no_address", _("No address")
        INCOMPLETE_ADDRESS = "incomplete_address", _("Incomplete address")
        LONG_ADDRESS = "long_address", _("Address too long for the window")
        DUPLICATE_HOUSEHOLD = "duplicate_household", _("Same address as another recipient")
        NO_EMAIL = "no_email", _("No e-mail address")
        BOUNCED = "bounced", _("E-mail does not reach the address")
        MISSING_FIELD = "missing_field", _("A field of the text is missing")
        BY_HAND = "by_hand", _("Taken out by hand")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="recipients")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(_("position"))
    customer_number = models.CharField(_("customer"), max_length=20)
    customer_name = models.CharField(_("name"), max_length=200)
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2)
    email = models.EmailField(_("e-mail"), blank=True)
    recipient_line = models.CharField(_("recipient"), max_length=200, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200, blank=True)
    line2 = models.CharField(_("floor, building"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("province or state"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    letter_reason = models.CharField(_("why no letter"), max_length=20, choices=Reason, blank=True)
    notice_reason = models.CharField(_("why no e-mail"), max_length=20, choices=Reason, blank=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    chunk = models.ForeignKey(
        Chunk, on_delete=models.SET_NULL, null=True, blank=True, related_name="recipients"
    )
    first_page = models.PositiveIntegerField(null=True, blank=True)
    last_page = models.PositiveIntegerField(null=True, blank=True)
    message = models.CharField(max_length=120, blank=True, db_index=True, editable=False)
    arrives_on = models.DateField(_("expected arrival"), null=True, blank=True)
    outdated = models.BooleanField(_("address changed before printing"), default=False)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["mailing", "position"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["mailing", "customer"], name="recipient_once"),
            models.UniqueConstraint(
                fields=["mailing", "position"],
                name="recipient_position_once",
                deferrable=models.Deferrable.DEFERRED,  # they change places
            ),
            models.CheckConstraint(
                condition=Q(first_page=None) | Q(last_page__gte=F("first_page")),
                name="recipient_pages_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_number} {self.customer_name}"
