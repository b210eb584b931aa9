"""Foreign keys between apps point down, and leave no back door: ask the owner's selectors."""

import pytest
from django.apps import apps

from .sources import LEVEL

BETWEEN_APPS = [
    field
    for model in apps.get_models()
    if model._meta.app_label in LEVEL
    for field in model._meta.get_fields()
    if field.is_relation and field.concrete and field.related_model is not None
    if field.related_model._meta.app_label in LEVEL
    if field.related_model._meta.app_label != model._meta.app_label
]


def test_there_are_some():
    assert BETWEEN_APPS


@pytest.mark.parametrize("field", BETWEEN_APPS, ids=str)
def test_no_reverse_accessor(field):
    assert field.remote_field.hidden, f'give {field} related_name="+"'


@pytest.mark.parametrize("field", BETWEEN_APPS, ids=str)
def test_points_down(field):
    owner, target = field.model._meta.app_label, field.related_model._meta.app_label
    assert LEVEL[owner] > LEVEL[target], f"{owner} must not know {target}"


@pytest.mark.django_db
def test_migrations_are_complete():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
