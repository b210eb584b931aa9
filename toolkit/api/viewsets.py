"""View sets with our manners: lookup by number, versions, one domain call per action.

A view set of an app names its parts and calls its services::

    class CustomerViewSet(CreateMixin, UpdateMixin, ReadViewSet[Customer]):
        serializer_class = CustomerSerializer
        list_serializer_class = CustomerRowSerializer
        write_serializer_class = CustomerInputSerializer
        filterset_class = CustomerFilter
        columns = {"name": Column("sort_key")}
        required_permissions = {"list": "customers.view_customer", ...}

        def get_queryset(self):
            return customers_visible_to(self.request.user)

        def create_object(self, data):
            return services.register_customer(**data)
"""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from django.db import models, transaction
from django.http import Http404
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from .versions import etag_of, require_match

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolkit.tables import Column

    from .exceptions import Problem

M = TypeVar("M", bound=models.Model)


class ResourceViewSet(viewsets.GenericViewSet[M], Generic[M]):
    """The part that reading and writing have in common."""

    lookup_field = "number"
    lookup_value_regex = r"[^/]+"
    http_method_names = ["get", "post", "patch", "delete", "head"]
    columns: ClassVar["Mapping[str, Column]"] = {}
    ordering: ClassVar[str] = ""
    required_permissions: ClassVar["Mapping[str, str | tuple[str, ...]]"] = {}
    problems: ClassVar["Mapping[type[Exception], str | Callable[[Any], Problem]]"] = {}
    list_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = None
    write_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = None
    has_version: ClassVar[bool] = True

    def get_serializer_class(self) -> type[BaseSerializer[M]]:
        """Return the serializer of rows in a list, of input, or of the whole object."""
        if self.action == "list" and self.list_serializer_class:
            return self.list_serializer_class
        if self.action in {"create", "partial_update"} and self.write_serializer_class:
            return self.write_serializer_class
        return cast("type[BaseSerializer[M]]", self.serializer_class)

    def get_object(self) -> M:
        """Return the object of the address.

        Raises:
            Http404: there is none, or the caller may not see it.
        """
        if "\0" in str(self.kwargs[self.lookup_url_kwarg or self.lookup_field]):
            raise Http404  # PostgreSQL can't even be asked
        return super().get_object()

    def validated(self, serializer_class: type[BaseSerializer[Any]], **kwargs: Any) -> Any:  # noqa: ANN401
        """Return the body of the request, checked: the input of an extra action.

        Raises:
            ValidationError: it does not fit the serializer.
        """
        serializer = serializer_class(
            data=self.request.data, context=self.get_serializer_context(), **kwargs
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def detail_response(self, obj: M, *, status: int = 200) -> Response:
        """Answer with the object as reading it would, with its ``ETag``.

        It is read again: a service's object lacks what ``get_queryset`` adds.
        """
        seen = self.get_queryset().filter(pk=obj.pk).first() or obj
        serializer_class = cast("type[BaseSerializer[M]]", self.serializer_class)
        serializer = serializer_class(seen, context=self.get_serializer_context())
        headers = {"ETag": etag_of(seen)} if self.has_version else {}
        return Response(serializer.data, status=status, headers=headers)


class ReadViewSet(mixins.ListModelMixin, ResourceViewSet[M]):
    """List and detail."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one object, with its ETag."""
        obj = self.get_object()
        headers = {"ETag": etag_of(obj)} if self.has_version else {}
        return Response(self.get_serializer(obj).data, headers=headers)


class CreateMixin(ResourceViewSet[M]):
    """POST to the list: ``create_object`` calls the service."""

    def create_object(self, data: dict[str, Any]) -> M:
        """Make the object from checked input."""
        raise NotImplementedError

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer the object made, 201, with its address."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        obj = self.create_object(serializer.validated_data)
        response = self.detail_response(obj, status=201)
        response["Location"] = self.location_of(obj)
        return response

    def location_of(self, obj: M) -> str:
        """Return the address of the object."""
        value = getattr(obj, self.lookup_field)
        return f"{self.request.build_absolute_uri(self.request.path)}{value}/"


class LockingMixin(ResourceViewSet[M]):
    """Take an object for a change: seen, locked, and of the version that the caller knows."""

    def get_object_to_change(self, request: Request) -> M:
        """Return the object with its row locked. Only inside a transaction.

        Raises:
            Http404: there is none, or the caller may not see it.
            Problem: 428 without ``If-Match``, 412 when the version is another.
        """
        visible = self.get_object()
        manager = type(visible)._default_manager
        locked = manager.select_for_update().filter(pk=visible.pk).first()
        if locked is None:
            raise Http404
        require_match(request, locked)
        return locked


class UpdateMixin(LockingMixin[M]):
    """PATCH of the detail: ``update_object`` calls the service."""

    def update_object(self, obj: M, data: dict[str, Any]) -> M:
        """Change the object (locked) by checked input: only the fields that were sent."""
        raise NotImplementedError

    @transaction.atomic
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer the object as changed, with its new ETag."""
        obj = self.get_object_to_change(request)
        serializer = self.get_serializer(obj, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return self.detail_response(self.update_object(obj, serializer.validated_data))


class DestroyMixin(LockingMixin[M]):
    """DELETE of the detail: ``delete_object`` calls the service."""

    def delete_object(self, obj: M) -> None:
        """Remove the object (locked)."""
        raise NotImplementedError

    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer 204."""
        self.delete_object(self.get_object_to_change(request))
        return Response(status=204)
