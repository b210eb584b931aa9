"""What the API says of e-mails with invoices."""

from typing import Any

from rest_framework import serializers

from billing.models import SendingWay
from toolkit.api.fields import MomentField

WAYS = [(way.value, way.label) for way in (SendingWay.ATTACH, SendingWay.LINK)]


class SendSerializer(serializers.Serializer[Any]):
    """How to send an invoice."""

    way = serializers.ChoiceField(
        choices=WAYS,
        required=False,
        help_text="By default as the customer wants it, else with the PDF attached.",
    )


class SendingSerializer(serializers.Serializer[Any]):
    """One e-mail; ``state`` is null until a worker has written it."""

    serial = serializers.IntegerField(source="sending.serial")
    way = serializers.ChoiceField(choices=WAYS, source="sending.way")
    asked_at = MomentField(source="sending.asked_at")
    problem = serializers.CharField(
        source="sending.problem", help_text="`no_address`: the customer has no e-mail address."
    )
    recipient = serializers.EmailField(source="message.recipient", allow_null=True, default=None)
    state = serializers.CharField(
        source="message.state", allow_null=True, default=None, help_text="As in the outbox."
    )
    sent_at = MomentField(source="message.sent_at", allow_null=True, default=None)
    bounced_at = MomentField(source="message.bounced_at", allow_null=True, default=None)


class SendingsSerializer(serializers.Serializer[Any]):
    """All e-mails with an invoice, on one page."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = SendingSerializer(many=True)
