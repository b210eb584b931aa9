"""Programs that call the API with a key of their own, in the place of a user."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Machine:
    """Who calls, where no person does: ``request.user`` of a request with a machine's key.

    It has no permission of people at all; a view lets it in by ``machine_scopes``.
    """

    name: str
    scopes: frozenset[str] = frozenset()
    customer_number: str = ""
    key_id: str = field(default="", repr=False)

    is_machine: ClassVar[bool] = True
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_superuser: ClassVar[bool] = False
    pk: ClassVar[None] = None

    def get_username(self) -> str:
        """Return the name that events and logs show."""
        return self.name

    def has_scope(self, scope: str) -> bool:
        """Say whether the key is for that."""
        return scope in self.scopes

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return False: permissions are for people."""
        return False

    def has_perms(self, perms: Iterable[str], obj: object = None) -> bool:
        """Return False for anything but an empty list."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def __str__(self) -> str:
        return self.name


def is_machine(user: object) -> bool:
    """Say whether a program and no person makes the request."""
    return getattr(user, "is_machine", False) is True
