"""Pages of lists by cursor: ``{next, previous, results}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from toolkit.tables import Column, Page, is_cursor, keyset_page

from .exceptions import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_framework.request import Request
    from rest_framework.views import APIView

BY_ID = {"id": Column("pk")}
MAX_PAGE_SIZE = 200


class CursorPage(BasePagination):
    """Keyset pages (``toolkit.tables``): as cheap at the end of a list as at its start.

    A view says what ``ordering=`` may name, and the order without it::

        columns = {"name": Column("sort_key"), "due_on": Column("due_on", nullable=True)}
        ordering = "name"

    ``page_size=`` is 50 unless asked otherwise, at most 200.
    """

    page_size = 50

    def __init__(self) -> None:
        self._page: Page[Any] | None = None
        self._url = ""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: APIView | None = None,
    ) -> list[Any]:
        """Return the rows of the page.

        Raises:
            InvalidParameter: the ordering, the cursor or the size is not one of ours.
        """
        assert isinstance(queryset, QuerySet)  # noqa: S101 (lists have no keys to go on from)
        parameters = request.query_params
        columns, default = columns_of(view)
        sort = parameters.get("ordering") or default
        if sort.removeprefix("-") not in columns:
            _refuse("ordering", _("Order by one of: %s.") % ", ".join(columns))
        cursor = parameters.get("cursor", "")
        if cursor and not is_cursor(cursor, sort):
            _refuse("cursor", _("This cursor does not belong to this list and order."))
        self._page = keyset_page(
            queryset,
            {"sort": sort, "cursor": cursor},
            columns=columns,
            default=default,
            size=self.size_from(request),
        )
        self._url = request.build_absolute_uri()
        return self._page.rows

    def get_paginated_response(self, data: Any) -> Response:  # noqa: ANN401 (JSON)
        """Return the page with the addresses of its neighbours."""
        page = self._page
        assert page is not None  # noqa: S101 (REST framework paginates first)
        return Response(
            {
                "next": self._link(page.next_cursor),
                "previous": self._link(page.previous_cursor),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page for OpenAPI."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe ``cursor``, ``ordering`` and ``page_size`` for OpenAPI."""
        columns, default = columns_of(view)
        orders = [f"{sign}{name}" for name in columns for sign in ("", "-")]
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}
        return [
            _parameter("cursor", "From `next` or `previous` of a page.", {"type": "string"}),
            _parameter(
                "ordering",
                "A minus sign orders downwards.",
                {"type": "string", "enum": orders, "default": default},
            ),
            _parameter("page_size", "Rows on a page.", size | {"default": self.page_size}),
        ]

    def _link(self, cursor: str) -> str | None:
        if not cursor:
            return None
        return replace_query_param(remove_query_param(self._url, "cursor"), "cursor", cursor)

    def size_from(self, request: Request) -> int:
        """Return how many rows the caller wants on a page.

        Raises:
            InvalidParameter: no number, or out of bounds.
        """
        text = request.query_params.get("page_size")
        if text is None:
            return self.page_size
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_PAGE_SIZE:
            _refuse("page_size", _("Write a number from 1 to %d.") % MAX_PAGE_SIZE)
        return int(text)


def columns_of(view: APIView | None) -> tuple[Mapping[str, Column], str]:
    """Return what the view's list can be ordered by, and the order without ``ordering=``."""
    columns: Mapping[str, Column] = getattr(view, "columns", None) or BY_ID
    return columns, getattr(view, "ordering", None) or next(iter(columns))


def _refuse(name: str, message: object) -> None:
    raise InvalidParameter({name: [ErrorDetail(str(message), "invalid")]})


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
