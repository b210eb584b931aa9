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


def test_none_leaves_a_reverse_accessor():
    back_doors = [field for field in BETWEEN_APPS if not field.remote_field.hidden]
    assert back_doors == [], 'give them related_name="+"'


def test_all_point_down():
    upward = [
        field
        for field in BETWEEN_APPS
        if LEVEL[field.model._meta.app_label] <= LEVEL[field.related_model._meta.app_label]
    ]
    assert upward == []


@pytest.mark.django_db
def test_migrations_are_complete():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
