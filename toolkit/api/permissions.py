"""Which permission each action of a view needs; what is not declared is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission

from .machines import Machine

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from rest_framework.request import Request
    from rest_framework.views import APIView

ANY_USER: tuple[str, ...] = ()
"""For ``required_permissions``: whoever has logged in may do it."""


class RequiredPermissions(BasePermission):
    """Let people in by permissions and machines by scopes, both declared per action.

    ::

        required_permissions = {"list": "sales.view_contract", "create": "sales.add_contract"}
        machine_scopes = {"create": "tickets"}

    The action of a plain ``APIView`` is its method in lower case. A value may be one name, several
    (all needed) or ``ANY_USER``. An action without an entry is refused to everybody.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the caller may do the action."""
        user: User | AnonymousUser | Machine = request.user
        if not (user and user.is_authenticated):
            return False
        action = self._action(request, view)
        if action is None:
            return True  # no such method here: let the view say 405
        if isinstance(user, Machine):
            scope = getattr(view, "machine_scopes", {}).get(action)
            return scope is not None and user.has_scope(scope)
        needed = getattr(view, "required_permissions", {}).get(action)
        return needed is not None and user.has_perms(_as_tuple(needed))

    def _action(self, request: Request, view: APIView) -> str | None:
        if hasattr(view, "action_map"):
            action: str | None = view.action  # type: ignore[attr-defined]
            return action
        method = (request.method or "").lower()
        return method if method in view.http_method_names and hasattr(view, method) else None


def _as_tuple(names: Any) -> tuple[str, ...]:  # noqa: ANN401 (what a class wrote)
    return (names,) if isinstance(names, str) else tuple(names)
