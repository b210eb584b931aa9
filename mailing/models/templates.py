"""What is written once and merged many times: letters, notices, e-mails."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Template(models.Model):
    """A letter or an e-mail with its versions; a mailing is merged with one of them."""

    class Kind(models.TextChoices):
        LETTER = "letter", _("Letter")
        NOTICE = "notice", _("Notice of a letter")
        EMAIL = "email", _("E-mail")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.LETTER)
    archived = models.BooleanField(_("archived"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """The texts of a template as they were saved: never altered, a change is a new version.

    ``body_*`` and ``enclosure_*`` (the page of attachments behind the letter) are sanitised HTML
    with fields as ``<span data-field="customer.name">``; an empty language is merged in the other
    one. ``content_hash`` (SHA-256, hex) covers everything that the reader would see.
    """

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    layout = models.CharField(_("layout"), max_length=20, blank=True)
    letterhead = models.BooleanField(_("with letterhead"), default=True)
    subject_es = models.CharField(_("subject (Spanish)"), max_length=200, blank=True)
    subject_en = models.CharField(_("subject (English)"), max_length=200, blank=True)
    body_es = models.TextField(_("text (Spanish)"), blank=True)
    body_en = models.TextField(_("text (English)"), blank=True)
    enclosure_es = models.TextField(_("page of attachments (Spanish)"), blank=True)
    enclosure_en = models.TextField(_("page of attachments (English)"), blank=True)
    fields = ArrayField(models.CharField(max_length=60), default=list, editable=False)
    content_hash = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("version of a template")
        verbose_name_plural = _("versions of templates")
        ordering = ["-number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="template_version_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.template_id} · {self.number}"


class TemplateAsset(models.Model):
    """A picture that templates may show by its name; kept in the row, as the issuer's logo is."""

    name = models.SlugField(_("name"), unique=True)
    media_type = models.CharField(max_length=40, editable=False)
    content = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["name"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
