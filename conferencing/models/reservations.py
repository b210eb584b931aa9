"""Reservations of ports on a bridge, and the tickets with which legs join."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Customer
from toolkit.telephony import Access

from .bridges import Bridge


class Reservation(models.Model):
    """A customer's booking of ``reserved_ports`` from start to end (UTC, end exclusive).

    The room is what the bridge should have: ``wanted`` rooms are asserted at every poll while
    the time is near, ``ending`` ones are taken down, ``ended`` ones are never made again. A room
    number is never used twice.
    """

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        CANCELLED = "cancelled", _("Cancelled")
        HELD = "held", _("Held")
        NO_SHOW = "no_show", _("Not attended")

    class RoomState(models.TextChoices):
        WANTED = "wanted", _("Wanted")
        ENDING = "ending", _("Ending")
        ENDED = "ended", pgettext_lazy("conference", "Ended")

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    bridge = models.ForeignKey(
        Bridge, on_delete=models.PROTECT, related_name="reservations", verbose_name=_("bridge")
    )
    title = models.CharField(_("title"), max_length=120)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BOOKED)
    scheduled_start = models.DateTimeField(_("start"))
    scheduled_end = models.DateTimeField(_("end"))
    reserved_ports = models.PositiveIntegerField(_("ports"))
    access = ArrayField(
        models.CharField(max_length=10, choices=Access), verbose_name=_("access"), default=list
    )
    operator_assisted = models.BooleanField(_("operator assistance"), default=False)
    recorded = models.BooleanField(_("recording"), default=False)
    billing_reference = models.CharField(_("billing reference"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Customer.Language)
    invitees = ArrayField(models.EmailField(), default=list, blank=True)
    room = models.BigIntegerField(_("room"), editable=False)
    pin = models.CharField(_("PIN"), max_length=12, editable=False)
    host_pin = models.CharField(_("host PIN"), max_length=12, editable=False)
    room_state = models.CharField(
        max_length=8, choices=RoomState, default=RoomState.WANTED, editable=False
    )
    room_asserted_at = models.DateTimeField(null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True, editable=False)
    override_reason = models.CharField(
        _("why booked for a suspended customer"), max_length=200, blank=True
    )
    source = models.CharField(max_length=10, default="desk", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-scheduled_start", "-pk"]
        permissions = [
            ("cancel_reservation", _("Can cancel reservations")),
            ("book_for_suspended", _("Can book for suspended customers")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["bridge", "room"], name="room_number_once"),
            models.CheckConstraint(
                condition=models.Q(scheduled_end__gt=models.F("scheduled_start")),
                name="reservation_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(reserved_ports__gte=1), name="reservation_has_ports"
            ),
        ]
        indexes = [
            models.Index(fields=["bridge", "scheduled_start"], name="reservation_bridge_start"),
            models.Index(fields=["customer", "scheduled_start"], name="reservation_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class LegTicket(models.Model):
    """What one leg needs to join: under which access and number it will be billed."""

    leg_id = models.CharField(max_length=64, unique=True)
    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="tickets")
    participant = models.CharField(max_length=120)
    participant_id = models.BigIntegerField()
    access = models.CharField(max_length=10, choices=Access)
    number = models.CharField(max_length=20, blank=True)
    expires_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("leg ticket")
        verbose_name_plural = _("leg tickets")
        permissions = [("issue_gateway_ticket", _("Can issue tickets for telephone legs"))]
        constraints = [
            models.UniqueConstraint(
                fields=["reservation", "participant_id"], name="ticket_participant_once"
            )
        ]

    def __str__(self) -> str:
        return self.leg_id
