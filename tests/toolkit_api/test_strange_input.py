"""Whatever is sent to any operation of the API: an answer or a refusal, never a fault of ours.

Walks the description of the API, so that a new operation is covered on the day it is written.
"""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from rest_framework.test import APIClient

from toolkit.api.views import api_schema

STRANGE: list[Any] = [
    None,
    -1,
    10**30,
    1.5,
    "",
    "\0",
    "\ud800",
    "x" * 10_000,
    "2026-02-30",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "1e400",
    [None],
    [[]],
    {"a": {"b": []}},
]
WHOLE: list[Any] = [None, [], [1], 7, "x", {"unknown": 1}, [{}]]
IN_PATHS = ["0", "%00", "..%2F", "%F0%9F%93%9E", "a" * 300, "9" * 40, "2026-99"]
IN_QUERIES = ["", "x", "-1", "9" * 40, "%00", "2026-02-30", "0001-01-01T00:00:00%2B23:59"]


@pytest.fixture
def client(db, settings):
    settings.ROOT_URLCONF = "bpi_portal.urls"
    settings.API_RATE_LIMITS = {}
    logging.getLogger("django.request").setLevel(logging.ERROR)  # refusals are what we ask for
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(User.objects.create(username="root", is_superuser=True))
    yield client
    logging.getLogger("django.request").setLevel(logging.NOTSET)


def operations(kind):
    api_schema.cache_clear()
    return [
        (method, path, operation)
        for path, methods in api_schema()["paths"].items()
        for method, operation in methods.items()
        if kind(path, method, operation)
    ]


def check(response, what):
    assert response.status_code < 500, what
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", what
        assert {"type", "title", "status", "detail"} <= set(response.json()), what


def address(path, value="none"):
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


def send(client, method, url, body):
    # REST framework's own client would refuse to write some of this.
    data = json.dumps(body)
    with transaction.atomic():  # each on the empty database, and none harmed by the one before
        response = client.generic(method.upper(), url, data, "application/json", HTTP_IF_MATCH="*")
        transaction.set_rollback(True)
    return response


def sample(schema, depth=0):  # noqa: PLR0911 (a table of kinds)
    """Return a value that fits roughly, so that the strange one beside it is looked at."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return sample(api_schema()["components"]["schemas"][name], depth)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            return sample(schema[several][0], depth)
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        fields = schema.get("properties", {}) if depth < 4 else {}
        return {name: sample(field, depth + 1) for name, field in fields.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), depth + 1)]
    if kind == "string":
        by_format = {"date": "2026-11-24", "date-time": "2026-11-24T10:00:00Z", "decimal": "1.00"}
        return by_format.get(schema.get("format", ""), "text")
    return {"integer": 1, "number": 1, "boolean": True}.get(kind)


def bodies(operation):
    content = operation.get("requestBody", {}).get("content", {})
    fitting = sample(next(iter(content.values()))["schema"]) if content else {}
    yield from WHOLE
    yield fitting
    if isinstance(fitting, dict):
        # A third for each member, in turn: all values meet all kinds of members, in a third of
        # the time.
        for number, name in enumerate(fitting):
            for value in STRANGE[number % 3 :: 3]:
                yield {**fitting, name: value}


def test_strange_addresses(client):
    for method, path, _operation in operations(lambda path, *_: "{" in path):
        for value in IN_PATHS:
            url = address(path, value)
            check(send(client, method, url, {}), f"{method} {url}")


def test_strange_queries(client):
    for method, path, operation in operations(lambda _path, method, _op: method == "get"):
        names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
        for name in names:
            for value in IN_QUERIES:
                url = f"{address(path)}?{name}={value}"
                check(send(client, method, url, {}), f"{method} {url}")


def test_strange_bodies(client):
    for method, path, operation in operations(lambda _p, method, _op: method in {"post", "patch"}):
        for body in bodies(operation):
            response = send(client, method, address(path), body)
            check(response, f"{method} {path} {json.dumps(body)[:500]}")
