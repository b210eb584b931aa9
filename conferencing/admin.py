"""Back office of conferencing: the bridges. Everything else changes by its services only."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Bridge


@admin.register(Bridge)
class BridgeAdmin(admin.ModelAdmin[Bridge]):
    """Add a bridge, change its ports and numbers, take it out of use; never delete one."""

    list_display = ("name", "slug", "make", "capacity", "active", "last_poll_at")
    fields = ("slug", "name", "make", "capacity", "dial_in", "active")

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002 (Django's signature)
        obj: Bridge | None = None,
    ) -> tuple[str, ...]:
        """Keep the name under which its key was derived, and what drives it."""
        return ("slug", "make") if obj else ()

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002 (Django's signature)
        obj: Bridge | None = None,  # noqa: ARG002
    ) -> bool:
        """Refuse: reservations and call records refer to it."""
        return False
