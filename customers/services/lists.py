"""Freeze customers into lists, and keep filters of a list under a name."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers.models import Customer, CustomerList, SavedView
from integration.services import record_event
from toolkit.errors import DomainError

from .actors import Who, user_of

_NAMED_AT_MOST = 20


class UnknownCustomersError(DomainError):
    """Some numbers belong to no customer; ``numbers`` are those, in the order given."""

    code = "unknown-customers"
    title = gettext_lazy("Unknown customers")
    status = 400

    def __init__(self, numbers: list[str]) -> None:
        message = ngettext(
            "There is no customer %(numbers)s.",
            "There are no customers %(numbers)s.",
            len(numbers),
        )
        super().__init__(
            message % {"numbers": ", ".join(numbers[:_NAMED_AT_MOST])},
            numbers=numbers[:_NAMED_AT_MOST],
        )
        self.numbers = numbers


class EmptyListError(DomainError):
    """A list without customers would be of no use; nothing was saved."""

    code = "empty-list"
    title = gettext_lazy("No customers")
    status = 400


@transaction.atomic
def save_list(
    *, name: str, origin: str, numbers: Iterable[str], actor: Who, now: datetime
) -> CustomerList:
    """Freeze customers by their numbers, each once, in the order given.

    Two lists may have the same name: what was frozen on another day is another list.

    Raises:
        ValidationError: the name is missing or too long, or ``origin`` is none of ours.
        EmptyListError: no numbers were given.
        UnknownCustomersError: some numbers belong to no customer.
    """
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise EmptyListError(_("Choose at least one customer."))
    known = set(Customer.objects.filter(number__in=wanted).values_list("number", flat=True))
    if unknown := [number for number in wanted if number not in known]:
        raise UnknownCustomersError(unknown)
    saved = CustomerList(
        name=name.strip(),
        origin=origin,
        numbers=wanted,
        created_by=user_of(actor),
        created_at=now,
    )
    saved.clean_fields(exclude=["numbers"])
    saved.save()
    _record("customer_list.saved", saved, actor, now)
    return saved


@transaction.atomic
def rename_list(*, saved: CustomerList, name: str, actor: Who, now: datetime) -> CustomerList:
    """Give the list another name; its customers stay. Safe to repeat.

    Raises:
        ValidationError: the name is missing or too long.
    """
    locked = CustomerList.objects.select_for_update(of=("self",)).get(pk=saved.pk)
    if locked.name == name.strip():
        return locked
    locked.name = name.strip()
    locked.clean_fields(exclude=["numbers"])
    locked.save(update_fields=["name"])
    _record("customer_list.renamed", locked, actor, now)
    return locked


@transaction.atomic
def delete_list(*, saved: CustomerList, actor: Who, now: datetime) -> None:
    """Delete the list; its customers, and the mailings frozen from it, stay. Safe to repeat."""
    locked = CustomerList.objects.select_for_update(of=("self",)).filter(pk=saved.pk).first()
    if locked is None:
        return
    _record("customer_list.deleted", locked, actor, now)
    locked.delete()


def _record(event: str, saved: CustomerList, actor: Who, now: datetime) -> None:
    record_event(
        type=event,
        actor=actor,
        subject=("customer_list", saved.pk),
        data={"origin": saved.origin, "customers": len(saved.numbers)},
        now=now,
    )


@transaction.atomic
def save_view(
    *, user: User, list_key: str, name: str, query: str, shared: bool, now: datetime
) -> SavedView:
    """Keep a filter of a list under a name; the same name of the same user is replaced.

    ``query`` is the query string of the list without page and cursor.

    Raises:
        ValidationError: the name is missing, or something is too long.
    """
    view = (
        SavedView.objects.select_for_update()
        .filter(user=user, list_key=list_key, name=name.strip())
        .first()
    ) or SavedView(user=user, list_key=list_key, name=name.strip(), created_at=now)
    view.query, view.shared = query.removeprefix("?"), shared
    view.clean_fields()
    view.save()
    record_event(
        type="saved_view.saved",
        actor=user,
        subject=("saved_view", view.pk),
        data={"list": list_key, "shared": shared},
        now=now,
    )
    return view


class NotYourViewError(DomainError):
    """Only whoever saved a view may delete it."""

    code = "not-your-view"
    title = gettext_lazy("Somebody else's view")
    status = 403


@transaction.atomic
def delete_view(*, view: SavedView, user: User, now: datetime) -> None:
    """Delete a view of one's own.

    Raises:
        NotYourViewError: it is somebody else's.
    """
    if view.user_id != user.pk:
        raise NotYourViewError(_("Only whoever saved a view can delete it."))
    record_event(
        type="saved_view.deleted",
        actor=user,
        subject=("saved_view", view.pk),
        data={"list": view.list_key, "shared": view.shared},
        now=now,
    )
    view.delete()
