"""The servers of the test command are there and are the embedded ones."""

import pytest
import redis
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_postgresql_is_there():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        assert cursor.fetchone() == ("UTF8",)


def test_valkey_is_there():
    assert redis.Redis.from_url(settings.REDIS_URL).ping()
