"""Conference bridges, and what they told us, as it came in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Bridge(models.Model):
    """A conference bridge: its make says how we speak with it.

    ``secret_version`` takes part in the key that the bridge signs call records with; no secret
    stands in the row (see ``services.bridge_secret``). ``dial_in`` is a list of
    ``{"access", "number", "country", "label"}``.
    """

    class Make(models.TextChoices):
        JANUS = "janus", "Janus AudioBridge"
        SIMULATED = "simulated", _("Simulated")
        FEED = "feed", _("Signed call records")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    make = models.CharField(_("make"), max_length=12, choices=Make)
    capacity = models.PositiveIntegerField(_("ports"))
    dial_in = models.JSONField(_("dialled numbers"), default=list, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    secret_version = models.PositiveIntegerField(default=1, editable=False)
    last_event_at = models.DateTimeField(_("last event"), null=True, editable=False)
    last_poll_at = models.DateTimeField(_("last poll"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    clock_skew_ms = models.IntegerField(_("clock difference (ms)"), null=True, editable=False)

    class Meta:
        verbose_name = _("conference bridge")
        verbose_name_plural = _("conference bridges")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=models.Q(capacity__gte=1), name="bridge_has_ports")
        ]

    def __str__(self) -> str:
        return self.name


class BridgeEvent(models.Model):
    """One event as a bridge sent it: stored before it is answered, applied afterwards.

    The digest of the body makes a second delivery of the same event a no-op. A row without
    ``applied_at`` is work to do. What a poll found is kept the same way, as ``seen`` and ``gone``.
    ``kind`` and what follows are the body in the words of no make (``bridges.base.BridgeFact``),
    filled when the row is applied; ``kind`` stays empty where it tells nothing about calls.
    """

    bridge = models.ForeignKey(Bridge, on_delete=models.CASCADE, related_name="events")
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=16, blank=True)
    room = models.BigIntegerField(null=True)
    participant_id = models.CharField(max_length=64, blank=True)
    display = models.CharField(max_length=120, blank=True)
    handle = models.CharField(max_length=40, blank=True)
    leg_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("bridge event")
        verbose_name_plural = _("bridge events")
        constraints = [
            models.UniqueConstraint(fields=["bridge", "digest"], name="bridge_event_once")
        ]
        indexes = [
            models.Index(
                fields=["bridge", "id"],
                condition=models.Q(applied_at=None),
                name="bridge_event_to_apply",
            ),
            models.Index(
                fields=["bridge", "room"],
                condition=models.Q(room__isnull=False),
                name="bridge_event_of_room",
            ),
            models.Index(
                fields=["bridge", "handle"],
                condition=~models.Q(handle=""),
                name="bridge_event_of_handle",
            ),
            models.Index(
                fields=["bridge", "occurred_at"],
                condition=models.Q(kind__in=["bridge_started", "bridge_shutdown"]),
                name="bridge_event_of_bridge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bridge_id} {self.digest[:12]}"
