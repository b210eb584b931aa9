"""JSON shapes of events: the same in the feed and, later, in webhooks."""

from typing import Any

from rest_framework import serializers

from toolkit.api.fields import MomentField

from .models import Event


class SubjectSerializer(serializers.Serializer[Any]):
    """The object that an event is about."""

    type = serializers.CharField(source="subject_type")
    id = serializers.CharField(source="subject_id")


class ActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    kind = serializers.ChoiceField(Event.ActorKind.choices, source="actor_kind")
    name = serializers.CharField(source="actor")


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened."""

    id = serializers.CharField(source="event_id")
    type = serializers.CharField()
    timestamp = MomentField(source="occurred_at")
    customer = serializers.CharField(source="customer_number")
    subject = SubjectSerializer(source="*")
    actor = ActorSerializer(source="*")
    request_id = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]  # the metaclass takes it away
