"""The record of everything that happened, long work with its progress, answers given once."""

import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import AbstractAPIKey


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


class Job(models.Model):
    """Long work that somebody waits for: how far it is, how it ended, in plain words."""

    class State(models.TextChoices):
        """The life of a job."""

        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(
        _("task"), max_length=120, help_text=_("Name of the Celery task that does it")
    )
    label = models.CharField(_("label"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), default=0)
    message = models.CharField(_("message"), max_length=300, blank=True)
    error = models.TextField(_("error"), blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    customer_number = models.CharField(_("customer"), max_length=32, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(
        _("last sign of life"), null=True, blank=True, help_text=_("Set by every progress report")
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["-created_at", "id"], name="job_created")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="job_state"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will happen."""
        return self.state in {self.State.DONE, self.State.FAILED}

    @property
    def percent(self) -> int | None:
        """Return the progress in whole percent, or None where the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None


class MachineKey(AbstractAPIKey):
    """A program's key to the API (a telephone gateway, an accounting system): hashed, revocable.

    ``scopes`` names what it is for; each API view says which scope opens which action.
    """

    scopes = models.JSONField(_("scopes"), default=list)
    customer_number = models.CharField(
        _("customer"),
        max_length=32,
        blank=True,
        help_text=_("When the program belongs to a customer."),
    )

    class Meta:
        verbose_name = _("machine key")
        verbose_name_plural = _("machine keys")
        ordering = ["-created"]


class IdempotencyKey(models.Model):
    """The answer given to a POST, kept so that the same request does not act twice.

    Written in the transaction of the effect: if the row is there, the effect is there.
    """

    credential = models.CharField(
        _("credential"), max_length=180, help_text=_("Whose key: a token, a machine, a user")
    )
    key = models.CharField(_("key"), max_length=255)
    request_hash = models.CharField(
        _("request"), max_length=64, help_text=_("SHA-256 of method, address and body")
    )
    status = models.PositiveSmallIntegerField(_("status"))
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("body"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["credential", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
