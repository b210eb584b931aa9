"""The filters of a list in the query string: the same FilterSet as the screen's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation

from .exceptions import InvalidParameter

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView


class FilterBackend(DjangoFilterBackend):
    """``filterset_class`` of the view; a wrong value is refused by its parameter's name."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        """Return the rows that pass.

        Raises:
            InvalidParameter: a parameter has a value that its filter doesn't know.
        """
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise InvalidParameter(translate_validation(filterset.errors).detail)
        filtered: QuerySet[Any] = filterset.qs
        return filtered
