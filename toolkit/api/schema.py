"""The OpenAPI description: what every operation has in common is said once, here."""

import inspect
from typing import Any, Final

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.utils import Direction, OpenApiParameter
from rest_framework import serializers

from .permissions import RequiredPermissions
from .problem_types import PROBLEM_JSON, TITLES

_AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
_HEADER: Final = "header"
_USUAL = {"list", "retrieve", "create", "partial_update", "destroy"}
_DESCRIPTIONS = {
    "400": TITLES["validation-error"],
    "401": TITLES["not-authenticated"],
    "403": TITLES["permission-denied"],
    "404": TITLES["not-found"],
    "409": TITLES["conflict"],
    "412": TITLES["precondition-failed"],
    "422": TITLES["idempotency-key-reused"],
    "428": TITLES["precondition-required"],
    "429": TITLES["too-many-requests"],
}


class PointedErrorSerializer(serializers.Serializer[Any]):
    """One thing wrong with the input."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) to the value.")
    code = serializers.CharField(help_text="Kind of error, stable: `required`, `invalid_choice`…")
    detail = serializers.CharField(help_text="In words, in the language asked for.")


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457). Some types carry further members."""

    type = serializers.CharField(help_text="Stable name: `/problems/validation-error`…")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField(required=False)
    errors = PointedErrorSerializer(  # type: ignore[assignment]  # the metaclass takes it away
        many=True, required=False
    )


class ApiSchema(AutoSchema):
    """Describe operations with the headers and refusals that toolkit.api gives them all."""

    def get_override_parameters(self) -> list[Any]:
        """Add the headers that requests may carry and answers do."""
        parameters = [
            OpenApiParameter("X-Request-ID", str, _HEADER, response=True),
            OpenApiParameter("X-RateLimit-Limit", int, _HEADER, response=True),
            OpenApiParameter("X-RateLimit-Remaining", int, _HEADER, response=True),
            OpenApiParameter("X-RateLimit-Reset", int, _HEADER, response=True),
        ]
        if self._takes_idempotency_key():
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    _HEADER,
                    description="The same key and body again: the same answer, and no second act.",
                )
            )
        if self._has_version():
            parameters.append(OpenApiParameter("ETag", str, _HEADER, response=[200, 201]))
            if self.method in {"PATCH", "DELETE"}:
                parameters.append(
                    OpenApiParameter(
                        "If-Match",
                        str,
                        _HEADER,
                        required=True,
                        description="`ETag` of the version that you change.",
                    )
                )
        return [*super().get_override_parameters(), *parameters]

    def get_description(self) -> str:  # type: ignore[override]  # (spectacular's own signature)
        """Describe the usual actions by the text of their class; others by their own."""
        if getattr(self.view, "action", "") in _USUAL:
            return inspect.getdoc(type(self.view)) or ""
        return str(super().get_description())

    def get_response_serializers(self) -> Any:  # noqa: ANN401 (spectacular's)
        """Answer a write with the whole object, not with the shape of its input."""
        action = getattr(self.view, "action", "")
        if action in {"create", "partial_update"} and getattr(
            self.view, "write_serializer_class", None
        ):
            return getattr(self.view, "serializer_class", None)
        return super().get_response_serializers()

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        component = self.resolve_serializer(ProblemSerializer, direction)
        for code in self._refusals():
            bodies.setdefault(
                code,
                {
                    "description": _DESCRIPTIONS[code],
                    "content": {PROBLEM_JSON: {"schema": component.ref}},
                },
            )
        return bodies

    def _refusals(self) -> list[str]:
        codes = ["429"]
        if RequiredPermissions in self.view.permission_classes:
            codes += ["401", "403"]
        if self.method != "GET" or self._is_list_view():
            codes.append("400")
        if "{" in self.path:
            codes.append("404")
        if self.method != "GET":
            codes.append("409")
        if self._takes_idempotency_key():
            codes.append("422")
        if self.method in {"PATCH", "DELETE"} and self._has_version():
            codes += ["412", "428"]
        return codes

    def _takes_idempotency_key(self) -> bool:
        return self.method == "POST" and not getattr(self.view, "ignores_idempotency_key", False)

    def _has_version(self) -> bool:
        of_object = getattr(self.view, "action", "") in {
            "create",
            "retrieve",
            "partial_update",
            "destroy",
        }
        return of_object and getattr(self.view, "has_version", False)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A user's token."""

    target_class = "toolkit.api.authentication.TokenAuthentication"
    name = "userToken"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe ``Authorization: Token …``."""
        return build_bearer_security_scheme_object("Authorization", "Token")


class MachineKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A program's key."""

    target_class = "toolkit.api.authentication.MachineKeyAuthentication"
    name = "machineKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe ``Authorization: Api-Key …``."""
        return build_bearer_security_scheme_object("Authorization", "Api-Key")


class MoneyFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Money is text."""

    target_class = "toolkit.api.fields.MoneyField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Describe a decimal string."""
        return {"type": "string", "format": "decimal", "pattern": _AMOUNT, "example": "12.50"}


class MoneyForThosePermittedSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Money that may be absent."""

    target_class = "toolkit.api.fields.MoneyForThosePermitted"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Describe all fields; those that are not for everybody are not required."""
        self.target.shows_all = True
        schema: dict[str, Any] = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        kept = [name for name in schema.get("required", []) if name not in self.target.money_fields]
        schema.pop("required", None)
        return {**schema, "required": kept} if kept else schema
