"""The record of everything that happened."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def new_event_id() -> str:
    """Return a public event id; it says nothing about order or number of events."""
    return f"evt_{uuid.uuid4().hex}"


class Event(models.Model):
    """One thing that happened, written in the transaction of the change and never altered.

    A trigger of the database refuses UPDATE and DELETE (migration 0002), with one exception:
    ``position`` is given once, after the commit, by ``services.number_events``. Events name what
    changed; they carry no money and no personal data, so that erasing a person leaves them whole.
    """

    class ActorKind(models.TextChoices):
        """Who can cause an event."""

        USER = "user", _("user")
        MACHINE = "machine", _("machine")
        SYSTEM = "system", _("system")

    event_id = models.CharField(_("event"), max_length=40, unique=True, default=new_event_id)
    position = models.BigIntegerField(
        _("position"),
        unique=True,
        null=True,
        editable=False,
        help_text=_("Place in the feed, without gaps in time: given after the commit."),
    )
    type = models.CharField(_("type"), max_length=80)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), db_default=Now(), editable=False)
    actor = models.CharField(_("actor"), max_length=150)
    actor_kind = models.CharField(_("kind of actor"), max_length=8, choices=ActorKind.choices)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    customer_number = models.CharField(_("customer"), max_length=32, blank=True)
    subject_type = models.CharField(_("kind of subject"), max_length=40, blank=True)
    subject_id = models.CharField(_("subject"), max_length=80, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["customer_number", "-id"],
                name="event_customer",
                condition=~Q(customer_number=""),
            ),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="event_subject"),
            models.Index(fields=["type", "-id"], name="event_type"),
            models.Index(
                fields=["id"], name="event_unnumbered", condition=Q(position__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind__in=["user", "machine", "system"]), name="event_actor_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}".strip()
