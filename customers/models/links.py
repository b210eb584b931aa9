"""Signed links: what a customer's contact may open without an account."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .customer import Contact, Customer


class SignedLink(models.Model):
    """One link that was given out. The link itself is shown once; only its hash is kept.

    ``purpose`` and ``subject`` say what it opens (``preferences``; ``quote`` and the quote's
    number); pages check it through ``services.open_link`` and nothing else. ``contact`` is null
    where the link belongs to the customer as such.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="links")
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="links"
    )
    email = models.EmailField(_("given to"), blank=True)
    purpose = models.CharField(_("purpose"), max_length=40)
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("signed link")
        verbose_name_plural = _("signed links")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "purpose", "-created_at"], name="link_of_customer")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject}".strip()
