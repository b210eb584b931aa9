"""What really happened: conferences, their legs, and the call records that tell of them."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer
from toolkit.telephony import Access

from .bridges import Bridge
from .reservations import Reservation


class Conference(models.Model):
    """What billing charges: a reservation held, missed or cancelled late, or a call without one.

    ``record_version`` is 0 while the conference is live and grows with every accepted call
    record; ``recorded_at`` is when the newest one was stored. Without a customer it waits in the
    queue of problems.
    """

    class State(models.TextChoices):
        LIVE = "live", _("Live")
        ENDED = "ended", pgettext_lazy("conference", "Ended")
        NO_SHOW = "no_show", _("Not attended")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reservation = models.OneToOneField(
        Reservation, on_delete=models.PROTECT, null=True, related_name="conference"
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="conferences")
    room = models.BigIntegerField(_("room"))
    title = models.CharField(_("title"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State)
    scheduled_start = models.DateTimeField(_("scheduled start"))
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)
    operator_assisted = models.BooleanField(_("operator assistance"), default=False)
    recorded = models.BooleanField(_("recording"), default=False)
    reserved_ports = models.PositiveIntegerField(_("reserved ports"), null=True)
    billing_reference = models.CharField(_("billing reference"), max_length=60, blank=True)
    record_version = models.PositiveIntegerField(default=0)
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("conference")
        verbose_name_plural = _("conferences")
        ordering = ["-scheduled_start", "-pk"]
        permissions = [("end_conference", _("Can end conferences and remove participants"))]
        indexes = [
            models.Index(fields=["customer", "scheduled_start"], name="conference_customer"),
            models.Index(fields=["state", "scheduled_start"], name="conference_state"),
            models.Index(fields=["bridge", "room"], name="conference_room"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)


class CallRecord(models.Model):
    """One version of what a bridge said of a call; never changed, never deleted.

    ``message_id`` is the delivery that brought it (``webhook-id`` of the feed), so that a late
    repetition of an older version is not taken for a correction.
    """

    class Source(models.TextChoices):
        LINK = "link", _("Bridge link")
        FEED = "feed", _("Signed feed")

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="call_records")
    call_id = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    conference = models.ForeignKey(
        Conference, on_delete=models.PROTECT, related_name="call_records"
    )
    source = models.CharField(max_length=6, choices=Source)
    message_id = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("call record")
        verbose_name_plural = _("call records")
        constraints = [
            models.UniqueConstraint(
                fields=["bridge", "call_id", "version"], name="call_record_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.call_id} v{self.version}"


class Leg(models.Model):
    """One participant's stay in a conference, to the microsecond, UTC.

    ``*_how`` says how each time is known (BRIDGE.md): ``event``, ``poll``, ``event-late``,
    ``room-destroyed``, ``bridge-started``, ``media-lost``, ``record``. A corrected call record
    updates the row; what it said before stays in ``CallRecord.body`` and in billing's rated legs.
    An open leg with ``removal_requested_at`` is to be put out of its room by the bridge link.
    """

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="+")
    conference = models.ForeignKey(Conference, on_delete=models.PROTECT, related_name="legs")
    leg_id = models.CharField(max_length=64)
    participant = models.CharField(_("participant"), max_length=120)
    participant_id = models.CharField(max_length=64, blank=True)
    handle = models.CharField(max_length=40, blank=True)
    access = models.CharField(_("access"), max_length=10, choices=Access)
    number = models.CharField(_("number"), max_length=20, blank=True)
    answered_at = models.DateTimeField(_("answered"))
    answered_how = models.CharField(max_length=24)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_how = models.CharField(max_length=24, blank=True)
    last_seen_at = models.DateTimeField(null=True)
    media_lost_at = models.DateTimeField(null=True)
    removal_requested_at = models.DateTimeField(null=True)
    without_ticket = models.BooleanField(default=False)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("leg")
        verbose_name_plural = _("legs")
        ordering = ["answered_at", "leg_id"]
        constraints = [models.UniqueConstraint(fields=["bridge", "leg_id"], name="leg_id_once")]
        indexes = [
            models.Index(
                fields=["bridge", "participant_id"],
                condition=models.Q(ended_at=None),
                name="leg_open",
            )
        ]

    def __str__(self) -> str:
        return self.leg_id

    @property
    def is_estimated(self) -> bool:
        """Whether a time of this leg is not from the bridge's own event or record."""
        known = {"event", "event-late", "room-destroyed", "record"}
        return self.answered_how not in known or bool(
            self.ended_how and self.ended_how not in known
        )
