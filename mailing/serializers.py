"""JSON shapes of mailings and their recipients (API.md, Resources)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from toolkit.api.fields import ModelSerializer, MomentField

from . import selectors
from .models import Mailing, Printer, Recipient, Template, TemplateVersion
from .selectors.audience import WAYS
from .selectors.templates import newest_version


class TemplateField(serializers.PrimaryKeyRelatedField[Any]):
    """A text by its template; a mailing takes the newest version and keeps it."""

    default_error_messages = {"kind": _("This text is of another kind.")}

    def __init__(self, *kinds: str, **options: Any) -> None:
        self.kinds = kinds
        super().__init__(queryset=Template.objects.filter(archived=False), **options)

    def to_internal_value(self, data: Any) -> TemplateVersion:  # noqa: ANN401 (anything may come)
        """Find the newest version.

        Raises:
            ValidationError: there is no such template, or it is of another kind.
        """
        template: Template = super().to_internal_value(data)
        if template.kind not in self.kinds:
            self.fail("kind")
        return newest_version(template)

    def to_representation(self, value: Any) -> int:  # noqa: ANN401 (a version, or only its key)
        """Name the template."""
        return int(value.template_id)

    def use_pk_only_optimization(self) -> bool:
        """Ask for the version itself: what is shown is its template."""
        return False


@extend_schema_field({"type": "object", "additionalProperties": True})
class AudienceField(serializers.JSONField):
    """Whom: ``{"filter": {…}}``, ``{"list": id}`` or ``{"numbers": […]}``.

    Parameters of the customers' filter may also stand directly: ``{"country": "ES"}``.
    """

    default_error_messages = {"not_an_object": _("Write an object: a filter, a list or numbers.")}

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 (anything may come)
        """Read the audience; whether its parts are known is the service's question."""
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return data if data.keys() & set(WAYS) else {"filter": data}


class CountsSerializer(serializers.Serializer[Any]):
    """How many get what, and how far they are; ``emails`` by state of the outgoing e-mail."""

    both = serializers.IntegerField(help_text="Letter and e-mail.")
    letter_only = serializers.IntegerField()
    email_only = serializers.IntegerField()
    excluded = serializers.IntegerField(help_text="Left out, each with its reason.")
    letters = serializers.IntegerField()
    letters_merged = serializers.IntegerField()
    letters_printed = serializers.IntegerField()
    sheets = serializers.IntegerField()
    emails = serializers.DictField(child=serializers.IntegerField())


class MailingRowSerializer(ModelSerializer):
    """A mailing in a list."""

    id = serializers.CharField(source="number", read_only=True)
    template = TemplateField(Template.Kind.LETTER, source="letter", read_only=False)
    notice_template = TemplateField(Template.Kind.NOTICE, Template.Kind.EMAIL, source="notice")

    class Meta:
        model = Mailing
        fields = [
            "id",
            "name",
            "state",
            "output",
            "template",
            "notice_template",
            "mail_on",
            "notice_business_days",
            "printer",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class MailingSerializer(MailingRowSerializer):
    """A mailing with its audience, schedule and counts per state."""

    template_version = serializers.IntegerField(source="letter.number", default=None)
    notice_version = serializers.IntegerField(source="notice.number", default=None)
    counts = serializers.SerializerMethodField()

    class Meta(MailingRowSerializer.Meta):
        fields = [
            *MailingRowSerializer.Meta.fields,
            "template_version",
            "notice_version",
            "audience",
            "address_kind",
            "contact_role",
            "one_per_address",
            "incomplete_too",
            "notice_without_letter",
            "notice_time",
            "duplex",
            "separators",
            "posted_on",
            "frozen_at",
            "approved_at",
            "version",
            "counts",
        ]
        read_only_fields = fields

    @extend_schema_field(CountsSerializer)
    def get_counts(self, mailing: Mailing) -> dict[str, Any]:
        """Count recipients, letters and e-mails by state."""
        far = selectors.progress(mailing, now=timezone.now())
        lists = selectors.list_counts(mailing)
        emails = {state: count for state, count in far.messages.items() if count}
        return {
            **{name: lists[name] for name in selectors.LISTS},
            "letters": lists["letters"],
            "letters_merged": far.merged,
            "letters_printed": far.printed if mailing.printer_id else 0,
            "sheets": far.sheets,
            "emails": emails,
        }


class MailingInputSerializer(serializers.ModelSerializer[Mailing]):
    """What a mailing is made of. Without ``template`` (a letter) it is an e-mail only."""

    template = TemplateField(Template.Kind.LETTER, source="letter", required=False, allow_null=True)
    notice_template = TemplateField(
        Template.Kind.NOTICE, Template.Kind.EMAIL, source="notice", required=False, allow_null=True
    )
    audience = AudienceField()
    printer: "serializers.PrimaryKeyRelatedField[Printer]" = serializers.PrimaryKeyRelatedField(
        queryset=Printer.objects.filter(active=True), required=False, allow_null=True
    )
    output = serializers.ChoiceField(choices=Mailing.Output.choices, required=False)

    class Meta:
        model = Mailing
        fields = [
            "name",
            "output",
            "template",
            "notice_template",
            "audience",
            "address_kind",
            "contact_role",
            "one_per_address",
            "incomplete_too",
            "notice_without_letter",
            "mail_on",
            "notice_time",
            "notice_business_days",
            "printer",
            "duplex",
            "separators",
            "chunk_size",
        ]
        extra_kwargs = {"mail_on": {"required": True, "allow_null": False}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take a mailing with a letter for one of letters, one without for an e-mail."""
        if not self.partial and "output" not in attrs:
            output = Mailing.Output.LETTERS if attrs.get("letter") else Mailing.Output.NOTHING
            attrs["output"] = output
        return attrs


class RecipientSerializer(serializers.Serializer[Recipient]):
    """One recipient of a mailing, frozen, with what came of letter and e-mail."""

    position = serializers.IntegerField()
    customer = serializers.CharField(source="customer_number")
    name = serializers.CharField(source="customer_name")
    contact = serializers.CharField(source="contact_name")
    language = serializers.CharField()
    email = serializers.CharField()
    address = serializers.SerializerMethodField()
    letter = serializers.SerializerMethodField()
    notice = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_address(self, row: Recipient) -> dict[str, str]:
        """Return the frozen address."""
        names = ("line1", "line2", "postcode", "city", "region", "country")
        return {"recipient": row.recipient_line} | {name: getattr(row, name) for name in names}

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_letter(self, row: Recipient) -> dict[str, Any]:
        """Return the state of the letter, or why there is none, and its pages in its part."""
        return {
            "state": getattr(row, "letter_state", "none" if row.letter_reason else "waiting"),
            "reason": row.letter_reason,
            "part": row.chunk.number if row.chunk else None,
            "first_page": row.first_page,
            "last_page": row.last_page,
        }

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_notice(self, row: Recipient) -> dict[str, Any]:
        """Return the state of the e-mail (see docs/email.md), or why there is none."""
        sent_at = getattr(row, "notice_at", None)
        bounced_at = getattr(row, "bounced_at", None)
        return {
            "state": getattr(row, "notice_state", None),
            "reason": row.notice_reason,
            "sent_at": MomentField().to_representation(sent_at),
            "bounced_at": MomentField().to_representation(bounced_at),
            "arrives_on": row.arrives_on and row.arrives_on.isoformat(),
        }


class ProofSerializer(serializers.Serializer[Any]):
    """Whose letters to print as a proof: by position; without any the first five."""

    recipients = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=50
    )


class ProofPrintedSerializer(serializers.Serializer[Any]):
    """The print job of a proof."""

    pages = serializers.IntegerField()
    state = serializers.CharField()
    printer = serializers.IntegerField(source="printer_id")
