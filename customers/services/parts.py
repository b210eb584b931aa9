"""A customer's addresses and contacts, changed in place: what points at one keeps its place."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.models import Address, Contact, Customer

P = TypeVar("P", Address, Contact)
Row = Mapping[str, Any]
Trait = Callable[[Row], Hashable | None]
"""What two descriptions of one person or place have in common; None where a row has it not."""


def replace_addresses(customer: Customer, rows: Iterable[Row]) -> None:
    """Make the addresses what ``rows`` say; one of each kind.

    Raises:
        ValidationError: ``addresses.<place>.<field>`` for each thing that is wrong.
    """
    given = list(rows)
    kinds = [row.get("kind") for row in given]
    twice = {
        f"addresses.{place}.kind": ValidationError(_("There is one address of each kind."), "twice")
        for place, kind in enumerate(kinds)
        if kind in kinds[:place]
    }
    if twice:
        raise ValidationError(twice)
    _replace(customer, Address, "addresses", given, [lambda row: row.get("kind")])


def replace_contacts(customer: Customer, rows: Iterable[Row]) -> None:
    """Make the contacts what ``rows`` say.

    A row with ``id`` is that contact; another is who has the same e-mail and name, else the same
    e-mail, else the same name. Who is in no row goes away.

    Raises:
        ValidationError: ``contacts.<place>.<field>`` for each thing that is wrong.
    """
    given = list(rows)
    known = set(customer.contacts.values_list("pk", flat=True))
    strangers = {
        f"contacts.{place}.id": ValidationError(_("This is no contact of the customer."), "unknown")
        for place, row in enumerate(given)
        if row.get("id") is not None and row["id"] not in known
    }
    if strangers:
        raise ValidationError(strangers)
    traits: list[Trait] = [
        lambda row: row.get("id"),
        lambda row: (_email(row), row.get("name")) if _email(row) else None,
        _email,
        lambda row: row.get("name"),
    ]
    _replace(customer, Contact, "contacts", given, traits)


def _email(row: Row) -> str | None:
    return str(row.get("email") or "").lower() or None


def _replace(
    customer: Customer, model: type[P], field: str, rows: list[Row], traits: list[Trait]
) -> None:
    kept: list[P] = list(model._default_manager.filter(customer=customer))
    matches = _matches(rows, kept, traits)
    used = {part.pk for part in matches.values()}
    model._default_manager.filter(pk__in=[p.pk for p in kept if p.pk not in used]).delete()
    errors: dict[str, Any] = {}
    for place, row in enumerate(rows):
        try:
            _write(customer, model, row, matches.get(place))
        except ValidationError as error:
            errors |= {f"{field}.{place}.{name}": found for name, found in error.error_dict.items()}
    if errors:
        raise ValidationError(errors)


def _matches(rows: list[Row], kept: list[P], traits: list[Trait]) -> dict[int, P]:
    """Tell which row means which part; the surer traits choose first, each part is chosen once."""
    matches: dict[int, P] = {}
    free = {part.pk: part for part in kept}
    for trait in traits:
        for place, row in enumerate(rows):
            wanted = trait(row)
            if place in matches or wanted is None:
                continue
            same = (part for part in free.values() if trait(_values(part)) == wanted)
            if part := next(same, None):
                matches[place] = free.pop(part.pk)
    return matches


def _write(customer: Customer, model: type[P], row: Row, kept: P | None) -> None:
    """Write one part, with what a new one would have for fields that the row leaves out."""
    part: P = model(customer=customer, **{n: v for n, v in row.items() if n != "id"})
    if kept is not None:
        part.pk, part._state.adding = kept.pk, False
    part.full_clean(exclude=["customer"])
    if kept is None or _values(part) != _values(kept):
        part.save()


def _values(part: Address | Contact) -> dict[str, Any]:
    return {field.name: field.value_from_object(part) for field in part._meta.concrete_fields}
