"""JSON shapes of reservations, tickets and conferences (API.md, Resources)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.models import Customer
from toolkit.api.fields import ModelSerializer, MomentField
from toolkit.telephony import Access

from .models import Bridge, Conference, Leg, Reservation
from .selectors import dial_in_of, join_url


class NumberField(serializers.SlugRelatedField[Any]):
    """Another object by the text that people call it by."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 (anything may come)
        """Find the object.

        Raises:
            ValidationError: no text, or nothing of that name.
        """
        if not isinstance(data, str) or "\0" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


class DialInSerializer(serializers.Serializer[Any]):
    """A telephone number of the bridge."""

    access = serializers.ChoiceField(choices=Access.choices)
    number = serializers.CharField()
    country = serializers.CharField(default="")
    label = serializers.CharField(default="")  # type: ignore[assignment]


class RoomSerializer(serializers.Serializer[Reservation]):
    """Where the conference takes place, and what participants need to get in."""

    slug = serializers.CharField(source="bridge.slug")
    name = serializers.CharField(source="bridge.name")
    simulated = serializers.SerializerMethodField()
    room = serializers.IntegerField()
    pin = serializers.CharField()
    host_pin = serializers.CharField()
    join_url = serializers.SerializerMethodField()
    dial_in = serializers.SerializerMethodField()

    def get_simulated(self, reservation: Reservation) -> bool:
        """Say whether the bridge plays calls instead of carrying them."""
        return reservation.bridge.make == Bridge.Make.SIMULATED

    def get_join_url(self, reservation: Reservation) -> str:
        """Return the page that tells participants how to join."""
        return join_url(reservation)

    @extend_schema_field(DialInSerializer(many=True))
    def get_dial_in(self, reservation: Reservation) -> Any:  # noqa: ANN401 (JSON)
        """Return the telephone numbers for the kinds of access that were booked."""
        return DialInSerializer(dial_in_of(reservation), many=True).data


class ReservationRowSerializer(ModelSerializer):
    """A reservation in a list."""

    customer = serializers.CharField(source="customer.number", read_only=True)
    bridge = serializers.SerializerMethodField()
    duration_minutes = serializers.SerializerMethodField()

    class Meta:
        model = Reservation
        fields = [
            "number",
            "customer",
            "title",
            "status",
            "scheduled_start",
            "scheduled_end",
            "duration_minutes",
            "reserved_ports",
            "access",
            "operator_assisted",
            "recorded",
            "billing_reference",
            "language",
            "bridge",
        ]
        read_only_fields = fields

    def get_bridge(self, reservation: Reservation) -> dict[str, Any]:
        """Return the bridge and the room on it."""
        bridge = reservation.bridge
        return {"slug": bridge.slug, "name": bridge.name, "room": reservation.room}

    def get_duration_minutes(self, reservation: Reservation) -> int:
        """Return the booked length."""
        length = reservation.scheduled_end - reservation.scheduled_start
        return int(length.total_seconds() // 60)


class ReservationSerializer(ReservationRowSerializer):
    """A reservation with its room, PINs and numbers."""

    bridge = RoomSerializer(source="*", read_only=True)  # type: ignore[assignment]
    conference = serializers.SerializerMethodField()

    class Meta(ReservationRowSerializer.Meta):
        fields = [
            *ReservationRowSerializer.Meta.fields,
            "invitees",
            "room_state",
            "cancelled_at",
            "cancel_reason",
            "override_reason",
            "conference",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_conference(self, reservation: Reservation) -> str | None:
        """Return the id of what it became; null before it began."""
        conference = getattr(reservation, "conference", None)
        return str(conference.pk) if conference else None


class ReservationChangeSerializer(serializers.Serializer[Any]):
    """What can be changed of a reservation; what the service decides is checked there."""

    title = serializers.CharField(max_length=120)
    scheduled_start = MomentField()
    duration_minutes = serializers.IntegerField(max_value=100_000)
    reserved_ports = serializers.IntegerField(max_value=1_000_000)
    access = serializers.ListField(
        child=serializers.ChoiceField(choices=Access.choices), allow_empty=False, required=False
    )
    bridge = NumberField(slug_field="slug", queryset=Bridge.objects.all(), required=False)
    operator_assisted = serializers.BooleanField(required=False)
    recorded = serializers.BooleanField(required=False)
    billing_reference = serializers.CharField(max_length=60, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=Customer.Language.choices, required=False)
    invitees = serializers.ListField(child=serializers.EmailField(), max_length=500, required=False)
    recurrence = serializers.JSONField(required=False, allow_null=True)

    def validate_recurrence(self, value: object) -> None:
        """Every reservation is booked for itself."""
        if value is not None:
            raise serializers.ValidationError(
                _("Repeated bookings are not offered: book each time."), "not_supported"
            )


class ReservationInputSerializer(ReservationChangeSerializer):
    """What a new reservation needs."""

    customer = NumberField(slug_field="number", queryset=Customer.objects.all())
    override_reason = serializers.CharField(max_length=200, allow_blank=True, required=False)


class CancellationSerializer(serializers.Serializer[Any]):
    """Why a reservation is cancelled."""

    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class TicketInputSerializer(serializers.Serializer[Any]):
    """Who joins, and how."""

    participant = serializers.CharField(max_length=120)
    access = serializers.ChoiceField(choices=Access.choices, default=Access.VOIP)
    number = serializers.CharField(
        max_length=20, allow_null=True, allow_blank=True, default="", trim_whitespace=True
    )


class TicketSerializer(serializers.Serializer[Any]):
    """What one leg needs to join."""

    leg_id = serializers.CharField()
    participant_id = serializers.IntegerField()
    room = serializers.IntegerField()
    pin = serializers.CharField()
    token = serializers.CharField()
    janus_url = serializers.CharField()
    expires_at = MomentField()


class LegSerializer(ModelSerializer):
    """One participant's stay, and how each of its times is known."""

    id = serializers.CharField(source="leg_id")
    number = serializers.SerializerMethodField()
    estimated = serializers.BooleanField(source="is_estimated")

    class Meta:
        model = Leg
        fields = [
            "id",
            "participant",
            "access",
            "number",
            "answered_at",
            "answered_how",
            "ended_at",
            "ended_how",
            "estimated",
            "without_ticket",
        ]

    def get_number(self, leg: Leg) -> str | None:
        """Return the number, null where none was dialled."""
        return leg.number or None


class ConferenceRowSerializer(ModelSerializer):
    """A conference in a list."""

    id = serializers.CharField()
    customer = serializers.SerializerMethodField()
    reservation = serializers.SerializerMethodField()
    bridge = serializers.CharField(source="bridge.slug")

    class Meta:
        model = Conference
        fields = [
            "id",
            "reservation",
            "customer",
            "bridge",
            "room",
            "title",
            "state",
            "scheduled_start",
            "started_at",
            "ended_at",
            "cancelled_at",
            "operator_assisted",
            "recorded",
            "reserved_ports",
            "billing_reference",
            "record_version",
            "recorded_at",
        ]

    def get_customer(self, conference: Conference) -> str | None:
        """Return the customer's number; null while nobody knows whose call it was."""
        return conference.customer.number if conference.customer else None

    def get_reservation(self, conference: Conference) -> str | None:
        """Return the reservation's number; null for a call without one."""
        return conference.reservation.number if conference.reservation else None


class ConferenceSerializer(ConferenceRowSerializer):
    """A conference with its legs."""

    legs = LegSerializer(many=True, source="standing_legs")

    class Meta(ConferenceRowSerializer.Meta):
        fields = [*ConferenceRowSerializer.Meta.fields, "legs"]


class RecordedSerializer(serializers.Serializer[Any]):
    """What became of a call record."""

    call_id = serializers.CharField()
    version = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["new", "unchanged", "corrected"])
    conference = serializers.CharField()
    reservation = serializers.CharField(allow_null=True)
    orphan = serializers.BooleanField()
