"""Every refusal is a problem document: its type is stable, its words are in the language asked."""

import json

import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken
from rest_framework.test import APIClient

from customers.models import Customer

CONFLICT = "Conflict with the present state"

pytestmark = pytest.mark.django_db


def problem(response, type_name, status):
    """Check the outside of a problem and return its body without the request id."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body.pop("request_id") == response["X-Request-ID"]
    assert (body.pop("type"), body.pop("status")) == (f"/problems/{type_name}", status)
    return body


def test_validation_points_at_nested_fields(client):
    response = client.post(
        "/api/v1/customers/",
        {
            "credit": 12.5,
            "starts": "2026-11-24T12:00:00",
            "contacts": [{"name": "A", "email": "a@example.com"}, {"name": "B", "email": "b"}, 7],
            "tags": ["abc", "abcd"],
        },
    )
    body = problem(response, "validation-error", 400)
    assert body["title"] == "The input is not valid"
    assert body["errors"] == [
        {"pointer": "/legal_name", "code": "required", "detail": "This field is required."},
        {
            "pointer": "/credit",
            "code": "not_a_string",
            "detail": 'Write amounts as text, as in "12.50".',
        },
        {
            "pointer": "/starts",
            "code": "no_offset",
            "detail": "Say the time zone: end with Z or an offset such as +01:00.",
        },
        {
            "pointer": "/contacts/1/email",
            "code": "invalid",
            "detail": "Enter a valid email address.",
        },
        {
            "pointer": "/contacts/2",
            "code": "invalid",
            "detail": "Invalid data. Expected a dictionary, but got int.",
        },
        {
            "pointer": "/tags/1",
            "code": "max_length",
            "detail": "Ensure this field has no more than 3 characters.",
        },
    ]
    assert body["detail"].startswith("This field is required. Write amounts as text")
    assert not Customer.objects.exists()


def test_the_words_are_in_the_language_asked_for(client):
    response = client.post("/api/v1/customers/", {}, HTTP_ACCEPT_LANGUAGE="es-MX,es;q=0.9")
    assert response["Content-Language"] == "es"
    body = problem(response, "validation-error", 400)
    assert body["errors"] == [
        {"pointer": "/legal_name", "code": "required", "detail": "Este campo es obligatorio."}
    ]


@pytest.mark.parametrize(
    ("how", "type_name", "status", "expected"),
    [
        (
            "domain",
            "no-room",
            409,
            {
                "title": "No room on the bridge",
                "detail": "The bridge is full.",
                "alternatives": ["11:00"],
            },
        ),
        (
            "problem",
            "tax-id-taken",
            409,
            {"title": CONFLICT, "detail": "Taken.", "customer": "C-1"},
        ),
        ("old", "old-style", 409, {"title": CONFLICT, "detail": "It is old."}),
        (
            "django",
            "validation-error",
            400,
            {
                "title": "The input is not valid",
                "detail": "Bad name.",
                "errors": [{"pointer": "/legal_name", "code": "bad", "detail": "Bad name."}],
            },
        ),
    ],
)
def test_refusals_of_the_domain(client, how, type_name, status, expected):
    response = client.post("/api/v1/customers/fail/", {"how": how})
    assert problem(response, type_name, status) == expected


@pytest.mark.parametrize("how", ["fault", "integrity"])
def test_a_fault_of_ours_says_nothing_of_its_inside(client, how, caplog):
    client.raise_request_exception = False
    response = client.post("/api/v1/customers/fail/", {"how": how})
    body = problem(response, "internal-error", 500)
    assert body == {
        "title": "Error on our side",
        "detail": "Something went wrong on our side. Tell us the request id if it happens again.",
    }
    assert "secret detail" in caplog.text


def test_a_fault_is_seen_in_tests(client):
    with pytest.raises(RuntimeError, match="secret detail"):
        client.post("/api/v1/customers/fail/", {"how": "fault"})


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"a": NaN}', b"[" * 200_000, b'{"a": ' + b"9" * 5000 + b"}"],
    ids=["cut", "not utf-8", "NaN", "deep", "huge number"],
)
def test_a_body_that_is_no_json(client, body):
    response = client.generic("POST", "/api/v1/customers/", body, "application/json")
    assert problem(response, "malformed-request", 400)["title"] == "The request can't be read"


@pytest.mark.parametrize(
    "value", ["\0", "\ud800", {"a": "\0"}, 10**400], ids=["NUL", "surrogate", "object", "number"]
)
def test_strange_values_are_refused(client, value):
    body = json.dumps({"legal_name": value})
    response = client.generic("POST", "/api/v1/customers/", body, "application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"].startswith("/legal_name")


def test_a_body_of_another_kind(client):
    response = client.generic("POST", "/api/v1/customers/", b"<a/>", "application/xml")
    body = problem(response, "unsupported-media-type", 415)
    assert body["title"] == "Unsupported content type"


def test_a_format_that_we_do_not_have(client):
    response = client.get("/api/v1/customers/", headers={"accept": "text/html"})
    assert problem(response, "not-acceptable", 406)["title"] == "No such format"


def test_a_method_that_is_not_there(client):
    response = client.put("/api/v1/customers/", {})
    assert problem(response, "method-not-allowed", 405)["title"] == "Method not allowed"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_leads_nowhere(client, settings, debug, method):
    settings.DEBUG = debug
    response = getattr(client, method)("/api/v1/nothing/")
    assert problem(response, "not-found", 404) == {"title": "Not found", "detail": "Not found."}
    response = getattr(client, method)("/api/v1/customers")
    assert problem(response, "not-found", 404)["detail"] == (
        "Not found. Addresses of the API end with a slash."
    )


@pytest.mark.parametrize("number", ["none", "%00", "a" * 5000, "..%2f.."])
def test_an_object_that_is_not_there(client, number):
    response = client.get(f"/api/v1/customers/{number}/")
    assert problem(response, "not-found", 404) == {"title": "Not found", "detail": "Not found."}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=none", "/status"),
        ("created_at__gte=yesterday", "/created_at__gte"),
        ("ordering=password", "/ordering"),
        ("cursor=x", "/cursor"),
        ("page_size=0", "/page_size"),
        ("page_size=201", "/page_size"),
        ("page_size=²", "/page_size"),
    ],
)
def test_parameters_that_we_do_not_know(client, query, pointer):
    response = client.get(f"/api/v1/customers/?{query}")
    body = problem(response, "invalid-parameter", 400)
    assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_without_credentials():
    response = APIClient(HTTP_ACCEPT_LANGUAGE="es").get("/api/v1/customers/")
    assert response["WWW-Authenticate"] == "Token"
    body = problem(response, "not-authenticated", 401)
    assert body["detail"] == "Las credenciales de autenticación no se proveyeron."


@pytest.mark.parametrize(
    "header",
    ["Token wrong", "Token", "Token a b", "token \xff", "Api-Key x", "Api-Key \xff", "Api-Key"],
)
def test_wrong_credentials(header):
    response = APIClient().get("/api/v1/customers/", HTTP_AUTHORIZATION=header)
    problem(response, "authentication-failed", 401)


def test_an_inactive_user():
    user = User.objects.create(username="gone", is_active=False)
    _auth, token = AuthToken.objects.create(user)
    response = APIClient().get("/api/v1/customers/", HTTP_AUTHORIZATION=f"Token {token}")
    problem(response, "authentication-failed", 401)


def test_without_permission():
    client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    client.force_authenticate(User.objects.create(username="berta"))
    response = client.post("/api/v1/customers/", {"legal_name": "X"})
    assert problem(response, "permission-denied", 403) == {
        "title": "Not permitted",
        "detail": "You do not have permission to perform this action.",
    }
    assert not Customer.objects.exists()


def test_what_is_not_declared_is_refused():
    client = APIClient()
    client.force_authenticate(User.objects.create(username="root", is_superuser=True))
    problem(client.get("/api/v1/undeclared/"), "permission-denied", 403)
    problem(client.post("/api/v1/undeclared/"), "method-not-allowed", 405)
