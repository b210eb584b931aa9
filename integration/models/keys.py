"""Keys of programs, and answers given once."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.models import AbstractAPIKey


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
