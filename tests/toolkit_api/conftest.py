"""Callers of the test-only API."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from rest_framework.test import APIClient

from customers.models import Customer


@pytest.fixture(autouse=True)
def _test_urls(settings):
    settings.ROOT_URLCONF = "tests.toolkit_api.views"
    cache.clear()


@pytest.fixture
def user(db):
    user = User.objects.create(username="ana")
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="customers").exclude(
            codename="export_customer"
        )
    )
    return User.objects.get(pk=user.pk)


@pytest.fixture
def client(user):
    client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    client.force_authenticate(user)
    return client


@pytest.fixture
def customers(db):
    return [
        Customer.objects.create(number=f"C-{n}", country="ES", legal_name=name)
        for n, name in enumerate(("Álamo", "Zinc", "Bravo"), start=1)
    ]
