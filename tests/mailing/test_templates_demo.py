"""The letters of the demonstration merge, and nothing in them is blank for its customers."""

import datetime as dt

import pytest

from bpi_portal.demo.letters import write_templates
from mailing.merge import example_fields
from mailing.models import Template
from mailing.selectors.letters import email_of, letter_of
from mailing.selectors.templates import newest_versions
from tests.factories.customers import make_issuer

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 9, 1, 6, 0, tzinfo=dt.UTC)


def test_the_letters_of_the_demonstration():
    issuer = make_issuer()
    for _twice in range(2):
        write_templates(NOW)
    versions = {version.template.kind: version for version in newest_versions()}
    assert sorted(versions) == ["email", "letter", "notice"]
    assert Template.objects.count() == 3
    for language in ("es", "en"):
        fields = example_fields(language)
        for kind, version in versions.items():
            make = letter_of if kind == "letter" else email_of
            written = make(version, language=language, issuer=issuer)
            assert written.text.language == language
            assert written.missing(fields) == []
    fields = example_fields("es")
    fields["contact"]["name"] = None
    text = email_of(versions["email"], language="es", issuer=issuer).message(fields=fields).text
    assert text.startswith("Estimados señores:\n\nTermina un año")
    assert "un 2027 con buenas noticias" in text
