"""Refusals of the domain that people and clients are told of in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class DomainError(Exception):
    """A rule of the house forbids it; ``str(error)`` says so in a sentence fit for a screen.

    A service raises its own subclass, defined beside it. Screens show the sentence; the API
    answers with the problem ``/problems/<code>``, ``status`` and the members given::

        class NoRoomError(DomainError):
            code = "no-room"
            title = _("No room on the bridge")

        raise NoRoomError(_("The bridge is full at that time."), alternatives=[...])
    """

    code: ClassVar[str] = "conflict"
    title: ClassVar[StrOrPromise] = _("Conflict with the present state")
    status: ClassVar[int] = 409

    def __init__(self, detail: StrOrPromise, **members: Any) -> None:
        super().__init__(detail)
        self.members = members
