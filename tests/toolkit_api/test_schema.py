"""The description of the API: valid, without a warning, and readable without a script."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from toolkit.api.problem_types import TITLES
from toolkit.api.views import api_schema

ROOT = "bpi_portal.urls"


@pytest.fixture
def document(settings):
    settings.ROOT_URLCONF = ROOT
    api_schema.cache_clear()
    yield api_schema()
    api_schema.cache_clear()


def test_the_description_is_valid(document):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_nothing_in_it_is_guessed(settings, tmp_path):
    settings.ROOT_URLCONF = ROOT
    call_command("spectacular", fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_it_is_served(settings, db):
    settings.ROOT_URLCONF = ROOT
    response = APIClient().get("/api/schema/?format=json")
    assert response.status_code == 200
    assert response.json()["info"]["title"] == "BPI Portal"
    assert APIClient().get("/api/schema/").status_code == 200


def test_every_operation_tells_its_refusals(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            problem = operation["responses"]["429"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path)


def test_what_the_manners_add(settings):
    settings.ROOT_URLCONF = "tests.toolkit_api.views"
    api_schema.cache_clear()
    document = api_schema()
    api_schema.cache_clear()
    customers = document["paths"]["/api/v1/customers/"]
    customer = document["paths"]["/api/v1/customers/{number}/"]

    def headers(operation):
        return {one["name"]: one for one in operation["parameters"] if one["in"] == "header"}

    assert "Idempotency-Key" in headers(customers["post"])
    assert headers(customer["patch"])["If-Match"]["required"] is True
    assert {"400", "401", "403", "404", "409", "412", "428", "429"} <= set(
        customer["patch"]["responses"]
    )
    assert "ETag" in customer["get"]["responses"]["200"]["headers"]
    assert "ETag" in customers["post"]["responses"]["201"]["headers"]
    created = customers["post"]["responses"]["201"]["content"]["application/json"]
    assert created["schema"] == {"$ref": "#/components/schemas/Customer"}
    shape = document["components"]["schemas"]["Customer"]
    assert "balance" in shape["properties"]
    assert "balance" not in shape["required"]
    order = next(one for one in customers["get"]["parameters"] if one["name"] == "ordering")
    assert order["schema"]["enum"] == ["number", "-number", "name", "-name"]
    money = document["components"]["schemas"]["Input"]["properties"]["credit"]
    assert (money["type"], money["format"]) == ("string", "decimal")


@pytest.mark.parametrize(("language", "heading"), [("en", "Conventions"), ("es", None)])
def test_people_can_read_it_without_a_script(db, settings, document, language, heading):
    client = Client(headers={"accept-language": language})
    assert client.get("/api/docs/").status_code == 302
    client.force_login(User.objects.create(username="ana"))
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert heading is None or f">{heading}</h2>" in page
    assert "<code>/api/v1/events/</code>" in page
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page)
    # Every link within the page leads somewhere.
    targets = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


def test_the_type_of_a_problem_leads_to_its_meaning(db, settings):
    settings.ROOT_URLCONF = ROOT
    client = Client(headers={"accept-language": "en"})
    for name, title in TITLES.items():
        response = client.get(f"/problems/{name}")
        assert response.status_code == 200
        assert str(title).replace("'", "&#x27;") in response.content.decode()
    assert client.get("/problems/none").status_code == 404
