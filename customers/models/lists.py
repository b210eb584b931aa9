"""Lists of customers that one department freezes and another one works on."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomerList(models.Model):
    """Customers chosen once, by their numbers: the list does not follow the filter it came from.

    Written by ``services.save_list`` alone: by sales after a price revision, by billing for its
    reminders, by whoever picked customers by hand. A mailing reads it.
    """

    class Origin(models.TextChoices):
        HAND = "hand", _("Chosen by hand")
        IMPORT = "import", _("File")
        PRICE_REVISION = "price_revision", _("Price revision")
        REMINDERS = "reminders", _("Reminders")

    name = models.CharField(_("name"), max_length=120)
    origin = models.CharField(_("origin"), max_length=20, choices=Origin, default=Origin.HAND)
    numbers = ArrayField(models.CharField(max_length=20), verbose_name=_("customers"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("list of customers")
        verbose_name_plural = _("lists of customers")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A filter of a list that somebody keeps under a name, perhaps for everybody.

    ``list_key`` names the list (``customers``) and ``query`` is its query string. Unlike a
    CustomerList it holds no rows: it finds what matches when it is opened.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("saved by"),
    )
    list_key = models.CharField(_("list"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filter"), max_length=500, blank=True)
    shared = models.BooleanField(_("for everybody"), default=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_key", "name"], name="saved_view_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
